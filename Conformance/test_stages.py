# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""What happens inside of a stage: groups, failures, retries, stops, variables, revisions."""

import uuid
from datetime import timedelta

import pytest
from support import declarations
from support.jobs import action_of

RETRY = {"result": "RETRY", "retryConfiguration": {"retryMode": "FAILED_ACTIONS"}}


def by_name(jobs, *names):
    """The jobs of these actions, in this order."""
    jobs = {action_of(job): job for job in jobs}
    return [jobs.pop(name) for name in names]


# Run-order groups


def test_groups_run_one_after_the_other_and_their_actions_together(timed):
    actions = [
        timed.work("Last", runOrder=9),
        timed.work("Test", runOrder=1),
        timed.work("Lint", runOrder=1),
        timed.work("Publish", runOrder=5),
    ]
    execution = timed.declare(("Deploy", actions))
    started = []
    while jobs := timed.take_all():
        started.append({action_of(job) for job in jobs})
        timed.clock.advance("1m")
        for job in jobs:
            timed.succeed(job)
    assert started == [{"Test", "Lint"}, {"Publish"}, {"Last"}]
    assert timed.execution(execution)["status"] == "Succeeded"


def test_a_failure_lets_its_siblings_end_and_starts_no_further_group(timed, refused):
    actions = [timed.work("Test"), timed.work("Lint"), timed.work("Publish", runOrder=2)]
    execution = timed.declare(("Deploy", actions))
    test, lint = by_name(timed.take_all(), "Test", "Lint")
    timed.fail(test, "3 tests failed")
    assert timed.inside("Deploy") == (execution, "InProgress")
    assert refused(timed.retry, stage="Deploy", execution=execution, mode="ALL_ACTIONS")[0] == (
        "StageNotRetryableException"
    )
    timed.succeed(lint)
    assert timed.inside("Deploy") == (execution, "Failed")
    assert timed.jobs() == []
    assert timed.latest("Deploy", "Test")["errorDetails"] == {"code": "JobFailed", "message": "3 tests failed"}
    assert timed.execution(execution)["statusSummary"] == "Action 'Test' in stage 'Deploy' failed: 3 tests failed"


def test_a_failed_action_is_retried_beside_its_siblings(timed):
    actions = [timed.work("Test"), timed.work("Lint"), timed.work("Publish", runOrder=2)]
    execution = timed.declare(("Deploy", actions))
    test, lint = by_name(timed.take_all(), "Test", "Lint")
    timed.fail(test)
    timed.retry("Deploy", execution)
    timed.succeed(timed.take(execution))
    assert timed.jobs() == []
    timed.succeed(lint)
    timed.fail(timed.take(execution))
    assert timed.inside("Deploy") == (execution, "Failed")
    kept = timed.latest("Deploy", "Test")["actionExecutionId"]
    timed.retry("Deploy", execution)
    timed.succeed(timed.take(execution))
    assert timed.execution(execution)["status"] == "Succeeded"
    assert timed.latest("Deploy", "Test")["actionExecutionId"] == kept
    names = [each["actionName"] for each in timed.history() if each["stageName"] == "Deploy"]
    assert sorted(names) == ["Lint", "Publish", "Publish", "Test", "Test"]


def test_a_retry_of_all_actions_runs_all_of_them(timed):
    actions = [timed.work("Test"), timed.work("Publish", runOrder=2)]
    execution = timed.declare(("Deploy", actions))
    timed.succeed(timed.take())
    timed.fail(timed.take())
    timed.retry("Deploy", execution, "ALL_ACTIONS")
    for name in ("Test", "Publish"):
        job = timed.take(execution)
        assert action_of(job) == name
        timed.succeed(job)
    assert timed.execution(execution)["status"] == "Succeeded"
    assert timed.stage("Deploy")["retryStageMetadata"]["manualStageRetryAttempt"] == 1


# Automatic retry


def test_a_stage_is_retried_by_itself_once(timed):
    execution = timed.declare(declarations.stage("Deploy", timed.work(), onFailure=RETRY))
    waiting = timed.begin()
    timed.fail(timed.take(execution))
    assert timed.execution(execution)["status"] == "InProgress"
    assert timed.stage("Deploy")["retryStageMetadata"] == {
        "autoStageRetryAttempt": 1,
        "latestRetryTrigger": "AutomatedStageRetry",
    }
    assert timed.waiting("Deploy") == [waiting]
    timed.hold("Deploy")
    timed.fail(timed.take(execution))
    assert timed.execution(execution)["status"] == "Failed"
    timed.retry("Deploy", execution)
    metadata = timed.stage("Deploy")["retryStageMetadata"]
    assert (metadata["manualStageRetryAttempt"], metadata["latestRetryTrigger"]) == (1, "ManualStageRetry")
    timed.fail(timed.take(execution))
    assert timed.execution(execution)["status"] == "Failed"
    assert [each["status"] for each in timed.history("Ship")] == ["Failed"] * 3


