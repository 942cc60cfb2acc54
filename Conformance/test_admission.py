# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""How executions begin: who starts them, once, and what is refused or recorded where there are too many."""

import uuid

import pytest
from support import declarations

LIMIT = "The maximum number of concurrent executions (50) for pipeline '{}' has been reached"


def test_every_execution_says_what_started_it(timed):
    version = timed.put_source()
    declared = declarations.pipeline(
        timed.name,
        timed.bucket,
        ("Sign", [declarations.approval()]),
        sources=[declarations.s3_source(timed.bucket, PollForSourceChanges="false")],
    )
    timed.codepipeline.create_pipeline(pipeline=declared)
    timed.begin()
    timed.codepipeline.put_action_revision(
        pipelineName=timed.name,
        stageName="Source",
        actionName="Fetch",
        actionRevision={"revisionId": version, "revisionChangeId": "change-1", "created": timed.clock.now()},
    )
    caller = timed.caller()
    assert [each["trigger"] for each in timed.executions()] == [
        {"triggerType": type, "triggerDetail": caller}
        for type in ("CreatePipeline", "StartPipelineExecution", "PutActionRevision")
    ]


def test_a_started_execution_is_there_for_every_operation(timed):
    timed.succeed(timed.take(timed.declare(("Deploy", [timed.work()]))))
    execution = timed.start()
    assert timed.execution(execution)["status"] == "InProgress"
    assert timed.executions()[-1]["pipelineExecutionId"] == execution
    history = timed.codepipeline.list_action_executions
    assert "actionExecutionDetails" in history(pipelineName=timed.name, filter={"pipelineExecutionId": execution})
    assert timed.stop(execution, abandon=True)["pipelineExecutionId"] == execution
    assert timed.execution(execution)["status"] == "Stopped"


def test_a_known_token_names_the_execution_whatever_else_is_asked_for(timed):
    timed.declare(("Deploy", [timed.work()]), variables=[{"name": "Env", "defaultValue": "test"}])
    token = str(uuid.uuid4())
    first = timed.begin(clientRequestToken=token)
    assert timed.start(clientRequestToken=token, variables=[{"name": "Env", "value": "prod"}]) == first
    timed.update(variables=[{"name": "Size", "defaultValue": "s"}])
    assert timed.start(clientRequestToken=token) == first
    assert len(timed.executions()) == 2


def test_neither_an_update_nor_an_opened_way_starts_anything(timed):
    timed.declare(("Deploy", [timed.work()]))
    timed.hold("Deploy")
    timed.release("Deploy")
    timed.update(variables=[{"name": "Env", "defaultValue": "test"}])
    timed.clock.settle()
    assert len(timed.executions()) == 1


@pytest.mark.parametrize("mode", ["QUEUED", "PARALLEL"])
def test_where_fifty_run_nothing_more_begins(timed, refused, mode):
    gate = declarations.condition("FAIL", declarations.variable_check("#{variables.Branch}", "EQ", "main"))
    sign = declarations.stage("Sign", declarations.approval(timeoutInMinutes=86_400), beforeEntry=gate)
    first = timed.declare(
        ("Deploy", [timed.work()]), sign, executionMode=mode, variables=[{"name": "Branch", "defaultValue": "dev"}]
    )
    timed.succeed(timed.take(first))
    assert timed.execution(first)["status"] == "Failed"
    timed.hold("Deploy")
    started = [timed.start() for _ in range(50)]
    timed.clock.settle()
    revision = {"revisionId": "7f3a", "revisionChangeId": "change-1", "created": timed.clock.now()}
    place = {"pipelineName": timed.name, "stageName": "Source", "actionName": "Fetch"}
    limit = ("ConcurrentPipelineExecutionsLimitExceededException", LIMIT.format(timed.name))
    assert refused(timed.start) == limit
    assert refused(timed.codepipeline.put_action_revision, **place, actionRevision=revision) == limit
    assert refused(timed.retry, stage="Sign", execution=first) == limit
    assert refused(timed.override, stage="Sign", execution=first, type="BEFORE_ENTRY") == limit
    assert len(timed.executions()) == 51
    timed.put_source("newer")
    timed.clock.settle()
    recorded = timed.executions()[-1]
    assert recorded["trigger"]["triggerType"] == "PollForSourceChanges"
    assert (recorded["status"], recorded["statusSummary"]) == ("Failed", LIMIT.format(timed.name))
    timed.stop(started[7])
    timed.override("Sign", first, "BEFORE_ENTRY")
    assert timed.execution(first)["status"] == "InProgress"
    assert refused(timed.start) == limit
