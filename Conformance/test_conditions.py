# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Conditions at the gates of stages, and what they lead to."""

import json

import pytest
from support import declarations

# No minute of any year.
NEVER = "0 0 0 30 2 ? *"
EQUALS_MAIN = declarations.variable_check("#{variables.Branch}", "EQ", "main")
BRANCH = {"variables": [{"name": "Branch", "defaultValue": "main"}]}


def on_branch(name):
    return {"variables": [{"name": "Branch", "value": name}]}


def deploying(timed, **gates):
    """A pipeline whose stage Deploy has these gates; returns its first execution, which is of the branch main."""
    return timed.declare(declarations.stage("Deploy", timed.work(), **gates), **BRANCH)


def window(cron, zone=None, name="Window", **members):
    configuration = {"Cron": cron, **({"TimeZone": zone} if zone else {})}
    return declarations.rule(name, "DeploymentWindow", configuration, **members)


# Entry


def test_an_entry_condition_that_holds_lets_in(timed):
    execution = deploying(timed, beforeEntry=declarations.condition("FAIL", EQUALS_MAIN))
    assert timed.gate("Deploy", "beforeEntry") == ("Succeeded", ["Succeeded"])
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
    assert timed.gate("Deploy", "beforeEntry") == ("Failed", ["Failed"])
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
    assert refused(timed.roll_back, stage="Deploy", target=second)[0] == "UnableToRollbackStageException"
    overridden = refused(timed.override, stage="Deploy", execution=second, type="BEFORE_ENTRY")
    assert overridden[0] == "ConditionNotOverridableException"


def test_an_execution_whose_last_stage_is_skipped_has_succeeded(timed):
    deploying(timed, beforeEntry=declarations.condition("SKIP", EQUALS_MAIN))
    timed.succeed(timed.take())
    second = timed.begin(**on_branch("dev"))
    assert timed.inside("Deploy") == (second, "Skipped")
    assert timed.execution(second)["status"] == "Succeeded"
    assert timed.action("Deploy", "Ship") == {"actionName": "Ship"}
    filter = {"succeededInStage": {"stageName": "Deploy"}}
    listed = timed.codepipeline.list_pipeline_executions(pipelineName=timed.name, filter=filter)
    assert second not in [each["pipelineExecutionId"] for each in listed["pipelineExecutionSummaries"]]


def test_a_failed_entry_condition_is_overridden(timed):
    deploying(timed, beforeEntry=declarations.condition("FAIL", EQUALS_MAIN))
    timed.succeed(timed.take())
    second = timed.begin(**on_branch("dev"))
    timed.override("Deploy", second, "BEFORE_ENTRY")
    assert timed.gate("Deploy", "beforeEntry")[0] == "Overridden"
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
    assert timed.gate("Deploy", "beforeEntry")[0] == ("Succeeded" if passes else "Failed")
    assert len(timed.jobs()) == (1 if passes else 0)


def test_a_check_of_a_variable_that_nobody_put_out_is_an_error_and_counts_as_failed(timed):
    check = declarations.variable_check("#{Made.Port}", "EQ", "Kiel")
    gated = declarations.stage("Deploy", timed.work(), beforeEntry=declarations.condition("FAIL", check))
    execution = timed.declare(("Build", [timed.work("Make", namespace="Made")]), gated)
    timed.succeed(timed.take(execution))
    assert timed.inside("Deploy") == (execution, "Failed")
    assert timed.gate("Deploy", "beforeEntry") == ("Errored", ["Failed"])


def test_all_rules_of_a_condition_must_hold(timed):
    length = declarations.variable_check("#{variables.Branch}", "NE", "dev", name="NotDev")
    deploying(timed, beforeEntry=declarations.condition("FAIL", EQUALS_MAIN, length))
    assert timed.gate("Deploy", "beforeEntry") == ("Succeeded", ["Succeeded", "Succeeded"])
    timed.succeed(timed.take())
    timed.begin(**on_branch("test"))
    assert timed.gate("Deploy", "beforeEntry")[0] == "Failed"


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
    assert timed.gate("Deploy", "onSuccess") == ("Failed", ["Failed"])
    timed.override("Deploy", execution, "ON_SUCCESS")
    assert timed.execution(execution)["status"] == "Succeeded"


def test_a_stage_whose_success_is_in_question_holds_its_lock(timed):
    execution = timed.declare(
        declarations.stage("Deploy", timed.work(), onSuccess=declarations.condition("FAIL", window(NEVER)))
    )
    timed.succeed(timed.take(execution))
    second = timed.begin()
    assert timed.inside("Deploy") == (execution, "InProgress")
    assert timed.waiting("Deploy") == [second]
    timed.override("Deploy", execution, "ON_SUCCESS")
    assert [each["status"] for each in timed.rules()] == ["Abandoned"]
    assert timed.execution(execution)["status"] == "Succeeded"
    assert timed.inside("Deploy") == (second, "InProgress")


# While rules are checked