def test_a_timeout_leads_to_the_automatic_retry_and_the_retry_has_its_own_time(timed):
    execution = timed.declare(declarations.stage("Deploy", timed.work(), onFailure=RETRY))
    begun = timed.clock.now()
    timed.clock.advance("30d")
    assert timed.execution(execution)["status"] == "Failed"
    day = timedelta(days=1)
    spans = [(each["startTime"] - begun, each["lastUpdateTime"] - begun) for each in timed.history("Ship")]
    assert spans == [(0 * day, day), (day, 2 * day)]


# Stops


def test_a_stop_waits_for_what_runs_until_it_is_told_to_abandon(timed, refused):
    actions = [declarations.approval("SignOff"), timed.work("Load"), timed.work("Publish", runOrder=2)]
    execution = timed.declare(("Release", actions))
    token = timed.latest("Release", "SignOff")["token"]
    job = timed.take(execution)
    timed.stop(execution)
    assert timed.inside("Release") == (execution, "Stopping")
    assert refused(timed.stop, execution=execution)[0] == "DuplicatedStopRequestException"
    timed.succeed(job)
    assert timed.execution(execution)["status"] == "Stopping"
    timed.stop(execution, abandon=True)
    assert timed.inside("Release") == (execution, "Stopped")
    assert timed.latest("Release", "SignOff")["status"] == "Abandoned"
    answer = {"stage": "Release", "action": "SignOff", "token": token}
    assert refused(timed.answer, **answer)[0] == "InvalidApprovalTokenException"
    timed.retry("Release", execution)
    assert timed.latest("Release", "Load")["status"] == "Succeeded"
    timed.answer("Release", "SignOff", timed.latest("Release", "SignOff")["token"])
    timed.succeed(timed.take(execution))
    assert timed.execution(execution)["status"] == "Succeeded"


def test_an_approval_is_answered_while_its_execution_stops(timed):
    execution = timed.declare(("Sign", [declarations.approval()]), ("Deploy", [timed.work()]))
    timed.stop(execution)
    timed.answer("Sign", "Approve", timed.latest("Sign", "Approve")["token"])
    assert timed.execution(execution)["status"] == "Stopped"
    assert timed.latest("Sign", "Approve")["status"] == "Succeeded"
    assert timed.jobs() == []
    timed.retry("Sign", execution)
    assert timed.take(execution)


def test_a_stopping_execution_stops_at_the_timeout_of_what_it_waits_for(timed):
    execution = timed.declare(declarations.stage("Deploy", timed.work(), onFailure=RETRY))
    timed.take(execution)
    timed.stop(execution)
    timed.clock.advance("1d")
    assert timed.execution(execution)["status"] == "Stopped"
    assert timed.latest("Deploy", "Ship")["status"] == "Failed"


# Variables


def test_variables_of_a_pipeline_come_from_the_start_or_from_their_defaults(timed, refused):
    first = timed.declare(
        ("Deploy", [timed.work()]), variables=[{"name": "Env"}, {"name": "Size", "defaultValue": "s"}]
    )
    shown = timed.execution(first)
    assert shown["status"] == "Failed"
    assert shown["statusSummary"] == "Values for required variables haven't been provided: Env"
    assert "variables" not in shown
    token = str(uuid.uuid4())
    second = timed.begin(variables=[{"name": "Env", "value": "prod"}], clientRequestToken=token)
    resolved = {each["name"]: each["resolvedValue"] for each in timed.execution(second)["variables"]}
    assert resolved == {"Env": "prod", "Size": "s"}
    twice = [{"name": "Env", "value": "prod"}, {"name": "Env", "value": "test"}]
    code, message = refused(timed.start, variables=twice, clientRequestToken=token)
    assert (code, "Env" in message) == ("ValidationException", True)
    assert refused(timed.start, variables=[{"name": "Absent", "value": "x"}])[0] == "ValidationException"
    assert len(timed.executions()) == 2


