# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Conditions at the gates of stages, what they lead to, and rollbacks."""

import json

import pytest
from support import declarations

EQUALS_MAIN = declarations.variable_check("#{variables.Branch}", "EQ", "main")
BRANCH = {"variables": [{"name": "Branch", "defaultValue": "main"}]}


def on_branch(name):
    return {"variables": [{"name": "Branch", "value": name}]}


def deploying(timed, **gates):
    """A pipeline whose stage Deploy has these gates; returns its first execution, which is of the branch main."""
    return timed.declare(declarations.stage("Deploy", timed.work(), **gates), **BRANCH)


def override(timed, execution, type):
    return timed.codepipeline.override_stage_condition(
        pipelineName=timed.name, stageName="Deploy", pipelineExecutionId=execution, conditionType=type
    )


def gate(timed, name):
    """The status of the condition of the gate, and of its rules."""
    (state,) = timed.stage("Deploy")[f"{name}ConditionState"]["conditionStates"]
    return state["latestExecution"]["status"], [each["latestExecution"]["status"] for each in state["ruleStates"]]


# Entry


def test_an_entry_condition_that_holds_lets_in(timed):
    execution = deploying(timed, beforeEntry=declarations.condition("FAIL", EQUALS_MAIN))
    assert gate(timed, "beforeEntry") == ("Succeeded", ["Succeeded"])
    timed.succeed(timed.take(execution))
    assert timed.execution(execution)["status"] == "Succeeded"
    (rule,) = timed.rules()
    assert (rule["ruleName"], rule["status"]) == ("Check", "Succeeded")
    assert rule["input"]["resolvedConfiguration"]["Variable"] == "main"


def test_an_entry_condition_that_does_not_hold_fails_the_stage_before_anything_runs(timed):
    deploying(timed, beforeEntry=declarations.condition("FAIL", EQUALS_MAIN))
    timed.succeed(timed.take())
    second = timed.begin(**on_branch("dev"))
    assert timed.inside("Deploy") == (second, "Failed")
    assert gate(timed, "beforeEntry") == ("Failed", ["Failed"])
    assert timed.jobs() == []
    assert "'dev' does not equal 'main'" in json.dumps(timed.rules(), default=str)


def test_an_entry_condition_that_skips_goes_on_to_the_next_stage(timed, refused):
    skip = declarations.condition("SKIP", EQUALS_MAIN)
    first = timed.declare(
        declarations.stage("Deploy", timed.work(), beforeEntry=skip), ("Tell", [timed.work("Call")]), **BRANCH
    )
    for _ in range(2):
        timed.succeed(timed.take(first))
    second = timed.begin(**on_branch("dev"))
    assert timed.inside("Deploy") == (second, "Skipped")
    assert timed.inside("Tell") == (second, "InProgress")
    timed.succeed(timed.take(second))
    assert timed.execution(second)["status"] == "Succeeded"
    assert refused(timed.retry, stage="Deploy", execution=second)[0] == "StageNotRetryableException"
    rollback = {"pipelineName": timed.name, "stageName": "Deploy", "targetPipelineExecutionId": second}
    assert refused(timed.codepipeline.rollback_stage, **rollback)[0] == "UnableToRollbackStageException"
    skipped = refused(override, timed=timed, execution=second, type="BEFORE_ENTRY")
    assert skipped[0] == "ConditionNotOverridableException"


def test_a_failed_entry_condition_is_overridden(timed):
    deploying(timed, beforeEntry=declarations.condition("FAIL", EQUALS_MAIN))
    timed.succeed(timed.take())
    second = timed.begin(**on_branch("dev"))
    override(timed, second, "BEFORE_ENTRY")
    assert gate(timed, "beforeEntry")[0] == "Overridden"
    timed.succeed(timed.take(second))
    assert timed.execution(second)["status"] == "Succeeded"


def test_a_retry_after_an_entry_condition_failed_looks_again(timed):
    deploying(timed, beforeEntry=declarations.condition("FAIL", EQUALS_MAIN))
    timed.succeed(timed.take())
    second = timed.begin(**on_branch("dev"))
    timed.retry("Deploy", second)
    assert timed.inside("Deploy") == (second, "Failed")
    assert sorted(each["status"] for each in timed.rules()) == ["Failed", "Failed", "Succeeded"]


