# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""How long it takes until every server answers a write again."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from support import declarations
from support.caller import Caller

# From when on a server is taken not to recover by itself, in seconds.
PATIENCE = 120


class Probes:
    """A write that is repeated at each server, in a pipeline of its own: a reason why a transition is disabled."""

    def __init__(self, worlds):
        self._callers = [Caller(world, threading.Event()) for world in worlds]
        self._names = [f"{world.name}-probe-{number}" for number, world in enumerate(worlds)]
        self._world, self._number = worlds[0], 0
        # By pipeline: the number in the last reason that was answered.
        self._answered = {}
        for name in self._names:
            self._world.create(("Stop", [declarations.approval()]), name=name)

    @property
    def callers(self):
        return self._callers

    def recovery(self, since):
        """Seconds from the instant to the first answered write through the last of the servers."""
        self._number += 1
        with ThreadPoolExecutor(len(self._callers)) as pool:
            return max(pool.map(self._write, self._callers, self._names)) - since

    def _write(self, caller, name):
        end = time.monotonic() + PATIENCE
        place = {"pipelineName": name, "stageName": "Stop", "transitionType": "Inbound", "reason": f"{self._number}"}
        while caller.once("disable_stage_transition", **place) is None:
            if time.monotonic() > end:
                raise AssertionError(f"{caller.world.server.endpoint} took no write within {PATIENCE} s")
        self._answered[name] = self._number
        return time.monotonic()

    def losses(self):
        for name, number in self._answered.items():
            state = self._world.codepipeline.get_pipeline_state(name=name)["stageStates"][1]
            reason = state["inboundTransitionState"].get("disabledReason")
            if reason != f"{number}":
                yield f"the transition of {name} was disabled for {number}, and is for {reason}"
