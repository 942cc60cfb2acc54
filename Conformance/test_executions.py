# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Executions: started, stopped, retried, held, approved, and read."""

import uuid

import pytest
from support import declarations
from support.waiting import until

UNKNOWN = "00000000-0000-4000-8000-000000000000"
FAILURE = {"type": "JobFailed", "message": "no"}


def approval_pipeline(world):
    world.put_source()
    world.create(("Sign", [declarations.approval()]))
    return world.created_execution()


def answer(world, token, status="Approved", summary="fine", **members):
    place = {"pipelineName": world.name, "stageName": "Sign", "actionName": "Approve", **members}
    return world.codepipeline.put_approval_result(**place, token=token, result={"summary": summary, "status": status})


def test_the_source_is_the_version_that_was_put(world):
    version = world.put_source()
    world.create(("Sign", [declarations.approval()]))
    execution = world.created_execution()
    world.running("Sign", "Approve")
    shown = world.codepipeline.get_pipeline_execution(pipelineName=world.name, pipelineExecutionId=execution)
    revisions = shown["pipelineExecution"]["artifactRevisions"]
    assert [(each["name"], each["revisionId"]) for each in revisions] == [("Source", version)]
    assert world.action("Source", "Fetch")["currentRevision"]["revisionId"] == version


def test_a_put_starts_the_pipelines_that_watch_the_object(world):
    execution = approval_pipeline(world)
    world.running("Sign", "Approve")
    version = world.put_source("changed")

    def look():
        listed = world.codepipeline.list_pipeline_executions(pipelineName=world.name)["pipelineExecutionSummaries"]
        return listed if len(listed) == 2 and listed[0]["sourceRevisions"] else None

    newest = until(look, what="an execution of the put")[0]
    assert newest["trigger"]["triggerType"] == "PollForSourceChanges"
    assert newest["sourceRevisions"][0]["revisionId"] == version
    assert newest["pipelineExecutionId"] != execution


def test_a_source_without_object_has_failed_until_there_is_one(world):
    world.create(("Sign", [declarations.approval()]))
    shown = world.action("Source", "Fetch")["latestExecution"]
    assert shown["status"] == "Failed" and "actionExecutionId" not in shown
    assert shown["errorDetails"]["code"] == "ConfigurationError"
    assert world.bucket in shown["errorDetails"]["message"]
    world.put_source()
    world.running("Sign", "Approve")
    assert world.action("Source", "Fetch")["latestExecution"]["status"] == "Succeeded"


def test_an_approval_passes_a_pipeline(world):
    execution = approval_pipeline(world)
    waiting = world.running("Sign", "Approve")
    assert answer(world, waiting["token"])["approvedAt"]
    world.ended(execution, "Succeeded")
    latest = world.action("Sign", "Approve")["latestExecution"]
    assert latest["summary"] == "fine"
    assert latest["lastUpdatedBy"].startswith("arn:aws:iam::000000000000:")
    assert "token" not in latest


def test_a_rejection_fails_a_pipeline(world):
    execution = approval_pipeline(world)
    answer(world, world.running("Sign", "Approve")["token"], "Rejected", "not today")
    world.ended(execution, "Failed")
    assert world.action("Sign", "Approve")["latestExecution"]["summary"] == "not today"


def test_an_approval_is_answered_once_with_its_own_token(world, refused):
    execution = approval_pipeline(world)
    token = world.running("Sign", "Approve")["token"]
    with pytest.raises(world.codepipeline.exceptions.InvalidApprovalTokenException):
        answer(world, str(uuid.uuid4()))
    with pytest.raises(world.codepipeline.exceptions.StageNotFoundException):
        answer(world, token, stageName="Absent")
    with pytest.raises(world.codepipeline.exceptions.ActionNotFoundException):
        answer(world, token, actionName="Absent")
    answer(world, token)
    world.ended(execution, "Succeeded")
    with pytest.raises(world.codepipeline.exceptions.ApprovalAlreadyCompletedException):
        answer(world, token)


def test_a_failed_stage_is_retried_in_the_same_execution(world):
    world.custom_pipeline()
    execution = world.created_execution()
    job = world.acknowledged_job()
    world.codepipeline.put_job_failure_result(jobId=job["id"], failureDetails=FAILURE)
    world.ended(execution, "Failed")
    retried = world.codepipeline.retry_stage_execution(
        pipelineName=world.name, stageName="Deploy", pipelineExecutionId=execution, retryMode="FAILED_ACTIONS"
    )
    assert retried["pipelineExecutionId"] == execution
    again = world.acknowledged_job()
    assert again["id"] != job["id"]
    world.codepipeline.put_job_success_result(jobId=again["id"])
    world.ended(execution, "Succeeded")
    assert world.stage("Deploy")["retryStageMetadata"]["manualStageRetryAttempt"] == 1
    history = world.codepipeline.list_action_executions(pipelineName=world.name)["actionExecutionDetails"]
    assert [each["status"] for each in history if each["actionName"] == "Ship"] == ["Succeeded", "Failed"]


