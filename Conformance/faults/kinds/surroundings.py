# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Cables that are cut, disks that are full, clocks that are set."""

from faults.clocks import WallClock
from faults.kinds.base import Kind
from support.waiting import until


class Cut(Kind):
    """Nothing comes through between one replica and the database; in half of the cases nobody is told."""

    name = "replica cut off from the database"
    long = 50

    def strike(self):
        cable = self.victim().machine.back
        cut, mend = self.moments.choice([(cable.part, cable.join), (cable.unplug, cable.plug_in)])
        cut()
        try:
            self.last(1, 4)
        finally:
            mend()


class FullArtifacts(Kind):
    """The file system on which all replicas have the content of artifacts has no room left."""

    name = "disk of artifacts full"
    long = 20
    # For how long it is full at most until somebody is refused for it, in seconds.
    patience_of_disk = 30

    @property
    def disk(self):
        return self.stand.artifacts

    def begin(self, worlds, load):
        self.touched = load.keepers

    def strike(self):
        before = self.refusals()
        try:
            self.disk.fill()
            self.last(0.5, 1.5)
            until(lambda: self.refusals() > before, deadline=self.patience_of_disk, what="a refusal for want of room")
        finally:
            self.disk.free()

    def refusals(self):
        return sum(thread.caller.repeated for thread in self.touched)


class FullDatabase(FullArtifacts):
    """The file system that has all of a server on SQLite has no room left."""

    name = "disk of SQLite full"
    is_single = True

    @property
    def disk(self):
        return self.stand.data

    def begin(self, worlds, load):
        # Who needs the database alone: it has room for a while in what its files have already.
        self.touched = (*load.starters, *load.workers)


class ClockStepped(Kind):
    """The wall clock of one replica is set, forth or back, by less than what a signature may be off."""

    name = "clock stepped"
    long, short = 60, 2
    seconds = 200
    # What a clock ahead has handed out is hidden for longer.
    patience = 360

    def begin(self, worlds, load):
        self.clocks = [WallClock(self.stand.directory / f"clock-{number}") for number in range(len(self.servers))]
        for server, clock in zip(self.servers, self.clocks, strict=True):
            server.variables = clock.variables
            server.restart()

    def strike(self):
        self.moments.choice(self.clocks).set(self.moments.randint(-self.seconds, self.seconds))

    def end(self):
        for server in self.servers:
            server.variables = {}
            server.restart()
