# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Processes of Penstock that die, or that stand still and go on much later."""

import time

from faults.kinds.base import Kind
from faults.warehouse import BUCKET, FRESH, LATE
from support import declarations
from support.waiting import until

# A runner's lease is over after that many seconds, and another replica's look comes at most so much later.
LEASE, SWEEP = 10, 5


class ReplicaKilled(Kind):
    """SIGKILL, at any moment."""

    name = "replica killed"
    long, short = 180, 3

    def strike(self):
        self.victim().kill()


class SingleKilled(ReplicaKilled):
    """The same to a server on SQLite."""

    name = "server on SQLite killed"
    long, short = 60, 2
    is_single = True


class Running(Kind):
    """Something happens to a replica while one of its runners fetches an object from a foreign store."""

    # The revisions that may come of it.
    allowed: tuple

    def begin(self, worlds, load):
        self.worlds, self.world, self.load = worlds, worlds[0], load
        # The shelves of what was fetched, by pipeline.
        self.shelves = {}

    def held_runner(self):
        """Makes a pipeline; returns its name, the replica whose runner is at work for it, and what that waits for."""
        name = f"{self.world.name}-{type(self).__name__}-{len(self.shelves)}"
        shelf = self.shelves[name] = self.stand.warehouse.shelf(name)
        source = declarations.s3_source(BUCKET, name, PollForSourceChanges="false")
        self.world.create(("Ship", [self.world.work()]), name=name, sources=[source])
        self.load.names.append(name)
        assert shelf.asked.wait(30), f"nobody fetches the object of {name}"
        (replica,) = (each for each in self.servers if each.machine.front_address == shelf.first)
        return name, replica, shelf

    def revision(self, name, world=None):
        """Which revision the one execution has, or None while it has none."""
        client = (world or self.world).codepipeline
        (execution,) = client.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]
        return next((each["revisionId"] for each in execution["sourceRevisions"]), None)

    def losses(self):
        for name in self.shelves:
            revision = self.revision(name)
            if revision not in self.allowed:
                yield f"the source of {name} has the revision {revision}"


class RunnerKilled(Running):
    """SIGKILL of the process while its runner is at work: another one takes that up."""

    name = "runner killed"
    long, short = 30, 1
    # Who takes it up may be the same replica, back again.
    allowed = (LATE, FRESH)

    def strike(self):
        _, replica, shelf = self.held_runner()
        replica.kill()
        shelf.given.set()


class ReplicaPaused(Running):
    """SIGSTOP, and SIGCONT long after another one has taken up what it held and has ended it."""

    name = "replica paused"
    long, short = 4, 1
    allowed = (FRESH,)

    def strike(self):
        name, replica, shelf = self.held_runner()
        elsewhere = next(world for world in self.worlds if world.server is not replica)
        end = time.monotonic() + (LEASE + SWEEP if self.is_short else 60)
        replica.pause()
        try:
            until(lambda: self.revision(name, elsewhere), deadline=LEASE + 2 * SWEEP, what="the end of another's run")
            # How long it stands still is the point.
            time.sleep(max(0, end - time.monotonic()))
        finally:
            replica.resume()
            # What it waited for comes only now.
            shelf.given.set()