def closed(timed, *rules, **gates):
    """A pipeline that stands in front of a window that never opens; returns its execution."""
    gate = declarations.condition("FAIL", window(NEVER), *rules)
    return deploying(timed, beforeEntry=gate, **gates)


def test_a_rule_that_fails_ends_the_others(timed):
    not_main = declarations.variable_check("#{variables.Branch}", "NE", "main")
    execution = closed(timed, not_main)
    assert timed.inside("Deploy") == (execution, "Failed")
    assert timed.gate("Deploy", "beforeEntry") == ("Failed", ["Abandoned", "Failed"])


def test_a_stop_ends_a_condition_and_a_retry_begins_it_anew(timed):
    execution = closed(timed)
    timed.stop(execution)
    assert timed.inside("Deploy") == (execution, "Stopped")
    assert timed.gate("Deploy", "beforeEntry") == ("Abandoned", ["Abandoned"])
    timed.retry("Deploy", execution, "ALL_ACTIONS")
    timed.clock.settle()
    assert timed.gate("Deploy", "beforeEntry") == ("InProgress", ["InProgress"])
    assert sorted(each["status"] for each in timed.rules()) == ["Abandoned", "InProgress"]


def test_an_update_ends_a_condition(timed, refused):
    execution = closed(timed)
    timed.update(variables=[{"name": "Branch", "defaultValue": "dev"}])
    assert timed.execution(execution)["status"] == "Cancelled"
    assert timed.gate("Deploy", "beforeEntry") == ("Cancelled", ["Abandoned"])
    overridden = refused(timed.override, stage="Deploy", execution=execution, type="BEFORE_ENTRY")
    assert overridden[0] == "ConflictException"


def test_what_a_condition_shows(timed):
    execution = closed(timed, EQUALS_MAIN)
    state = timed.stage("Deploy")["beforeEntryConditionState"]
    (condition,) = state["conditionStates"]
    shut, holds = condition["ruleStates"]
    now = timed.clock.now()
    assert state["latestExecution"] == {"status": "InProgress"}
    assert condition["latestExecution"] == {"status": "InProgress", "lastStatusChange": now}
    (first, second) = sorted(timed.rules(), key=lambda each: each["ruleName"], reverse=True)
    assert shut == {
        "ruleName": "Window",
        "latestExecution": {
            "ruleExecutionId": first["ruleExecutionId"],
            "status": "InProgress",
            "summary": "The window never opens up to the end of 2199",
            "lastStatusChange": now,
        },
    }
    assert holds["latestExecution"]["summary"] == "'main' equals 'main'"
    assert first == {
        "pipelineExecutionId": execution,
        "ruleExecutionId": shut["latestExecution"]["ruleExecutionId"],
        "pipelineVersion": 1,
        "stageName": "Deploy",
        "ruleName": "Window",
        "startTime": now,
        "lastUpdateTime": now,
        "status": "InProgress",
        "input": {
            "ruleTypeId": {"category": "Rule", "owner": "AWS", "provider": "DeploymentWindow", "version": "1"},
            "configuration": {"Cron": NEVER},
            "resolvedConfiguration": {"Cron": NEVER},
            "region": "eu-central-1",
            "inputArtifacts": [],
        },
        "output": {},
    }
    assert second["output"]["executionResult"] == {"externalExecutionSummary": "'main' equals 'main'"}
    timed.override("Deploy", execution, "BEFORE_ENTRY")
    overridden = timed.stage("Deploy")["beforeEntryConditionState"]["conditionStates"][0]["ruleStates"][0]
    assert overridden["latestExecution"]["lastUpdatedBy"] == timed.caller()


def test_rule_executions_are_selected_as_those_of_actions_are(timed):
    first = deploying(timed, beforeEntry=declarations.condition("FAIL", EQUALS_MAIN))
    timed.fail(timed.take())
    timed.retry("Deploy", first, "ALL_ACTIONS")
    timed.stop(first, abandon=True)
    second = timed.begin()

    def ids(**filter):
        listed = timed.codepipeline.list_rule_executions(pipelineName=timed.name, filter=filter)
        return [(each["pipelineExecutionId"], each["status"]) for each in listed["ruleExecutionDetails"]]

    latest = {"pipelineExecutionId": first, "startTimeRange": "Latest"}
    assert sorted(ids()) == sorted([(second, "Succeeded"), *[(first, "Succeeded")] * 2])
    assert ids(pipelineExecutionId=first) == [(first, "Succeeded")] * 2
    assert ids(latestInPipelineExecution={**latest, "startTimeRange": "All"}) == [(first, "Succeeded")] * 2
    assert ids(latestInPipelineExecution=latest) == [(first, "Succeeded")]
    assert ids(pipelineExecutionId=second, latestInPipelineExecution=latest) == []


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (window("0 0 25 ? * * *"), "'Cron' is '0 0 25 ? * * *'"),
        (window("* * *"), "'Cron' is '* * *'"),
        (window(NEVER, "Mars/Olympus"), "'TimeZone' is 'Mars/Olympus', which is no known time zone"),
        (declarations.variable_check("#{variables.Branch}", "LIKE", "main"), "'Operator' is 'LIKE'"),
        (declarations.variable_check("#{variables.Branch}", "MATCHES", "ma(in"), "'Value' cannot be used as a pattern"),
    ],
    ids=["hour", "fields", "zone", "operator", "pattern"],
)
def test_a_rule_that_makes_no_sense_is_an_error_and_counts_as_failed(timed, rule, problem):
    execution = deploying(timed, beforeEntry=declarations.condition("FAIL", rule))
    assert timed.inside("Deploy") == (execution, "Failed")
    assert timed.gate("Deploy", "beforeEntry") == ("Errored", ["Failed"])
    (shown,) = timed.rules()
    error = shown["output"]["executionResult"]["errorDetails"]
    assert (error["code"], problem in error["message"]) == ("ConfigurationError", True)


