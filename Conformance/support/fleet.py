# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Servers that share a database, a master key and the content of artifacts."""

import base64
import collections
import itertools
import os
import re
from concurrent.futures import ThreadPoolExecutor

from support.server import Server


class Fleet:
    """Replicas, each with a data directory of its own."""

    def __init__(self, cluster, directory, *options, servers=(Server, Server), user=None, shares_files=True):
        """`servers` make one replica each, of its data directory and its options; `user` is a role of their own."""
        self.cluster = cluster
        database = cluster.create_database()
        self.database = re.search(r"\bdbname=(\S+)", database).group(1)
        if user:
            database += f" user={user}"
        key = directory / "master-key"
        key.write_bytes(base64.b64encode(os.urandom(32)) + b"\n")
        key.chmod(0o600)
        # Where they keep content in files, those are the same for all.
        self.artifacts = directory / "artifacts" if shares_files else None
        if shares_files:
            self.artifacts.mkdir(mode=0o700, exist_ok=True)
        shared = ("--database", database, "--master-key-file", str(key))
        self.replicas = [
            make(self._data_dir(directory / f"replica-{number}"), *shared, *options)
            for number, make in enumerate(servers)
        ]

    def _data_dir(self, data_dir):
        data_dir.mkdir(mode=0o700)
        # By its lock a server knows a data directory; any other that is not empty it refuses.
        (data_dir / "lock").touch(mode=0o600)
        if self.artifacts:
            (data_dir / "artifacts").symlink_to(self.artifacts)
        return data_dir

    def start(self):
        """Starts all at once."""
        with ThreadPoolExecutor(len(self.replicas)) as pool:
            list(pool.map(lambda each: each.start(), self.replicas))
        return self

    def stop(self):
        """Asks all to end, and returns their exit codes."""
        with ThreadPoolExecutor(len(self.replicas)) as pool:
            return list(pool.map(lambda each: each.stop(), self.replicas))

    def kill(self):
        """Ends those that still run."""
        for each in self.replicas:
            if each.process.poll() is None:
                each.kill()


class Front(Server):
    """Replicas behind a balancer, as one server; its clients retry as those of every SDK do, and no more."""

    def __init__(self, endpoint, replica):
        """`replica` is any of them: they have one administrator."""
        super().__init__(replica.data_dir)
        self.endpoint = endpoint
        # How many attempts of calls that were answered in the end were not, by operation.
        self.retried = collections.Counter()

    def client(self, service, session=None, **settings):
        client = super().client(service, session, **{"retries": {"mode": "standard"}, **settings})
        client.meta.events.register("after-call", self._count)
        return client

    def _count(self, model, parsed, **_):
        self.retried[model.name] += parsed["ResponseMetadata"]["RetryAttempts"]


class Turns:
    """Clients of several replicas as one: each call goes to the next of them."""

    def __init__(self, *clients):
        self._next = itertools.cycle(clients)

    def __getattr__(self, operation):
        return getattr(next(self._next), operation)
