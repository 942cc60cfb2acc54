# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""A client that goes on while the server that it calls is killed and comes back, maybe at another address."""

import collections

from botocore.exceptions import BotoCoreError, ClientError

# How long a caller does nothing after a call that was not answered, in seconds.
PAUSE = 0.1
# How long it waits for a connection and for an answer, in seconds.
TIMEOUTS = {"connect_timeout": 1, "read_timeout": 5}
# A poll without work waits at the server, so that many workers do not ask all the time.
HELD_SECONDS = "1"


def hold(params, **_):
    """Asks that a poll be held until there is work."""
    params["headers"]["x-penstock-wait-seconds"] = HELD_SECONDS


class Refused(Exception):
    """The server has answered, and no repetition would change that."""


class Caller:
    """Calls the server of a world, for one thread."""

    def __init__(self, world, over, service="codepipeline"):
        self.world, self.over, self.service = world, over, service
        # How many calls were answered, by operation; what became of those that were not, or with what asks for a
        # repetition; and the refusals that no repetition changes.
        self.answered, self.failures, self.errors = collections.Counter(), [], []
        # A client is expensive to make, so there is one for each address at which the server has been.
        self._clients = {}

    @property
    def client(self):
        endpoint = self.world.server.endpoint
        if endpoint not in self._clients:
            client = self.world.server.client(self.service, **TIMEOUTS)
            client.meta.events.register("before-call.codepipeline.PollForJobs", hold)
            self._clients[endpoint] = client
        return self._clients[endpoint]

    @property
    def repeated(self):
        return len(self.failures)

    def once(self, operation, expected=(), **arguments):
        """The answer, or None where there is none; waits a moment then. A refusal of an expected code is no error."""
        try:
            answer = getattr(self.client, operation)(**arguments)
        except BotoCoreError as error:
            failure = error
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
                if error.response["Error"]["Code"] not in expected:
                    self.errors.append(error)
                raise Refused from error
            failure = error
        else:
            self.answered[operation] += 1
            return answer
        self.failures.append((operation, failure))
        self.over.wait(PAUSE)
        return None

    def patiently(self, operation, **arguments):
        """Repeats a call whose answer was lost, as every SDK does; the server has to make that harmless.

        None where it is refused, or where all is over first.
        """
        try:
            while not self.over.is_set():
                answer = self.once(operation, **arguments)
                if answer is not None:
                    return answer
        except Refused:
            return None
