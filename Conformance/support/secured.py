# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Ways to a PostgreSQL other than its socket: encrypted, with a password, and through a pooler."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from support.cluster import Cluster
from support.waiting import until

PASSWORD = "correct horse"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Authority:
    """Signs certificates of `localhost`."""

    def __init__(self, directory, name):
        self.certificate, self._key = directory / f"{name}.pem", directory / f"{name}.key"
        self._openssl(
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"),
            *("-keyout", self._key, "-out", self.certificate),
        )

    def issue(self, certificate, key):
        """Writes a certificate and its key."""
        request = certificate.with_suffix(".csr")
        self._openssl(
            *("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", key, "-out", request)
        )
        self._openssl(
            *("x509", "-req", "-in", request, "-days", "2", "-CA", self.certificate, "-CAkey", self._key),
            *("-CAcreateserial", "-out", certificate),
        )

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class SecuredCluster(Cluster):
    """Listens on this machine's address as well, there only encrypted and with a password."""

    def __init__(self, authority):
        self.port = str(free_port())
        self._authority = authority
        super().__init__()

    def _create(self):
        super()._create()
        certificate, key = self._data / "server.crt", self._data / "server.key"
        self._authority.issue(certificate, key)
        key.chmod(0o600)
        for path in (certificate, key):
            shutil.chown(path, self._data.owner(), self._data.group())
        rules = self._data / "pg_hba.conf"
        # Those that are there for addresses trust whoever comes.
        kept = [line for line in rules.read_text().splitlines() if not line.startswith("host")]
        rules.write_text("\n".join([*kept, "hostssl all penstock 127.0.0.1/32 scram-sha-256", ""]))

    def _options(self):
        return ("-c", "listen_addresses=127.0.0.1", "-c", "ssl=on")

    def create_secured_database(self):
        """Makes a database of a role with a password; returns its name."""
        name = self.create_database().rpartition("=")[2]
        self.sql(f"CREATE ROLE penstock LOGIN PASSWORD '{PASSWORD}'", name)
        self.sql("GRANT ALL ON SCHEMA public TO penstock", name)
        return name


class Pooler:
    """PgBouncer in front of a cluster, with a socket in a directory of its own."""

    PORT = "6432"

    def __init__(self, cluster, mode):
        self.directory = Path(tempfile.mkdtemp(prefix="penstock-pooler-", dir="/tmp"))
        settings = self.directory / "pgbouncer.ini"
        settings.write_text(
            f"""
            [databases]
            * = host={cluster.directory} port={cluster.port} user=postgres
            [pgbouncer]
            listen_port = {self.PORT}
            unix_socket_dir = {self.directory}
            auth_type = any
            pool_mode = {mode}
            """.replace("            ", "")
        )
        identity = []
        if os.getuid() == 0:
            # It refuses to be root, as the cluster does.
            shutil.chown(self.directory, "postgres", "postgres")
            shutil.chown(settings, "postgres", "postgres")
            identity = ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig=INT", *identity, "--", "/usr/sbin/pgbouncer", "-q", settings],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until((self.directory / f".s.PGSQL.{self.PORT}").exists, deadline=30, what="the pooler")

    def database(self, name):
        """How to connect to a database of the cluster."""
        return f"host={self.directory} port={self.PORT} user=postgres dbname={name}"

    def remove(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)
        shutil.rmtree(self.directory)