def test_retries_that_make_no_sense_are_refused(world, refused):
    world.custom_pipeline()
    execution = world.created_execution()
    job = world.acknowledged_job()
    retry = {"pipelineName": world.name, "stageName": "Deploy", "retryMode": "ALL_ACTIONS"}
    call = world.codepipeline.retry_stage_execution
    assert refused(call, **retry, pipelineExecutionId=execution)[0] == "StageNotRetryableException"
    assert refused(call, **retry, pipelineExecutionId=UNKNOWN)[0] == "NotLatestPipelineExecutionException"
    assert refused(call, **{**retry, "stageName": "Absent"}, pipelineExecutionId=execution) == (
        "StageNotFoundException",
        f"Pipeline '{world.name}' does not have a stage with name 'Absent'",
    )
    world.codepipeline.put_job_success_result(jobId=job["id"])
    world.ended(execution, "Succeeded")
    assert refused(call, **retry, pipelineExecutionId=execution)[0] == "StageNotRetryableException"


def test_stop_and_wait_lets_the_action_end(world, refused):
    world.custom_pipeline()
    execution = world.created_execution()
    job = world.acknowledged_job()
    stop = {"pipelineName": world.name, "pipelineExecutionId": execution, "reason": "enough"}
    assert world.codepipeline.stop_pipeline_execution(**stop)["pipelineExecutionId"] == execution
    assert world.status(execution) == "Stopping"
    assert refused(world.codepipeline.stop_pipeline_execution, **stop)[0] == "DuplicatedStopRequestException"
    world.codepipeline.put_job_success_result(jobId=job["id"])
    world.ended(execution, "Stopped")
    assert world.action("Deploy", "Ship")["latestExecution"]["status"] == "Succeeded"
    listed = world.codepipeline.list_pipeline_executions(pipelineName=world.name)["pipelineExecutionSummaries"]
    assert listed[0]["stopTrigger"] == {"reason": "enough"}
    assert refused(world.codepipeline.stop_pipeline_execution, **stop)[0] == "PipelineExecutionNotStoppableException"


def test_an_unknown_execution_is_not_found(world, refused):
    approval_pipeline(world)
    place = {"pipelineName": world.name, "pipelineExecutionId": UNKNOWN}
    assert refused(world.codepipeline.get_pipeline_execution, **place) == (
        "PipelineExecutionNotFoundException",
        f"Pipeline Execution with id '{UNKNOWN}' does not exist in pipeline with name '{world.name}'",
    )
    assert refused(world.codepipeline.stop_pipeline_execution, **place)[0] == "PipelineExecutionNotStoppableException"
    filter = {"pipelineExecutionId": UNKNOWN}
    assert refused(world.codepipeline.list_action_executions, pipelineName=world.name, filter=filter)[0] == (
        "PipelineExecutionNotFoundException"
    )


def test_a_disabled_transition_holds_and_an_enabled_one_lets_go(world):
    world.put_source()
    world.create(("Sign", [declarations.approval()]))
    first = world.created_execution()
    answer(world, world.running("Sign", "Approve")["token"])
    world.ended(first, "Succeeded")
    gate = {"pipelineName": world.name, "stageName": "Sign", "transitionType": "Inbound"}
    world.codepipeline.disable_stage_transition(**gate, reason="freeze (until monday)")
    second = world.start()

    def held():
        return world.stage("Sign").get("inboundExecution", {}).get("pipelineExecutionId") == second

    until(held, what="the execution in front of the stage")
    transition = world.stage("Sign")["inboundTransitionState"]
    assert (transition["enabled"], transition["disabledReason"]) == (False, "freeze (until monday)")
    assert transition["lastChangedBy"].startswith("arn:aws:iam::000000000000:")
    world.codepipeline.enable_stage_transition(**gate)
    assert world.stage("Sign")["inboundTransitionState"]["enabled"] is True
    until(lambda: world.stage("Sign")["latestExecution"]["pipelineExecutionId"] == second, what="its entrance")


def test_the_newer_execution_supersedes_the_one_that_waits(world):
    approval_pipeline(world)
    world.running("Sign", "Approve")
    second = world.start()
    until(lambda: "inboundExecution" in world.stage("Sign"), what="the second in front of the stage")
    third = world.start()
    world.ended(second, "Superseded")
    until(
        lambda: world.stage("Sign")["inboundExecution"]["pipelineExecutionId"] == third,
        what="the third in front of the stage",
    )


def test_one_request_token_starts_one_execution(world):
    approval_pipeline(world)
    token = str(uuid.uuid4())
    assert world.start(clientRequestToken=token) == world.start(clientRequestToken=token)


def test_histories_come_in_pages_newest_first(world):
    approval_pipeline(world)
    started = [world.start() for _ in range(4)]
    pages = world.codepipeline.get_paginator("list_pipeline_executions").paginate(
        pipelineName=world.name, PaginationConfig={"PageSize": 2}
    )
    listed = [each["pipelineExecutionId"] for page in pages for each in page["pipelineExecutionSummaries"]]
    assert listed == [*reversed(started), world.created_execution()]
