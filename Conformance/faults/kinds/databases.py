# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""A database that dies, that is slow, that has no room for one more session."""

import os
import signal
import subprocess
import sys
import time

from faults import delay
from faults.database import ROLE
from faults.kinds.base import Kind
from faults.network import ip
from faults.sessions import SessionRefused
from support.waiting import until


class DatabaseKilled(Kind):
    """SIGKILL, or SIGQUIT, which PostgreSQL calls an immediate shutdown; it is back within a second."""

    name = "database killed"
    long = 80

    def strike(self):
        self.stand.pair.primary.die(self.moments.choice([signal.SIGKILL, signal.SIGQUIT]))
        self.last(0, 1)
        self.stand.pair.primary.start()

    def settle(self):
        self.stand.pair.until_synchronous()


class SessionKilled(Kind):
    """SIGKILL of the process behind one session, upon which PostgreSQL ends all others and recovers by itself."""

    name = "database session killed"
    long = 20

    def strike(self):
        primary = self.stand.pair.primary
        with primary.session() as session:
            processes = session.ask(f"SELECT pid FROM pg_stat_activity WHERE usename = '{ROLE}'")
            os.kill(int(self.moments.choice(processes)[0]), signal.SIGKILL)
            session.wait_for_end()
        until(primary.answers, deadline=60, what="the database's own recovery")

    def settle(self):
        self.stand.pair.until_synchronous()


class FailOver(Kind):
    """SIGKILL for good; the synchronous standby is promoted, and gets a standby of its own afterwards."""

    name = "database failed over"
    long = 15

    def strike(self):
        self.lost = self.stand.pair.fail_over()

    def settle(self):
        self.stand.pair.rebuild(self.lost)


class SlowDatabase(Kind):
    """Every frame from and to the database is late."""

    name = "database slow"
    long = 20
    # Milliseconds in each direction.
    delays = (20, 120)

    def strike(self):
        cable = self.stand.pair.primary.machine.back
        ip("link", "add", "long-near", "type", "veth", "peer", "name", "long-far")
        try:
            ip("link", "set", "long-far", "up")
            ip("link", "set", "long-near", "master", cable.bridge, "up")
            late = str(self.moments.randint(*self.delays))
            command = [sys.executable, delay.__file__, "long-far", cable.plug, late]
            with subprocess.Popen(command, stdout=subprocess.PIPE) as carrier:
                try:
                    carrier.stdout.readline()
                    cable.part()
                    self.last(2, 4)
                finally:
                    carrier.kill()
        finally:
            cable.join()
            ip("link", "delete", "long-near")


class ConnectionsTaken(Kind):
    """Others have all sessions that the database allows, and those of the replicas are gone."""

    name = "connections taken"
    long = 40

    def strike(self):
        self.sessions = []
        end = time.monotonic() + self.moments.uniform(1, 3)

        def is_over():
            # Again and again: sessions that end give their places back a moment later, and nobody tells when.
            self._take_all(administrator)
            return time.monotonic() > end

        # One for all rounds: each new one would need a place, of which even the administrator's are taken at times.
        with self.stand.pair.primary.session() as administrator:
            try:
                until(is_over, what="the end of a fault")
            finally:
                for session in self.sessions:
                    session.close()

    def _take_all(self, administrator):
        administrator.ask(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE usename = '{ROLE}' AND application_name = 'penstock'"
        )
        while True:
            try:
                self.sessions.append(self.stand.pair.primary.session("penstock", ROLE))
            except SessionRefused:
                return
