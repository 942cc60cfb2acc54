# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Stages that are run again, by hand and by themselves."""

from datetime import timedelta

import pytest
from support import declarations
from support.jobs import action_of, by_name

RETRY = {"result": "RETRY", "retryConfiguration": {"retryMode": "FAILED_ACTIONS"}}
BRANCH = {"variables": [{"name": "Branch", "defaultValue": "main"}]}
EQUALS_MAIN = declarations.variable_check("#{variables.Branch}", "EQ", "main")

# By hand


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


def test_a_retry_of_all_actions_checks_the_entry_again_and_one_of_failed_actions_does_not(timed):
    gate = declarations.condition("FAIL", EQUALS_MAIN)
    execution = timed.declare(declarations.stage("Deploy", timed.work(), beforeEntry=gate), **BRANCH)
    timed.fail(timed.take())
    timed.retry("Deploy", execution)
    assert len(timed.rules()) == 1
    timed.fail(timed.take(execution))
    timed.retry("Deploy", execution, "ALL_ACTIONS")
    assert len(timed.rules()) == 2
    timed.succeed(timed.take(execution))
    assert timed.execution(execution)["status"] == "Succeeded"


def test_where_a_success_condition_alone_failed_a_retry_checks_just_that(timed):
    healthy = declarations.variable_check("#{Shipped.Health}", "EQ", "green")
    gate = declarations.condition("FAIL", healthy)
    execution = timed.declare(declarations.stage("Deploy", timed.work(namespace="Shipped"), onSuccess=gate))
    timed.succeed(timed.take(), outputVariables={"Health": "red"})
    assert timed.inside("Deploy") == (execution, "Failed")
    timed.retry("Deploy", execution)
    assert timed.jobs() == []
    assert timed.inside("Deploy") == (execution, "Failed")
    assert [each["status"] for each in timed.rules()] == ["Failed", "Failed"]
    timed.retry("Deploy", execution, "ALL_ACTIONS")
    timed.succeed(timed.take(execution), outputVariables={"Health": "green"})
    assert timed.execution(execution)["status"] == "Succeeded"


def test_what_is_known_of_retries_goes_with_the_execution(timed):
    execution = timed.declare(("Deploy", [timed.work()]))
    assert "retryStageMetadata" not in timed.stage("Deploy")
    for count in (1, 2):
        timed.fail(timed.take(execution))
        timed.retry("Deploy", execution)
        assert timed.stage("Deploy")["retryStageMetadata"] == {
            "manualStageRetryAttempt": count, "latestRetryTrigger": "ManualStageRetry"
        }
    timed.fail(timed.take(execution))
    timed.begin()
    assert "retryStageMetadata" not in timed.stage("Deploy")


# By themselves


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


@pytest.mark.parametrize(
    ("handling", "again"),
    [
        ({"result": "RETRY"}, ["Test"]),
        (RETRY, ["Test"]),
        ({"result": "RETRY", "retryConfiguration": {"retryMode": "ALL_ACTIONS"}}, ["Lint", "Test"]),
    ],
    ids=["plain", "failed", "all"],
)
def test_a_stage_that_retries_itself_waits_for_all_actions_and_runs_what_it_is_told(timed, handling, again):
    actions = [timed.work("Test"), timed.work("Lint")]
    execution = timed.declare(declarations.stage("Deploy", *actions, onFailure=handling))
    test, lint = by_name(timed.take_all(), "Test", "Lint")
    timed.fail(test)
    assert timed.jobs() == []
    timed.succeed(lint)
    jobs = timed.take_all()
    assert sorted(action_of(job) for job in jobs) == again
    for job in jobs:
        timed.succeed(job)
    assert timed.execution(execution)["status"] == "Succeeded"


def test_a_source_stage_retries_itself(timed):
    source = declarations.stage("Source", timed.custom_source(), onFailure=RETRY)
    declared = declarations.pipeline(timed.name, timed.bucket, ("Sign", [declarations.approval()]), pipelineType="V2")
    declared["stages"][0] = source
    timed.codepipeline.create_pipeline(pipeline=declared)
    timed.fail(timed.fetch())
    execution = timed.created_execution()
    assert timed.inside("Source") == (execution, "InProgress")
    timed.succeed(timed.fetch(), currentRevision={"revision": "7f3a", "changeIdentifier": "change-1"})
    assert timed.inside("Sign") == (execution, "InProgress")


def test_a_stage_whose_entry_was_refused_does_not_retry_itself(timed):
    gate = declarations.condition("FAIL", declarations.variable_check("#{variables.Branch}", "NE", "main"))
    stage = declarations.stage("Deploy", timed.work(), beforeEntry=gate, onFailure=RETRY)
    execution = timed.declare(stage, **BRANCH)
    assert timed.inside("Deploy") == (execution, "Failed")
    assert len(timed.rules()) == 1
    assert "retryStageMetadata" not in timed.stage("Deploy")


def test_a_rollback_does_not_retry_itself(timed):
    first = timed.declare(declarations.stage("Deploy", timed.work(), onFailure=RETRY))
    timed.succeed(timed.take(first))
    rollback = timed.roll_back("Deploy", first)
    timed.fail(timed.take(rollback))
    assert timed.execution(rollback)["status"] == "Failed"
    assert timed.jobs() == []
    timed.retry("Deploy", rollback)
    timed.succeed(timed.take(rollback))
    assert timed.execution(rollback)["status"] == "Succeeded"
