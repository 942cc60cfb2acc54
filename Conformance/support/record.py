# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""What a service has answered to those who put a load on it, and whether it stands by that."""

import collections
import hashlib
import threading

# What an execution and an attempt of an action may be when nothing goes on any more.
ENDED = {"Succeeded", "Failed", "Superseded", "Stopped", "Cancelled"}
ENDED_ACTIONS = {"Succeeded", "Failed", "Abandoned"}


def history(client, name):
    pages = client.get_paginator("list_action_executions").paginate(pipelineName=name)
    return [each for page in pages for each in page["actionExecutionDetails"]]


def executions(client, name):
    pages = client.get_paginator("list_pipeline_executions").paginate(pipelineName=name)
    return [each for page in pages for each in page["pipelineExecutionSummaries"]]


def digest(content):
    return hashlib.sha256(content).hexdigest()


class Record:
    """What the server has answered: nobody may take it back."""

    def __init__(self):
        self.lock = threading.Lock()
        # The pipelines of executions that were started.
        self.started = {}
        # Which workers were told that a job is theirs.
        self.holders = collections.defaultdict(set)
        # How attempts of actions ended.
        self.results = {}
        # The digests of objects, by place and version.
        self.objects = {}

    def note(self, change):
        """Changes what is recorded, one caller after the other."""
        with self.lock:
            change(self)

    def losses(self, world, names):
        """What is not as it was answered, or happened twice, or does not fit together: a sentence for each."""
        kept = {each["actionExecutionId"]: each for name in names for each in history(world.codepipeline, name)}
        known = {each["pipelineExecutionId"]: each for name in names for each in executions(world.codepipeline, name)}
        return [*self._of_calls(kept, known), *self._of_objects(world), *outcomes(kept, known)]

    def _of_calls(self, kept, known):
        yield from (f"the execution {each} was started and is not there" for each in self.started if each not in known)
        for action, status in self.results.items():
            now = kept[action]["status"] if action in kept else "not there"
            if now != status:
                yield f"the action {action} was reported as {status} and is {now}"
        for job, workers in self.holders.items():
            if len(workers) > 1:
                yield f"the job {job} was given to {len(workers)} workers"

    def _of_objects(self, world):
        for (bucket, key, version), expected in self.objects.items():
            try:
                answer = world.s3.get_object(Bucket=bucket, Key=key, VersionId=version)
            except world.s3.exceptions.ClientError as error:
                yield f"the object {key} in version {version} was put and cannot be had: {error}"
                continue
            if digest(answer["Body"].read()) != expected:
                yield f"the object {key} in version {version} has another content"


def outcomes(kept, known):
    """What is wrong with the ends of actions and executions, of which nothing was retried."""
    attempts = collections.defaultdict(list)
    for each in kept.values():
        attempts[each["pipelineExecutionId"], each["actionName"]].append(each["status"])
    for (execution, action), statuses in attempts.items():
        if len(statuses) > 1:
            yield f"the action {action} of the execution {execution} ran {len(statuses)} times"
        yield from (
            f"the action {action} of the execution {execution} is {status}"
            for status in statuses
            if status not in ENDED_ACTIONS
        )
    failed = {execution for (execution, _), statuses in attempts.items() if "Failed" in statuses}
    for id, each in known.items():
        if each["status"] not in ENDED:
            yield f"the execution {id} is {each['status']}"
        if (each["status"] == "Failed") != (id in failed):
            yield f"the execution {id} is {each['status']}, which does not fit its actions"
