# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Two clusters of PostgreSQL, of which one is the synchronous standby of the other, until that dies."""

import os
import shutil
import signal
from pathlib import Path

from faults.sessions import Session, SessionRefused
from support.cluster import PORT, Cluster
from support.waiting import until

# Room for three servers and little more, so that the rest is soon taken.
MAXIMUM_CONNECTIONS = 40
ROLE = "penstock"


def children_of(process):
    """The processes that it has started and that have not ended."""
    return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


class Node(Cluster):
    """A cluster on a machine of its own, which listens at the back."""

    def __init__(self, machine, parent, origin=None):
        self.machine, self.origin = machine, origin
        super().__init__(parent)

    def _command(self, program, *arguments):
        return [*self.machine.within, *super()._command(program, *arguments)]

    def _create(self):
        if self.origin is None:
            super()._create()
            with open(self._data / "pg_hba.conf", "a") as rules:
                rules.write("host all,replication all 10.0.1.0/24 trust\n")
        else:
            origin = ("-h", self.origin.machine.back_address, "-p", PORT, "-U", "postgres")
            self._run("pg_basebackup", "-D", self._data, *origin, "-R", "-c", "fast", "--no-sync")

    def _options(self):
        settings = {
            "listen_addresses": self.machine.back_address,
            "max_connections": MAXIMUM_CONNECTIONS,
            "shared_buffers": "32MB",
            # A standby that was away is back as soon as its primary is.
            "wal_retrieve_retry_interval": "200ms",
            "wal_sender_timeout": "5s",
            "wal_receiver_timeout": "5s",
            "wal_keep_size": "256MB",
        }
        return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]

    def session(self, database="postgres", user="postgres"):
        return Session(self.directory / f".s.PGSQL.{PORT}", user, database)

    def ask(self, *statements, database="postgres"):
        """The rows of the last of the statements, each in a transaction of its own."""
        with self.session(database) as session:
            return [session.ask(statement) for statement in statements][-1]

    def answers(self):
        """Whether it takes sessions, and answers in them."""
        try:
            return self.ask("SELECT 1") == [["1"]]
        except (OSError, SessionRefused):
            return False

    def die(self, kind=signal.SIGKILL):
        """Ends it at once, and returns when all that it had started is gone."""
        children = children_of(self.process.pid)
        self.process.send_signal(kind)
        self.process.wait(timeout=30)
        for child in children:
            until(lambda: gone(child), what="the end of the database's processes")


def gone(process):
    """Whether a process has ended; takes note of it where that falls to us, as to the first of its namespace."""
    try:
        os.waitpid(process, os.WNOHANG)
    except ChildProcessError:
        pass
    return not Path(f"/proc/{process}").exists()


class Pair:
    """A primary whose commits wait for its standby."""

    def __init__(self, machines, parent):
        self._machines, self._parent = machines, parent
        self.primary, self.standby = Node(machines[0], parent), None
        self.primary.start()
        self.primary.ask(f"CREATE ROLE {ROLE} LOGIN")
        self.follow(machines[1])

    def follow(self, machine):
        """Makes a standby of the primary on the machine, and has commits wait for it from then on."""
        self.standby = Node(machine, self._parent, self.primary)
        self.standby.start()
        self.primary.ask("ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")
        self.until_synchronous()

    def until_synchronous(self):
        def look():
            try:
                return self.primary.ask("SELECT sync_state FROM pg_stat_replication") == [["sync"]]
            except (OSError, SessionRefused):
                return False

        until(look, deadline=30, what="a standby that is in step")

    def fail_over(self):
        """The primary dies, and the standby takes its place, alone."""
        lost, self.primary, self.standby = self.primary, self.standby, None
        lost.die()
        self.primary.ask("SELECT pg_promote()")
        self.commit_alone()
        return lost

    def commit_alone(self):
        """Has commits of the primary wait for nobody."""
        self.primary.ask("ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")

    def rebuild(self, lost):
        """Makes a standby where the primary was that is lost."""
        shutil.rmtree(lost.directory)
        self.follow(lost.machine)

    def create_database(self):
        """Makes an empty database; returns how to connect to it wherever the primary is."""
        name = "penstock"
        self.primary.ask(f"CREATE DATABASE {name} OWNER {ROLE}")
        hosts = ",".join(machine.back_address for machine in self._machines)
        return f"host={hosts} port={PORT} target_session_attrs=read-write user={ROLE} dbname={name}"

    def stop(self):
        for node in (self.standby, self.primary):
            if node is not None:
                node.remove()