@pytest.mark.parametrize(
    ("branch", "operator", "value", "passes"),
    [
        ("main", "NE", "main", False),
        ("main", "NE", "dev", True),
        ("release/1.2", "CONTAINS", "release", True),
        ("dev", "CONTAINS", "release", False),
        ("release/1.2", "MATCHES", r"release/\d+\.\d+", True),
        ("release/1", "MATCHES", r"release/\d+\.\d+", False),
    ],
)
def test_a_check_compares_as_it_is_told(timed, branch, operator, value, passes):
    check = declarations.variable_check("#{variables.Branch}", operator, value)
    timed.declare(
        declarations.stage("Deploy", timed.work(), beforeEntry=declarations.condition("FAIL", check)),
        variables=[{"name": "Branch", "defaultValue": branch}],
    )
    assert gate(timed, "beforeEntry")[0] == ("Succeeded" if passes else "Failed")
    assert len(timed.jobs()) == (1 if passes else 0)


def test_a_check_of_a_variable_that_nobody_put_out_is_an_error_and_counts_as_failed(timed):
    check = declarations.variable_check("#{Made.Port}", "EQ", "Kiel")
    gated = declarations.stage("Deploy", timed.work(), beforeEntry=declarations.condition("FAIL", check))
    execution = timed.declare(("Build", [timed.work("Make", namespace="Made")]), gated)
    timed.succeed(timed.take(execution))
    assert timed.inside("Deploy") == (execution, "Failed")
    assert gate(timed, "beforeEntry") == ("Errored", ["Failed"])


def test_all_rules_of_a_condition_must_hold(timed):
    length = declarations.variable_check("#{variables.Branch}", "NE", "dev", name="NotDev")
    deploying(timed, beforeEntry=declarations.condition("FAIL", EQUALS_MAIN, length))
    assert gate(timed, "beforeEntry") == ("Succeeded", ["Succeeded", "Succeeded"])
    timed.succeed(timed.take())
    timed.begin(**on_branch("test"))
    assert gate(timed, "beforeEntry")[0] == "Failed"


# Success


def test_a_success_condition_fails_a_stage_whose_actions_succeeded(timed):
    healthy = declarations.variable_check("#{Shipped.Health}", "EQ", "green")
    execution = timed.declare(
        declarations.stage(
            "Deploy", timed.work(namespace="Shipped"), onSuccess=declarations.condition("FAIL", healthy)
        )
    )
    timed.succeed(timed.take(), outputVariables={"Health": "red"})
    assert timed.inside("Deploy") == (execution, "Failed")
    assert timed.latest("Deploy", "Ship")["status"] == "Succeeded"
    assert gate(timed, "onSuccess") == ("Failed", ["Failed"])
    override(timed, execution, "ON_SUCCESS")
    assert timed.execution(execution)["status"] == "Succeeded"


def test_a_success_condition_rolls_back_to_what_succeeded_before(timed):
    healthy = declarations.variable_check("#{Shipped.Health}", "EQ", "green")
    back = declarations.condition("ROLLBACK", healthy)
    first = timed.declare(declarations.stage("Deploy", timed.work(namespace="Shipped"), onSuccess=back))
    timed.succeed(timed.take(), outputVariables={"Health": "green"})
    assert timed.execution(first)["status"] == "Succeeded"
    second = timed.begin()
    timed.succeed(timed.take(second), outputVariables={"Health": "red"})
    assert timed.execution(second)["status"] == "Failed"
    rolled_back(timed, to=first, because_of=second)


# Failure and rollback


def rolled_back(timed, *, to, because_of):
    """Checks that the stage Deploy goes back to an execution because another one failed, and ends that; returns it."""
    newest = timed.executions()[-1]
    rollback = newest["pipelineExecutionId"]
    assert newest["executionType"] == "ROLLBACK"
    assert newest["trigger"]["triggerType"] == "AutomatedRollback"
    assert json.loads(newest["trigger"]["triggerDetail"]) == {"FailedPipelineExecutionId": because_of}
    assert newest["rollbackMetadata"]["rollbackTargetPipelineExecutionId"] == to
    assert timed.inside("Deploy") == (rollback, "InProgress")
    timed.succeed(timed.take(rollback))
    assert timed.execution(rollback)["status"] == "Succeeded"
    assert timed.stage("Deploy")["latestExecution"]["type"] == "ROLLBACK"
    return rollback


