# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""That what is looked at after each fault is found where it is, and missed where it is not."""

import uuid

import pytest
from botocore.exceptions import EndpointConnectionError
from faults.watch import Watch
from support.load import Load
from support.record import digest
from support.waiting import until


@pytest.fixture
def load(world):
    """A load of which there is a little, and which has ended."""
    load = Load(world, seed=1, pipelines=2, workers=2, keepers=1)
    load.start()
    record = load.record
    until(lambda: len(record.started) > 5 and len(record.results) > 3 and record.objects, what="some of each")
    load.finish(world.codepipeline)
    return load


def test_what_was_answered_is_found_and_looked_at_once(world, load):
    watch = Watch([world], load)
    assert watch.losses(1) == []
    fresh = str(uuid.uuid4())
    load.record.started[fresh] = load.names[0]
    assert watch.losses(2) == [
        f"after fault 2, at {world.server.endpoint}: the execution {fresh} was started and is not there"
    ]
    assert watch.losses(3) == []


def test_a_loss_of_each_kind_is_told(world, load):
    watch, record = Watch([world], load), load.record
    action, status = next(iter(record.results.items()))
    record.results[action] = "Failed" if status == "Succeeded" else "Succeeded"
    record.results["nowhere"] = "Succeeded"
    (bucket, key, version), _ = next(iter(record.objects.items()))
    record.objects[bucket, key, version] = digest(b"something else")
    record.objects[bucket, "nowhere", version] = digest(b"")
    told = [loss.split(": ", 1)[1] for loss in watch.losses(1)]
    assert told == [
        f"the action {action} was reported as {record.results[action]} and is {status}",
        "the action nowhere was reported as Succeeded and is not there",
        f"the object {key} in version {version} has another content",
        f"the object nowhere in version {version} was put and cannot be had",
    ]


def test_pages_are_read_until_everything_is_found(world, load):
    """The first execution is on the last page of listings of one entry each."""
    watch = Watch([world], load)
    paged = []

    def in_small_pages(params, **_):
        params["body"] = params["body"][:-1] + b', "maxResults": 1}'
        paged.append(params)

    for caller, _ in watch.callers:
        caller.client.meta.events.register("before-call.codepipeline.ListPipelineExecutions", in_small_pages)
    assert watch.losses(1) == []
    assert len(paged) > len(load.names)


def test_the_last_start_of_a_load_is_repeated_until_it_is_answered(world):
    """A start without an answer may still come to be, when nobody works any more."""
    load = Load(world, seed=1, pipelines=1)
    (starter,) = load.starters
    late = []

    def fail(**_):
        if starter.over.is_set():
            late.append(len(late))
        if len(late) <= 2:
            raise EndpointConnectionError(endpoint_url=world.server.endpoint)

    starter.caller.client.meta.events.register("before-call.codepipeline.StartPipelineExecution", fail)
    load.start()
    until(lambda: starter.caller.failures, what="a start that fails")
    load.finish(world.codepipeline)
    assert len(late) == 3
    assert len(load.record.started) == 1
    assert load.losses(world) == []
