# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Kills at random moments while workers run; then every answered call must still be so, and nothing may be stuck."""

import collections
import os
import random
import threading
import time

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from support import declarations
from support.waiting import until

KILLS = int(os.environ.get("PENSTOCK_FAULT_KILLS", "5"))
PIPELINES = 6
WORKERS = 4
FAILURE = {"type": "JobFailed", "message": "one in ten"}


class Record:
    """What the server has answered: nobody may take it back."""

    def __init__(self):
        self.lock = threading.Lock()
        self.results = {}
        self.acknowledged = collections.Counter()
        self.started = {}


def attempt(call, **arguments):
    """The answer, or None when the server was not there to give one."""
    try:
        return call(**arguments)
    except BotoCoreError:
        return None


class Worker(threading.Thread):
    """Takes jobs and reports them; one in ten fails."""

    def __init__(self, world, record, seed, over):
        super().__init__(daemon=True)
        self.world, self.record, self.over = world, record, over
        self.random = random.Random(seed)
        self.errors = []

    def run(self):
        while not self.over.is_set():
            client = self.world.server.client("codepipeline", connect_timeout=1, read_timeout=5)
            try:
                for job in client.poll_for_jobs(actionTypeId=self.world.custom, maxBatchSize=3)["jobs"]:
                    self.work(client, job)
            except BotoCoreError:
                time.sleep(0.02)
            except ClientError as error:
                self.errors.append(error)

    def work(self, client, job):
        answer = self.patiently("acknowledge_job", jobId=job["id"], nonce=job["nonce"])
        if answer is None or answer["status"] != "InProgress":
            return
        fails = self.random.random() < 0.1
        if fails:
            done = self.patiently("put_job_failure_result", jobId=job["id"], failureDetails=FAILURE)
        else:
            done = self.patiently("put_job_success_result", jobId=job["id"], executionDetails={"summary": job["id"]})
        if done is not None:
            action = job["data"]["pipelineContext"]["action"]["actionExecutionId"]
            with self.record.lock:
                self.record.results[action] = "Failed" if fails else "Succeeded"

    def patiently(self, operation, **arguments):
        """Repeats a call whose answer was lost, as every SDK does; the server has to make that harmless."""
        while not self.over.is_set():
            client = self.world.server.client("codepipeline", connect_timeout=1, read_timeout=5)
            try:
                return getattr(client, operation)(**arguments)
            except BotoCoreError:
                time.sleep(0.02)
            except ClientError as error:
                if error.response["Error"]["Code"] == "ServiceUnavailable":
                    continue
                self.errors.append(error)
                return None


class Starter(threading.Thread):
    """Starts executions, with tokens, so that a lost answer starts nothing twice."""

    def __init__(self, world, names, record, over):
        super().__init__(daemon=True)
        self.world, self.names, self.record, self.over = world, names, record, over

    def run(self):
        number = 0
        while not self.over.is_set():
            number += 1
            name = self.names[number % len(self.names)]
            client = self.world.server.client("codepipeline", connect_timeout=1, read_timeout=5)
            answer = attempt(client.start_pipeline_execution, name=name, clientRequestToken=f"start-{number}")
            if answer:
                with self.record.lock:
                    self.record.started[answer["pipelineExecutionId"]] = name
            time.sleep(0.02)


def make_pipelines(world):
    world.create_custom_type()
    world.put_source()
    names = [f"{world.name}-{number}" for number in range(PIPELINES)]
    for name in names:
        build = [declarations.action(f"Build{number}", world.custom) for number in range(2)]
        ship = [declarations.action("Ship", world.custom)]
        world.create(("Build", build), ("Ship", ship), name=name)
    return names


def history(client, name):
    pages = client.get_paginator("list_action_executions").paginate(pipelineName=name)
    return [each for page in pages for each in page["actionExecutionDetails"]]


def executions(client, name):
    pages = client.get_paginator("list_pipeline_executions").paginate(pipelineName=name)
    return [each for page in pages for each in page["pipelineExecutionSummaries"]]


def test_nothing_is_lost_or_stuck_when_the_server_is_killed(own_server, own_world):
    world = own_world
    seed = int(os.environ.get("PENSTOCK_FAULT_SEED", random.randrange(1 << 32)))
    print(f"PENSTOCK_FAULT_SEED={seed}")
    moments = random.Random(seed)
    names = make_pipelines(world)
    record, starting, working = Record(), threading.Event(), threading.Event()
    starter = Starter(world, names, record, starting)
    workers = [Worker(world, record, seed + number, working) for number in range(WORKERS)]
    for thread in (starter, *workers):
        thread.start()
    for _ in range(KILLS):
        # When the kill falls is the point of the test, so it is time that is waited for.
        time.sleep(moments.uniform(0.2, 1.5))
        own_server.kill()
        own_server.start()
    starting.set()
    starter.join()
    world.reconnect()
    client = world.codepipeline

    def all_ended():
        return all(each["status"] != "InProgress" for name in names for each in executions(client, name))

    try:
        until(all_ended, deadline=120, what="the end of every execution")
    finally:
        working.set()
        for worker in workers:
            worker.join()
    assert [error for worker in workers for error in worker.errors] == []
    kept = {each["actionExecutionId"]: each for name in names for each in history(client, name)}
    assert record.results, "no worker had anything to do"
    for action, status in record.results.items():
        assert kept[action]["status"] == status
    known = {each["pipelineExecutionId"] for name in names for each in executions(client, name)}
    assert set(record.started) <= known
    # No finished action ran again: one execution has one attempt of each action, since nothing was retried.
    attempts = collections.Counter((each["pipelineExecutionId"], each["actionName"]) for each in kept.values())
    assert [place for place, count in attempts.items() if count > 1] == []
    print(f"{KILLS} kills, {len(known)} executions, {len(record.results)} answered results, none lost")
