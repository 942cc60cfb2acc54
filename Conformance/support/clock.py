# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""The clock of a server that was started with `--clock manual`, moved by our own command line."""

from datetime import datetime, timezone


class Clock:
    """Every move returns once all has happened that is due by then, so that nothing has to be waited for."""

    def __init__(self, server):
        self.server = server

    def _reading(self, *arguments):
        answer = self.server.penstock("clock", *arguments, "--output", "json")
        assert answer["manual"] is True
        return datetime.fromtimestamp(answer["now"], timezone.utc)

    def now(self):
        return self._reading("now")

    def advance(self, span):
        """Moves the clock by a span such as `7d` or `1h30m`; returns the new time."""
        return self._reading("advance", span)

    def set(self, instant):
        return self._reading("set", instant.strftime("%Y-%m-%dT%H:%M:%SZ"))

    def settle(self):
        """Lets the service end what it does now; time stands still meanwhile."""
        return self.advance("0s")
