# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Starters and workers that go on while servers are killed, and what must hold of all that they were answered."""

import collections
import random
import threading
import time

from botocore.exceptions import BotoCoreError, ClientError
from support import declarations
from support.waiting import until

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

    def __init__(self, world, names, record, over, prefix):
        super().__init__(daemon=True)
        self.world, self.names, self.record, self.over = world, names, record, over
        self.prefix = prefix

    def run(self):
        number = 0
        while not self.over.is_set():
            number += 1
            name = self.names[number % len(self.names)]
            client = self.world.server.client("codepipeline", connect_timeout=1, read_timeout=5)
            answer = attempt(client.start_pipeline_execution, name=name, clientRequestToken=f"{self.prefix}-{number}")
            if answer:
                with self.record.lock:
                    self.record.started[answer["pipelineExecutionId"]] = name
            time.sleep(0.02)


def make_pipelines(world, count):
    world.create_custom_type()
    world.put_source()
    names = [f"{world.name}-{number}" for number in range(count)]
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


class Load:
    """What goes on in pipelines of a world, by way of one server or of several that share their data."""

    def __init__(self, *worlds, seed, pipelines=6, workers=4):
        self.names = make_pipelines(worlds[0], pipelines)
        self.record = Record()
        self._starting, self._working = threading.Event(), threading.Event()
        self.starters = [
            Starter(world, self.names, self.record, self._starting, f"start-{number}")
            for number, world in enumerate(worlds)
        ]
        self.workers = [
            Worker(worlds[number % len(worlds)], self.record, seed + number, self._working)
            for number in range(workers)
        ]

    def start(self):
        for thread in (*self.starters, *self.workers):
            thread.start()

    def finish(self, client, deadline=120):
        """Starts nothing more, and waits for the end of every execution."""
        self._starting.set()
        for starter in self.starters:
            starter.join()

        def all_ended():
            listed = (each for name in self.names for each in executions(client, name))
            return all(each["status"] != "InProgress" for each in listed)

        try:
            until(all_ended, deadline=deadline, what="the end of every execution")
        finally:
            self._working.set()
            for worker in self.workers:
                worker.join()

    def check(self, client):
        """Asserts that all that was answered is so, and that nothing was done twice; returns it in words."""
        assert [error for worker in self.workers for error in worker.errors] == []
        kept = {each["actionExecutionId"]: each for name in self.names for each in history(client, name)}
        assert self.record.results, "no worker had anything to do"
        for action, status in self.record.results.items():
            assert kept[action]["status"] == status
        known = {each["pipelineExecutionId"] for name in self.names for each in executions(client, name)}
        assert set(self.record.started) <= known
        # No finished action ran again: one execution has one attempt of each action, since nothing was retried.
        attempts = collections.Counter((each["pipelineExecutionId"], each["actionName"]) for each in kept.values())
        assert [place for place, count in attempts.items() if count > 1] == []
        return f"{len(known)} executions, {len(self.record.results)} answered results, none lost"
