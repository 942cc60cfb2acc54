# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Servers of a fleet are replaced one after the other, and nobody who calls it notices."""

import http.client
import os
import random
import signal
from urllib.parse import urlsplit

import pytest
from support.balancer import Balancer
from support.fleet import Fleet, Front
from support.load import Load
from support.server import Server
from support.waiting import until
from support.world import World

ROUNDS = 2
# What an operator sets: by then a balancer has seen that a server stops.
OPTIONS = ("--drain-delay", "1")


@pytest.fixture
def replicas(cluster, tmp_path):
    running = Fleet(cluster, tmp_path, *OPTIONS, servers=(Server, Server, Server)).start()
    yield running.replicas
    running.kill()


@pytest.fixture
def balancer(replicas):
    running = Balancer(replicas).start()
    for replica in replicas:
        running.wait_for(replica)
    yield running
    running.stop()


def test_no_call_fails_that_an_sdk_does_not_repeat_while_servers_are_restarted(replicas, balancer, tmp_path):
    seed = int(os.environ.get("PENSTOCK_FAULT_SEED", random.randrange(1 << 32)))
    print(f"PENSTOCK_FAULT_SEED={seed}")
    front = Front(balancer.endpoint, replicas[0])
    world = World(front, tmp_path)
    load = Load(world, world, seed=seed, keepers=1)
    load.start()
    for replica in replicas * ROUNDS:
        before = len(load.record.results)
        assert replica.stop() == 0
        replica.start()
        balancer.wait_for(replica)
        until(lambda: len(load.record.results) > before, what="a result meanwhile")
    load.finish(world.codepipeline)
    told = load.check(world)
    answered = sum(caller.answered.total() for caller in load.callers)
    print(f"{ROUNDS * len(replicas)} restarts, {answered} calls, repeated by the SDK: {dict(+front.retried)}; {told}")
    print(f"connections refused by a server: {balancer.refused}, turned away: {balancer.turned_away}")
    assert [failure for caller in load.callers for failure in caller.failures] == []


def test_a_server_that_is_about_to_stop_sends_its_clients_elsewhere(tmp_path):
    server = Server(tmp_path / "data", "--drain-delay", "2").start()
    try:
        connection = http.client.HTTPConnection(urlsplit(server.endpoint).netloc, timeout=10)

        def answer():
            connection.request("GET", "/health/ready")
            response = connection.getresponse()
            response.read()
            return response

        assert answer().getheader("Connection") is None
        server.process.send_signal(signal.SIGTERM)
        # Until it has heard of it the connection is kept.
        until(lambda: answer().status == 503, deadline=10, what="the begin of the drain")
        last = answer()
        assert (last.status, last.getheader("Connection")) == (503, "close")
        assert server.process.wait(timeout=30) == 0
    finally:
        if server.process.poll() is None:
            server.kill()