# What is refused when it is declared


SKIP_WINDOW = declarations.condition("SKIP", window(NEVER))
ENTRY = declarations.condition("FAIL", EQUALS_MAIN)
BACK = declarations.condition("ROLLBACK", EQUALS_MAIN)
ALARM = declarations.condition("FAIL", declarations.rule("Alarm", "CloudWatchAlarm", {"AlarmName": "errors"}))


@pytest.mark.parametrize(
    ("stage", "gates", "code", "problem"),
    [
        (1, {"beforeEntry": SKIP_WINDOW}, "InvalidStageDeclarationException", "with the result SKIP"),
        (1, {"beforeEntry": BACK}, "InvalidStageDeclarationException", "result ROLLBACK is not allowed"),
        (1, {"onSuccess": {"conditions": [{**ENTRY["conditions"][0], "result": "SKIP"}]}},
         "InvalidStageDeclarationException", "result SKIP is not allowed"),
        (0, {"beforeEntry": ENTRY}, "InvalidStageDeclarationException", "it is the first one"),
        (0, {"onFailure": {"result": "ROLLBACK"}}, "InvalidStageDeclarationException", "it has the sources"),
        (0, {"onSuccess": BACK}, "InvalidStageDeclarationException", "it has the sources"),
        (1, {"onFailure": {"result": "RETRY", **BACK}}, "InvalidStageDeclarationException",
         "cannot have a failure exit gate configured with both top level result and conditions"),
        (1, {"beforeEntry": ALARM}, "InvalidStructureException", "Rules of type CloudWatchAlarm are not available"),
        (1, {"beforeEntry": declarations.condition("FAIL", *[EQUALS_MAIN] * 2)},
         "InvalidStageDeclarationException", "Rule name 'Check' is used more than once"),
        (1, {"beforeEntry": declarations.condition(
            "FAIL", *[{**EQUALS_MAIN, "name": f"Check{number}"} for number in range(6)])},
         "ValidationException", "rules"),
        (1, {"beforeEntry": {"conditions": ENTRY["conditions"] * 2}}, "ValidationException", "conditions"),
        (1, {"beforeEntry": declarations.condition("FAIL", declarations.rule("A", "VariableCheck", {"Value": "x"}))},
         "InvalidStageDeclarationException", "is missing required configuration 'Variable'"),
        (1, {"beforeEntry": declarations.condition(
            "FAIL", declarations.rule("A", "DeploymentWindow", {"Cron": "* * * * * ?", "Zone": "UTC"}))},
         "InvalidStageDeclarationException", "contains unknown configuration 'Zone'"),
        (1, {"beforeEntry": declarations.condition(
            "FAIL", {**EQUALS_MAIN, "ruleTypeId": {**EQUALS_MAIN["ruleTypeId"], "version": "2"}})},
         "InvalidStructureException", "Rules of type VariableCheck of version 2 are not available"),
    ],
    ids=[
        "skip-window", "entry-rollback", "success-skip", "first-entry", "first-rollback", "first-success",
        "retry-and-conditions", "alarm", "names", "rules", "conditions", "missing-key", "unknown-key", "version",
    ],
)
def test_gates_that_cannot_be_are_refused(timed, refused, stage, gates, code, problem):
    client = timed.server.client("codepipeline", parameter_validation=False)
    declared = declarations.pipeline(
        timed.name, timed.bucket, ("Sign", [declarations.approval()]), pipelineType="V2", **BRANCH
    )
    declared["stages"][stage].update(gates)
    found = refused(client.create_pipeline, pipeline=declared)
    assert (found[0], problem in found[1]) == (code, True), found


def test_a_v1_pipeline_has_no_gates(timed, refused):
    gated = declarations.stage("Sign", declarations.approval(), beforeEntry=ENTRY)
    declared = declarations.pipeline(timed.name, timed.bucket, gated, pipelineType="V1")
    assert refused(timed.codepipeline.create_pipeline, pipeline=declared) == (
        "InvalidStageDeclarationException", "Stage level conditions can only be used with V2 pipelines."
    )
