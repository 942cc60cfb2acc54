# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Whose job it is, as a worker sees it."""


def execution_of(job):
    return job["data"]["pipelineContext"]["pipelineExecutionId"]


def action_of(job):
    return job["data"]["pipelineContext"]["action"]["name"]


def by_name(jobs, *names):
    """The jobs of these actions, in this order."""
    jobs = {action_of(job): job for job in jobs}
    return [jobs.pop(name) for name in names]