def test_a_failed_stage_rolls_back_and_who_waits_enters_afterwards(timed, refused):
    first = deploying(timed, onFailure={"result": "ROLLBACK"})
    timed.succeed(timed.take(first))
    second = timed.begin()
    third = timed.begin()
    timed.fail(timed.take(second))
    assert timed.execution(second)["status"] == "Failed"
    assert timed.waiting("Deploy") == [third]
    assert refused(timed.retry, stage="Deploy", execution=second)[0] == "NotLatestPipelineExecutionException"
    assert [each["pipelineExecutionId"] for each in timed.executions()][:3] == [first, second, third]
    rollback = timed.executions()[-1]["pipelineExecutionId"]
    timed.succeed(timed.take(rollback))
    assert timed.execution(rollback)["status"] == "Succeeded"
    assert timed.inside("Deploy") == (third, "InProgress")


def test_a_rollback_deploys_the_artifacts_and_variables_of_its_target(timed):
    old = timed.put_source("old")
    first = timed.declare(
        declarations.stage("Deploy", timed.work(), onFailure={"result": "ROLLBACK"}), source=False, **BRANCH
    )
    timed.succeed(timed.take(first))
    timed.put_source("new")
    timed.clock.settle()
    second = timed.executions()[-1]["pipelineExecutionId"]
    timed.fail(timed.take(second))
    rollback = timed.executions()[-1]["pipelineExecutionId"]
    shown = timed.execution(rollback)
    assert [each["revisionId"] for each in shown["artifactRevisions"]] == [old]
    assert shown["variables"] == [{"name": "Branch", "resolvedValue": "main"}]
    assert timed.take(rollback)["data"]["inputArtifacts"][0]["revision"] == old


def test_a_rollback_that_fails_leads_to_no_other(timed):
    first = deploying(timed, onFailure={"result": "ROLLBACK"})
    timed.succeed(timed.take(first))
    second = timed.begin()
    timed.fail(timed.take(second))
    rollback = timed.executions()[-1]["pipelineExecutionId"]
    timed.fail(timed.take(rollback))
    assert [each["status"] for each in timed.executions()] == ["Succeeded", "Failed", "Failed"]
    assert timed.jobs() == []


def test_without_a_success_there_is_nothing_to_roll_back_to(timed):
    first = deploying(timed, onFailure={"result": "ROLLBACK"})
    second = timed.begin()
    timed.fail(timed.take(first))
    assert timed.inside("Deploy") == (second, "InProgress")
    assert len(timed.executions()) == 2


def test_a_failure_condition_decides_whether_to_roll_back(timed):
    back = declarations.condition("ROLLBACK", declarations.variable_check("#{variables.Branch}", "NE", "main"))
    first = deploying(timed, onFailure=back)
    timed.succeed(timed.take(first))
    second = timed.begin(**on_branch("dev"))
    timed.fail(timed.take(second))
    assert timed.inside("Deploy") == (second, "Failed")
    assert gate(timed, "onFailure") == ("Succeeded", ["Succeeded"])
    third = timed.begin()
    timed.fail(timed.take(third))
    rolled_back(timed, to=first, because_of=third)


def test_a_timeout_rolls_back(timed):
    first = deploying(timed, onFailure={"result": "ROLLBACK"})
    timed.succeed(timed.take(first))
    second = timed.begin()
    timed.take(second)
    timed.clock.advance("1d")
    rolled_back(timed, to=first, because_of=second)


def test_a_stage_is_rolled_back_by_hand(timed, refused):
    first = deploying(timed)
    timed.succeed(timed.take(first))
    second = timed.begin()
    timed.succeed(timed.take(second))
    place = {"pipelineName": timed.name, "stageName": "Deploy"}
    back = timed.codepipeline.rollback_stage(**place, targetPipelineExecutionId=first)["pipelineExecutionId"]
    third = timed.executions()[-1]
    assert (third["pipelineExecutionId"], third["trigger"]["triggerType"]) == (back, "ManualRollback")
    busy = refused(timed.codepipeline.rollback_stage, **place, targetPipelineExecutionId=second)
    assert busy[0] == "UnableToRollbackStageException"
    timed.succeed(timed.take(back))
    assert timed.execution(back)["status"] == "Succeeded"
    again = refused(timed.codepipeline.rollback_stage, **place, targetPipelineExecutionId=back)
    assert again[0] == "UnableToRollbackStageException"
    timed.update(variables=[{"name": "Branch", "defaultValue": "dev"}])
    old = refused(timed.codepipeline.rollback_stage, **place, targetPipelineExecutionId=first)
    assert old[0] == "PipelineExecutionOutdatedException"
