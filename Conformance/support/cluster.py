# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""A PostgreSQL of the tests' own, in a directory of its own; never the machine's."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from support.waiting import until

# Names the socket, and nothing else: the cluster listens on no address.
PORT = "5432"


class Cluster:
    """Serves from a temporary directory, to whoever may enter that, and ends with the thread that started it."""

    port = PORT

    @staticmethod
    def binaries():
        """The programs of the newest version that Debian's packages have installed, or None."""
        versions = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
        return max(versions, key=lambda path: int(path.parent.name), default=None)

    def __init__(self, parent="/tmp"):
        self.bin = self.binaries()
        assert self.bin, "PostgreSQL is not installed"
        self.process = None
        self._databases = 0
        # Not where the environment says: the path of a socket is short.
        self.directory = Path(tempfile.mkdtemp(prefix="penstock-pg-", dir=parent))
        self._identity = []
        if os.getuid() == 0:
            # The server refuses to be root.
            shutil.chown(self.directory, "postgres", "postgres")
            self._identity = ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self._create()

    def _create(self):
        """Makes the files of an empty cluster."""
        self._run("initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")

    def _options(self):
        """What the server is told on its command line, beside where its files are."""
        return ("-c", "listen_addresses=")

    @property
    def _data(self):
        return self.directory / "data"

    def _command(self, program, *arguments):
        return ["setpriv", "--pdeathsig=INT", *self._identity, "--", self.bin / program, *arguments]

    def _run(self, program, *arguments):
        command = self._command(program, *arguments)
        run = subprocess.run(command, cwd=self.directory, capture_output=True, text=True, timeout=60)
        assert run.returncode == 0, f"{program}: {run.stderr.strip()}"
        return run.stdout

    def start(self):
        """Returns once the cluster accepts connections."""
        options = ("-D", self._data, "-k", self.directory, "-p", self.port, *self._options())
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                self._command("postgres", *options),
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until(self._accepts, deadline=60, what="PostgreSQL")
        return self

    def _accepts(self):
        assert self.process.poll() is None, (self.directory / "log").read_text()
        command = [self.bin / "pg_isready", "-q", "-h", self.directory, "-p", self.port]
        return subprocess.run(command, timeout=10).returncode == 0

    def stop(self, kind):
        """Ends it: by SIGINT in good order, by SIGQUIT at once, and the next start recovers."""
        self.process.send_signal(kind)
        self.process.wait(timeout=30)

    def remove(self):
        if self.process.poll() is None:
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.directory)

    def create_database(self):
        """Makes an empty database; returns how to connect to it."""
        self._databases += 1
        name = f"penstock{self._databases}"
        self._run("createdb", "-h", self.directory, "-p", self.port, "-U", "postgres", name)
        return f"host={self.directory} port={self.port} user=postgres dbname={name}"

    def sql(self, statement, database):
        """Runs statements as the one who may do anything; returns the rows, each a list of texts."""
        connection = ("-h", self.directory, "-p", self.port, "-U", "postgres", "-d", database)
        told = self._run("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *connection, "-c", statement)
        return [line.split("|") for line in told.splitlines()]
