# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""After each fault: whether what was answered since the one before is there, at any of the servers."""

import itertools
import threading

from faults.recovery import PATIENCE
from support.caller import Caller
from support.record import digest


class Watch:
    """Asks one of the servers, each time another one, for what all of them have answered to a load meanwhile."""

    def __init__(self, worlds, load):
        self._record, self._names = load.record, load.names
        self._is_over = threading.Event()
        # Of each server, of the API and of its store of artifacts.
        self.callers = [
            (Caller(world, self._is_over), Caller(world, self._is_over, service="s3")) for world in worlds
        ]
        self._servers = itertools.cycle(self.callers)
        # How many of each were looked at.
        self._seen = [0, 0, 0]

    def losses(self, fault):
        """What is not as it was answered: a sentence for each."""
        api, s3 = next(self._servers)
        started, results, objects = self._fresh()
        patience = threading.Timer(PATIENCE, self._is_over.set)
        patience.start()
        try:
            losses = [
                *self._of_executions(api, started),
                *self._of_actions(api, dict(results)),
                *self._of_objects(s3, objects),
            ]
        finally:
            patience.cancel()
        return [f"after fault {fault}, at {api.world.server.endpoint}: {each}" for each in losses]

    def _fresh(self):
        """What was answered since the last look, in order."""
        with self._record.lock:
            kept = [list(self._record.started), list(self._record.results.items()), list(self._record.objects.items())]
        fresh = [entries[seen:] for entries, seen in zip(kept, self._seen, strict=True)]
        self._seen = [len(entries) for entries in kept]
        return fresh

    def _of_executions(self, api, started):
        entries, identifier = "pipelineExecutionSummaries", "pipelineExecutionId"
        shown = self._shown(api, "list_pipeline_executions", entries, identifier, started)
        yield from (f"the execution {each} was started and is not there" for each in started if each not in shown)

    def _of_actions(self, api, results):
        entries, identifier = "actionExecutionDetails", "actionExecutionId"
        shown = self._shown(api, "list_action_executions", entries, identifier, results)
        for action, status in results.items():
            now = shown[action]["status"] if action in shown else "not there"
            if now != status:
                yield f"the action {action} was reported as {status} and is {now}"

    def _of_objects(self, s3, objects):
        for (bucket, key, version), expected in objects:
            answer = s3.patiently("get_object", Bucket=bucket, Key=key, VersionId=version)
            if answer is None:
                yield f"the object {key} in version {version} was put and cannot be had"
            elif digest(answer["Body"].read()) != expected:
                yield f"the object {key} in version {version} has another content"

    def _shown(self, api, operation, entries, identifier, wanted):
        """Those of the wanted that the listings show; the newest come first, so that few pages are read."""
        missing, shown = set(wanted), {}
        pages = {name: {} for name in self._names}
        while missing and pages:
            for name, place in list(pages.items()):
                answer = api.patiently(operation, pipelineName=name, **place)
                assert answer is not None, f"{operation} was refused, or not answered within {PATIENCE} s"
                found = {each[identifier]: each for each in answer[entries] if each[identifier] in missing}
                shown |= found
                missing -= found.keys()
                if "nextToken" in answer:
                    pages[name] = {"nextToken": answer["nextToken"]}
                else:
                    del pages[name]
        return shown
