# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Fixtures: one server for the run, and a world in it for each test."""

import os
import re
import shutil

import pytest
from support import content, targets, upkeep
from support.cluster import Cluster
from support.fleet import Fleet
from support.receiver import Receiver
from support.server import Server
from support.store import ForeignStore
from support.world import TimedWorld, World


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("penstock") / "data").start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def own_server(tmp_path):
    """A server that the test may stop, kill and start again."""
    running = Server(tmp_path / "data").start()
    yield running
    if running.process.poll() is None:
        running.kill()


@pytest.fixture(scope="session")
def manual_server(tmp_path_factory):
    """A server whose clock stands still until a test moves it; for all tests of the run, so it only ever goes on."""
    running = Server(tmp_path_factory.mktemp("penstock-manual") / "data", "--clock", "manual").start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def own_manual_server(tmp_path):
    """One with a manual clock that the test may stop, kill and start again."""
    running = Server(tmp_path / "data", "--clock", "manual").start()
    yield running
    if running.process.poll() is None:
        running.kill()


@pytest.fixture(scope="session")
def client(server):
    return server.client


@pytest.fixture
def timed(manual_server, tmp_path):
    world = TimedWorld(manual_server, tmp_path)
    yield world
    world.clear()


@pytest.fixture(scope="session")
def receiver():
    """Where the targets of events are."""
    running = Receiver().start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def telling_server(receiver, tmp_path_factory):
    """One with a manual clock and targets of events; for all tests of the run."""
    directory = tmp_path_factory.mktemp("penstock-events")
    options = ("--clock", "manual", "--events-config", targets.write(receiver, directory))
    running = Server(directory / "data", *options).start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def telling(telling_server, receiver, tmp_path):
    """Makes worlds whose pipelines' names begin as those of a target do."""
    worlds = []

    def make(prefix="t"):
        worlds.append(targets.ToldWorld(telling_server, tmp_path, receiver, prefix))
        return worlds[-1]

    yield make
    receiver.answers.clear()
    for world in worlds:
        world.clear()


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    """An S3-compatible store of somebody else's, for all tests of the run."""
    running = ForeignStore(tmp_path_factory.mktemp("moto"))
    yield running
    running.stop()


@pytest.fixture
def own_abroad(store, tmp_path):
    """Makes servers that the test may kill, with content beneath a prefix of their own."""
    servers = []

    def make(prefix, *options, **parameters):
        running = Server(tmp_path / prefix, "--artifacts", store.place(prefix, **parameters), *options).start()
        servers.append(running)
        return running

    yield make
    for each in servers:
        if each.process.poll() is None:
            each.kill()


@pytest.fixture(scope="session")
def lived(tmp_path_factory):
    """A stopped data directory with content in files, and what objects it has; for tests that change copies of it."""
    return content.directory_of(tmp_path_factory.mktemp("lived"), content.few())


@pytest.fixture(scope="session")
def many_objects(tmp_path_factory):
    return content.directory_of(tmp_path_factory.mktemp("many"), content.many())


@pytest.fixture
def many(many_objects):
    """One with so many objects that what moves them can be killed in the middle; as if no other test had moved it."""
    (many_objects[0] / "moved").unlink(missing_ok=True)
    return many_objects


@pytest.fixture
def source(lived, tmp_path):
    """A copy of the one with few objects."""
    directory, objects = lived
    shutil.copytree(directory, tmp_path / "source")
    return tmp_path / "source", objects


@pytest.fixture
def abroad(source, store, tmp_path, request):
    """That one moved into a prefix of the store that is the test's alone."""
    prefix, target = re.sub(r"\W+", "-", request.node.name)[:60], tmp_path / "abroad"
    places = ("--from", content.sqlite(source[0]), "--to", content.sqlite(target))
    upkeep.run("migrate-store", *places, "--to-artifacts", store.place(prefix))
    # Tests look at both.
    (source[0] / "moved").unlink()
    shutil.copy(source[0] / "master-key", target)
    return content.Abroad(store, prefix, target)


@pytest.fixture
def serving():
    """Starts servers that the test's end kills, if it has not stopped them."""
    servers = []

    def start(directory, *options):
        servers.append(Server(directory, *options).start())
        return servers[-1]

    yield start
    for each in servers:
        if each.process.poll() is None:
            each.kill()


@pytest.fixture(scope="session")
def cluster():
    """A PostgreSQL of the tests' own; it is expected where CI is set."""
    if Cluster.binaries() is None and "CI" not in os.environ:
        pytest.skip("PostgreSQL is not installed: there is nothing at /usr/lib/postgresql")
    running = Cluster()
    yield running.start()
    running.remove()


@pytest.fixture(scope="session")
def fleet(cluster, tmp_path_factory):
    """Two servers on one database; for all tests of the run."""
    running = Fleet(cluster, tmp_path_factory.mktemp("fleet")).start()
    yield running
    assert running.stop() == [0, 0]


@pytest.fixture
def own_fleet(cluster, tmp_path):
    """Two whose processes, or whose database, the test may kill and start again."""
    running = Fleet(cluster, tmp_path).start()
    yield running
    running.kill()


@pytest.fixture
def own_timed(own_manual_server, tmp_path):
    """A world on a manual clock in a server that the test may kill."""
    return TimedWorld(own_manual_server, tmp_path)


@pytest.fixture
def world(server, tmp_path):
    return World(server, tmp_path)


@pytest.fixture
def own_world(own_server, tmp_path):
    """A world in a server that the test may kill."""
    return World(own_server, tmp_path)


@pytest.fixture
def refused():
    """Calls, expects to be refused, and returns the code and the message."""
    from botocore.exceptions import ClientError

    def call(function, **arguments):
        with pytest.raises(ClientError) as caught:
            function(**arguments)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    return call