def test_what_an_action_puts_out_is_what_later_ones_are_configured_with(timed):
    name = {"name": "Harbour", "required": True, "key": True, "secret": False}
    timed.create_custom_type([name])
    ship = timed.work(configuration={"Harbour": "#{Made.Port} of #{variables.Env}"})
    make = timed.work("Make", configuration={"Harbour": "none"}, namespace="Made")
    timed.declare(
        ("Build", [make]), ("Deploy", [ship]), type=False, variables=[{"name": "Env", "defaultValue": "test"}]
    )
    timed.succeed(timed.take(), outputVariables={"Port": "Kiel"})
    job = timed.take()
    assert job["data"]["actionConfiguration"]["configuration"] == {"Harbour": "Kiel of test"}
    (history,) = timed.history("Ship")
    assert history["input"]["configuration"] == {"Harbour": "#{Made.Port} of #{variables.Env}"}
    assert history["input"]["resolvedConfiguration"] == {"Harbour": "Kiel of test"}


def test_a_variable_that_nobody_put_out_fails_the_action(timed):
    name = {"name": "Harbour", "required": True, "key": True, "secret": False}
    timed.create_custom_type([name])
    ship = timed.work(configuration={"Harbour": "#{Made.Port}"})
    make = timed.work("Make", configuration={"Harbour": "none"}, namespace="Made")
    execution = timed.declare(("Build", [make]), ("Deploy", [ship]), type=False)
    timed.succeed(timed.take())
    assert timed.execution(execution)["status"] == "Failed"
    error = timed.latest("Deploy", "Ship")["errorDetails"]
    assert error["code"] == "ConfigurationError"
    assert error["message"].endswith("Action name=Ship (unresolved: #{Made.Port})")


# Revisions


def test_a_put_revision_starts_an_execution_once(timed):
    source = declarations.type_id("Source", "Custom", f"S{timed.name}")
    timed.create_custom_type(type=source, inputs=(0, 0), outputs=(1, 1))
    timed.create_custom_type()
    fetch = declarations.action("Fetch", source, inputs=(), outputs=["Source"])
    declared = declarations.pipeline(timed.name, timed.bucket, ("Deploy", [timed.work()]))
    declared["stages"][0] = declarations.stage("Source", fetch)
    timed.codepipeline.create_pipeline(pipeline=declared)
    revision = {"revisionId": "7f3a", "revisionChangeId": "change-1", "created": timed.clock.now()}
    place = {"pipelineName": timed.name, "stageName": "Source", "actionName": "Fetch"}
    put = timed.codepipeline.put_action_revision
    first = put(**place, actionRevision=revision)
    again = put(**place, actionRevision=revision)
    other = put(**place, actionRevision={**revision, "revisionChangeId": "change-2"})
    assert [each["newRevision"] for each in (first, again, other)] == [True, False, True]
    assert again["pipelineExecutionId"] == first["pipelineExecutionId"]
    assert [each["trigger"]["triggerType"] for each in timed.executions()][1:] == ["PutActionRevision"] * 2
    assert timed.action("Source", "Fetch")["currentRevision"]["revisionId"] == "7f3a"


def test_an_execution_keeps_the_revision_that_it_began_with(timed):
    old = timed.put_source("old")
    first = timed.declare(("Deploy", [timed.work()]), source=False)
    job = timed.take(first)
    new = timed.put_source("new")
    timed.clock.settle()
    assert [each["sourceRevisions"][0]["revisionId"] for each in timed.executions()] == [old, new]
    timed.fail(job)
    second = timed.executions()[-1]["pipelineExecutionId"]
    assert timed.inside("Deploy") == (second, "InProgress")
    place = timed.take(second)["data"]["inputArtifacts"][0]
    assert place["revision"] == new


@pytest.mark.parametrize("polls", ["false", "true"])
def test_a_source_starts_its_pipeline_if_it_polls(timed, polls):
    timed.put_source("old")
    declared = declarations.pipeline(timed.name, timed.bucket, ("Sign", [declarations.approval()]))
    declared["stages"][0]["actions"][0]["configuration"]["PollForSourceChanges"] = polls
    timed.codepipeline.create_pipeline(pipeline=declared)
    timed.put_source("new")
    timed.clock.settle()
    triggers = [each["trigger"]["triggerType"] for each in timed.executions()]
    assert triggers == (["CreatePipeline"] if polls == "false" else ["PollForSourceChanges"] * 2)
