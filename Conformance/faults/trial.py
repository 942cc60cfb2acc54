# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Faults that are tried as often as they are to be under a load of their own, and what came of them."""

import collections
import contextlib
import statistics
import time
import traceback
from dataclasses import asdict, dataclass, field

from faults.kinds.base import moments
from faults.recovery import Probes
from faults.watch import Watch
from support.load import Load

# The load of a trial: so little that two processors have time for faults.
LOAD = {"pipelines": 4, "workers": 6, "keepers": 1, "pause": 0.5}
# How long nothing happens before a fault, in seconds.
QUIET = (0.2, 0.8)
# Calls that change nothing.
READS = ("poll_for_jobs",)


@dataclass
class Outcome:
    """A line of the table."""

    kind: str
    faults: int = 0
    # Answered calls that changed something, and calls that had to be repeated.
    acknowledged: int = 0
    repeated: int = 0
    executions: int = 0
    # What was answered and does not hold, or happened twice, or did not end: a sentence for each.
    losses: list = field(default_factory=list)
    # Seconds from the end of each fault until every server has answered a write.
    recoveries: list = field(default_factory=list)
    # From the last recovery until every execution has ended, and all in all.
    drained: float = 0
    took: float = 0

    @property
    def median(self):
        return statistics.median(self.recoveries) if self.recoveries else None

    @property
    def longest(self):
        return max(self.recoveries, default=None)

    @contextlib.contextmanager
    def noting(self):
        """Whatever goes wrong is a loss of this kind; what comes after is tried all the same."""
        try:
            yield
        except Exception as error:
            if not isinstance(error, AssertionError):
                traceback.print_exc()
            self.losses.append(f"{type(error).__name__}: {error}")

    def document(self):
        return asdict(self)


class Trial:
    """Some kinds on a stand, one after the other, under one load; they have the same servers."""

    def __init__(self, stand, name, kinds, seed, is_short):
        self.stand, self.seed = stand, seed
        self.kinds = [kind(stand, moments(seed, kind), is_short) for kind in kinds]
        self.servers = self.kinds[0].servers
        self.outcome = Outcome(name)

    def run(self):
        begun, outcome = time.monotonic(), self.outcome
        worlds = self.stand.worlds(self.servers)
        load = Load(*worlds, seed=self.seed, **LOAD)
        probes, watch = Probes(worlds), Watch(worlds, load)
        try:
            load.start()
            with outcome.noting():
                for kind in self.kinds:
                    self._try(kind, worlds, load, probes, watch)
            last = time.monotonic()
            with outcome.noting():
                load.finish(worlds[0].codepipeline, deadline=max(kind.patience for kind in self.kinds))
            outcome.drained = time.monotonic() - last
            with outcome.noting():
                outcome.losses += [*load.losses(worlds[0]), *probes.losses()]
                outcome.losses += [loss for kind in self.kinds for loss in kind.losses()]
        finally:
            load.abandon()
        self._count(load, probes)
        outcome.took = time.monotonic() - begun
        return outcome

    def _try(self, kind, worlds, load, probes, watch):
        try:
            kind.begin(worlds, load)
            for _ in range(kind.count):
                kind.last(*QUIET)
                kind.strike()
                self.outcome.faults += 1
                self.outcome.recoveries.append(probes.recovery(since=time.monotonic()))
                kind.settle()
                self.outcome.losses += watch.losses(self.outcome.faults)
        finally:
            kind.end()

    def _count(self, load, probes):
        callers = [*load.callers, *probes.callers]
        answered = sum((caller.answered for caller in callers), collections.Counter())
        self.outcome.acknowledged = sum(count for name, count in answered.items() if name not in READS)
        self.outcome.repeated = sum(caller.repeated for caller in callers)
        self.outcome.executions = len(load.record.started)
        for server in self.servers:
            while server.endings:
                self.outcome.losses.append(f"{server.endpoint} ended by itself with {server.endings.pop()}")
