# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Starters and workers that go on while servers are killed, and what must hold of all that they were answered."""

import random
import threading
import time

from support import declarations
from support.caller import Caller, Refused
from support.record import Record, digest, executions
from support.waiting import until

# How long a starter, and a keeper of objects, waits after each call, in seconds.
BETWEEN_STARTS = 0.05
BETWEEN_OBJECTS = 0.5
OBJECT_BYTES = 20_000
FAILURE = {"type": "JobFailed", "message": "one in ten"}


class Worker(threading.Thread):
    """Takes jobs and reports them; one in ten fails."""

    def __init__(self, world, record, seed, over):
        super().__init__(daemon=True)
        self.world, self.record, self.over = world, record, over
        self.random = random.Random(seed)
        self.caller = Caller(world, over)

    def run(self):
        while not self.over.is_set():
            for job in self.poll():
                self.work(job)

    def poll(self):
        try:
            answer = self.caller.once("poll_for_jobs", actionTypeId=self.world.custom, maxBatchSize=3)
        except Refused:
            return []
        return answer["jobs"] if answer else []

    def work(self, job):
        # Who was slow to acknowledge finds that the job was handed to somebody else, which its nonce tells.
        expected = ("InvalidNonceException",)
        answer = self.caller.patiently("acknowledge_job", expected=expected, jobId=job["id"], nonce=job["nonce"])
        if answer is None or answer["status"] != "InProgress":
            return
        self.record.note(lambda record: record.holders[job["id"]].add(self))
        fails = self.random.random() < 0.1
        if fails:
            done = self.caller.patiently("put_job_failure_result", jobId=job["id"], failureDetails=FAILURE)
        else:
            summary = {"summary": job["id"]}
            done = self.caller.patiently("put_job_success_result", jobId=job["id"], executionDetails=summary)
        if done is not None:
            action = job["data"]["pipelineContext"]["action"]["actionExecutionId"]
            self.record.note(lambda record: record.results.update({action: "Failed" if fails else "Succeeded"}))


class Starter(threading.Thread):
    """Starts executions, with tokens, so that a lost answer starts nothing twice.

    When it is over, the last call is still repeated until it is answered: nobody knows before whether it will have
    started something, for it may be on its way to the database. It gives that up only when it is hopeless.
    """

    def __init__(self, world, names, record, over, hopeless, prefix, pause):
        super().__init__(daemon=True)
        self.names, self.record, self.over = names, record, over
        self.prefix, self.pause = prefix, pause
        self.caller = Caller(world, hopeless)

    def run(self):
        number = 0
        while not self.over.is_set():
            number += 1
            name = self.names[number % len(self.names)]
            token = f"{self.prefix}-{number}"
            answer = self.caller.patiently("start_pipeline_execution", name=name, clientRequestToken=token)
            if answer:
                execution = answer["pipelineExecutionId"]
                self.record.note(lambda record: record.started.update({execution: name}))
            self.over.wait(self.pause)


class Keeper(threading.Thread):
    """Puts objects, each time with another content; the last call is repeated as a starter's is."""

    def __init__(self, world, record, seed, over, hopeless):
        super().__init__(daemon=True)
        self.world, self.record, self.over = world, record, over
        self.random = random.Random(seed)
        self.caller = Caller(world, hopeless, service="s3")

    def run(self):
        while not self.over.is_set():
            content = self.random.randbytes(OBJECT_BYTES)
            place = {"Bucket": self.world.bucket, "Key": f"kept/{self.random.randrange(10)}"}
            answer = self.caller.patiently("put_object", **place, Body=content)
            if answer:
                version = (*place.values(), answer["VersionId"])
                self.record.note(lambda record: record.objects.update({version: digest(content)}))
            self.over.wait(BETWEEN_OBJECTS)


def make_pipelines(world, count):
    world.create_custom_type()
    world.put_source()
    names = [f"{world.name}-{number}" for number in range(count)]
    for name in names:
        build = [declarations.action(f"Build{number}", world.custom) for number in range(2)]
        ship = [declarations.action("Ship", world.custom)]
        world.create(("Build", build), ("Ship", ship), name=name)
    return names


class Load:
    """What goes on in pipelines of a world, by way of one server or of several that share their data."""

    def __init__(self, *worlds, seed, pipelines=6, workers=4, keepers=0, pause=BETWEEN_STARTS):
        # Of which all is to end and to hold; those that are added are not started here.
        self.names = make_pipelines(worlds[0], pipelines)
        self.record = Record()
        self._starting, self._working, self._hopeless = threading.Event(), threading.Event(), threading.Event()
        self.starters = [
            Starter(world, tuple(self.names), self.record, self._starting, self._hopeless, f"start-{number}", pause)
            for number, world in enumerate(worlds)
        ]
        self.keepers = [
            Keeper(worlds[number % len(worlds)], self.record, seed + number, self._starting, self._hopeless)
            for number in range(keepers)
        ]
        self.workers = [
            Worker(worlds[number % len(worlds)], self.record, seed + number, self._working)
            for number in range(workers)
        ]

    @property
    def callers(self):
        return [thread.caller for thread in self._threads]

    @property
    def _threads(self):
        return (*self.starters, *self.keepers, *self.workers)

    def start(self):
        for thread in self._threads:
            thread.start()

    def finish(self, client, deadline=120):
        """Starts nothing more, and waits for the end of every execution."""
        self._starting.set()
        end = time.monotonic() + deadline
        going_on = list(self.names)

        def all_ended():
            # A pipeline where nothing goes on stays so, since nothing starts.
            while going_on and all(each["status"] != "InProgress" for each in executions(client, going_on[0])):
                del going_on[0]
            return not going_on

        try:
            for thread in (*self.starters, *self.keepers):
                thread.join(max(0, end - time.monotonic()))
                assert not thread.is_alive(), f"the last call of a load was not answered within {deadline} s"
            until(all_ended, deadline=deadline, what="the end of every execution")
        finally:
            self.abandon()

    def abandon(self):
        """Calls nothing any more."""
        for event in (self._starting, self._working, self._hopeless):
            event.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def losses(self, world):
        """What was answered and is not so, refusals that nobody expected among it; a sentence for each."""
        refusals = [f"a call was refused: {error}" for caller in self.callers for error in caller.errors]
        return refusals + self.record.losses(world, self.names)

    def check(self, world):
        """Asserts that all that was answered is so, and that nothing was done twice; returns it in words."""
        assert self.losses(world) == []
        assert self.record.results, "no worker had anything to do"
        return f"{len(self.record.started)} executions, {len(self.record.results)} answered results, none lost"
