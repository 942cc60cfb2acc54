# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""What faults are tried on: three replicas on a pair of databases, and a server on SQLite, each on its machine."""

import contextlib
import json
import shutil
from functools import partial

from faults.database import ROLE, Pair
from faults.disks import SmallDisk
from faults.network import Network
from faults.replicas import Supervised
from faults.warehouse import Warehouse
from support.fleet import Fleet
from support.world import World

REPLICAS = 3
ARTIFACT_MEGABYTES = 96
DATA_MEGABYTES = 96


class Stand(contextlib.ExitStack):
    """Made on entering; ended on leaving, whatever has happened."""

    def __init__(self, directory):
        super().__init__()
        self.directory = directory

    def __enter__(self):
        super().__enter__()
        try:
            self._build()
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def _build(self):
        self.network = Network()
        self.warehouse = Warehouse(self.network.address)
        self.callback(self.warehouse.stop)
        self.pair = Pair([self.network.machine(name) for name in ("db1", "db2")], self.directory)
        self.callback(self.pair.stop)
        self.artifacts = SmallDisk(self.directory / "artifacts", ARTIFACT_MEGABYTES)
        self.callback(self.artifacts.remove)
        stores = self.directory / "foreign.json"
        stores.write_text(json.dumps({"stores": [self.warehouse.declaration]}))
        makers = [self._maker(f"r{number}") for number in range(1, REPLICAS + 1)]
        options = ("--foreign-buckets", str(stores))
        self.fleet = Fleet(self.pair, self.directory, *options, servers=makers, user=ROLE)
        for replica in self.fleet.replicas:
            self.callback(self._end, replica)
        self.fleet.start()
        self.data = SmallDisk(self.directory / "single", DATA_MEGABYTES)
        self.callback(self.data.remove)
        self.single = Supervised(self.network.machine("s1", is_server=True), self.directory / "single")
        self.callback(self._end, self.single)
        self.single.start()

    def _maker(self, name):
        return partial(Supervised, self.network.machine(name, is_server=True))

    @staticmethod
    def _end(server):
        if server.process is not None:
            server.end()

    @property
    def replicas(self):
        return self.fleet.replicas

    def worlds(self, servers):
        """A new world, seen from each of the servers."""
        world = World(servers[0], self.directory)
        return [world, *(world.at(each) for each in servers[1:])]

    def save_logs(self, place):
        """Copies the logs of servers and databases to the directory."""
        place.mkdir(parents=True, exist_ok=True)
        for log in self.directory.glob("*.log"):
            shutil.copy(log, place / log.name)
        for log in self.directory.glob("penstock-pg-*/log"):
            shutil.copy(log, place / f"{log.parent.name}.log")
