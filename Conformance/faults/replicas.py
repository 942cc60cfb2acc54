# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Servers that are started again whenever they end, as `Restart=always` of systemd does it."""

import signal
import threading

from support.server import Server
from support.waiting import until

PORT = 7480
# How long after its end a server is started again, in seconds.
RESTART = 0.2


class Supervised(Server):
    """A server on a machine of the network, always at the same address."""

    def __init__(self, machine, data_dir, *options, **surroundings):
        self.machine = machine
        where = ("--host", machine.front_address, "--port", str(PORT), "--insecure-http")
        super().__init__(data_dir, *where, *options, within=machine.within, **surroundings)
        # The statuses of ends that no fault explains.
        self.endings = []
        self._is_struck = False
        # How often it was started again.
        self._starts = 0
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def start(self):
        super().start()
        self._watcher.start()
        return self

    def _watch(self):
        while not self._over.is_set():
            status = self.process.wait()
            if self._over.is_set():
                return
            if not self._is_struck:
                self.endings.append(status)
            # Before it starts, since from then on it may be struck again.
            self._is_struck = False
            self._restart()

    def _restart(self):
        while not self._over.wait(RESTART):
            try:
                super().start()
            except (RuntimeError, TimeoutError):
                # It finds no database, or one that does not take its writes yet, and has said so in its log.
                continue
            self._starts += 1
            return

    def kill(self):
        """Ends it as a power cut would; it is started again."""
        self._is_struck = True
        self.process.kill()

    def restart(self):
        """Has it end in good order, and returns when it is there again."""
        before, self._is_struck = self._starts, True
        self.process.send_signal(signal.SIGTERM)
        until(lambda: self._starts > before, deadline=90, what="another start")

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def end(self):
        """For good: asks it to stop, and returns its exit status."""
        self._over.set()
        self.resume()
        super().stop(deadline=90)
        self._watcher.join()
        # One that was just being started again.
        return super().stop(deadline=90)
