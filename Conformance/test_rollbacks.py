# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Stages that go back to what succeeded in them before, by themselves and by hand."""

import json
import uuid

import pytest
from support import declarations

BRANCH = {"variables": [{"name": "Branch", "defaultValue": "main"}]}


def on_branch(name):
    return {"variables": [{"name": "Branch", "value": name}]}


def deploying(timed, **gates):
    """A pipeline whose stage Deploy has these gates; returns its first execution, which is of the branch main."""
    return timed.declare(declarations.stage("Deploy", timed.work(), **gates), **BRANCH)


# By themselves


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


def test_a_timeout_rolls_back(timed):
    first = deploying(timed, onFailure={"result": "ROLLBACK"})
    timed.succeed(timed.take(first))
    second = timed.begin()
    timed.take(second)
    timed.clock.advance("1d")
    rolled_back(timed, to=first, because_of=second)


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


def test_a_failure_condition_decides_whether_to_roll_back(timed):
    back = declarations.condition("ROLLBACK", declarations.variable_check("#{variables.Branch}", "NE", "main"))
    first = deploying(timed, onFailure=back)
    timed.succeed(timed.take(first))
    second = timed.begin(**on_branch("dev"))
    timed.fail(timed.take(second))
    assert timed.inside("Deploy") == (second, "Failed")
    assert timed.gate("Deploy", "onFailure") == ("Succeeded", ["Succeeded"])
    third = timed.begin()
    timed.fail(timed.take(third))
    rolled_back(timed, to=first, because_of=third)


def test_the_newest_success_of_the_stage_is_what_it_goes_back_to(timed):
    first = deploying(timed, onFailure={"result": "ROLLBACK"})
    timed.succeed(timed.take(first))
    second = timed.begin()
    timed.succeed(timed.take(second))
    third = timed.begin()
    timed.fail(timed.take(third))
    rollback = rolled_back(timed, to=second, because_of=third)
    fourth = timed.begin()
    timed.fail(timed.take(fourth))
    assert rollback != rolled_back(timed, to=second, because_of=fourth), "a rollback is nothing to go back to"


def test_what_succeeded_under_an_older_version_is_nothing_to_go_back_to(timed):
    first = deploying(timed, onFailure={"result": "ROLLBACK"})
    timed.succeed(timed.take(first))
    timed.update(variables=[{"name": "Branch", "defaultValue": "dev"}])
    second = timed.begin()
    timed.fail(timed.take(second))
    assert [each["status"] for each in timed.executions()] == ["Succeeded", "Failed"]


def test_a_stage_whose_success_was_refused_is_nothing_to_go_back_to(timed):
    healthy = declarations.variable_check("#{Shipped.Health}", "EQ", "green")
    gate = declarations.condition("FAIL", healthy)
    first = timed.declare(
        declarations.stage(
            "Deploy", timed.work(namespace="Shipped"), onSuccess=gate, onFailure={"result": "ROLLBACK"}
        )
    )
    timed.succeed(timed.take(first), outputVariables={"Health": "red"})
    second = timed.begin()
    timed.fail(timed.take(second))
    assert [each["status"] for each in timed.executions()] == ["Failed", "Failed"]
    filter = {"succeededInStage": {"stageName": "Deploy"}}
    listing = timed.codepipeline.list_pipeline_executions
    assert listing(pipelineName=timed.name, filter=filter)["pipelineExecutionSummaries"] == []


# By hand


def test_a_stage_is_rolled_back_by_hand(timed, refused):
    first = deploying(timed)
    timed.succeed(timed.take(first))
    second = timed.begin()
    timed.succeed(timed.take(second))
    back = timed.roll_back("Deploy", first)
    third = timed.executions()[-1]
    assert (third["pipelineExecutionId"], third["trigger"]["triggerType"]) == (back, "ManualRollback")
    assert refused(timed.roll_back, stage="Deploy", target=second)[0] == "UnableToRollbackStageException"
    timed.succeed(timed.take(back))
    assert timed.execution(back)["status"] == "Succeeded"
    assert refused(timed.roll_back, stage="Deploy", target=back)[0] == "UnableToRollbackStageException"
    timed.update(variables=[{"name": "Branch", "defaultValue": "dev"}])
    assert refused(timed.roll_back, stage="Deploy", target=first)[0] == "PipelineExecutionOutdatedException"


def test_a_rollback_shows_what_it_goes_back_to(timed):
    old = timed.put_source("old")
    first = timed.declare(("Deploy", [timed.work()]), source=False, executionMode="QUEUED", **BRANCH)
    timed.succeed(timed.take(first))
    timed.put_source("new")
    timed.clock.settle()
    timed.succeed(timed.take())
    rollback = timed.roll_back("Deploy", first)
    shown = timed.execution(rollback)
    detail = shown["trigger"].pop("triggerDetail")
    assert json.loads(detail) == {"AwsUserArn": timed.caller()}
    assert shown == {
        "pipelineName": timed.name,
        "pipelineVersion": 1,
        "pipelineExecutionId": rollback,
        "status": "InProgress",
        "artifactRevisions": timed.execution(first)["artifactRevisions"],
        "variables": [{"name": "Branch", "resolvedValue": "main"}],
        "trigger": {"triggerType": "ManualRollback"},
        "executionMode": "QUEUED",
        "executionType": "ROLLBACK",
        "rollbackMetadata": {"rollbackTargetPipelineExecutionId": first},
    }
    assert shown["artifactRevisions"][0]["revisionId"] == old
    assert timed.stage("Deploy")["latestExecution"] == {
        "pipelineExecutionId": rollback, "status": "InProgress", "type": "ROLLBACK"
    }


def test_a_rollback_runs_the_whole_stage_and_no_other(timed):
    actions = [declarations.approval("SignOff"), timed.work(runOrder=2)]
    first = timed.declare(("Release", actions), ("Tell", [timed.work("Call")]))
    timed.answer("Release", "SignOff", timed.latest("Release", "SignOff")["token"])
    for _ in range(2):
        timed.succeed(timed.take(first))
    timed.hold("Release")
    waiting = timed.begin()
    rollback = timed.roll_back("Release", first)
    assert timed.waiting("Release") == [waiting], "no transition holds a rollback up, and nobody goes first"
    timed.answer("Release", "SignOff", timed.latest("Release", "SignOff")["token"])
    timed.succeed(timed.take(rollback))
    assert timed.execution(rollback)["status"] == "Succeeded"
    assert timed.inside("Tell") == (first, "Succeeded")
    assert timed.inside("Source") == (waiting, "Succeeded")
    names = [each["actionName"] for each in timed.history() if each["pipelineExecutionId"] == rollback]
    assert sorted(names) == ["Ship", "SignOff"]


def test_a_rollback_knows_what_earlier_stages_of_its_target_put_out(timed):
    harbour = {"name": "Harbour", "required": True, "key": True, "secret": False}
    timed.create_custom_type([harbour])
    make = timed.work("Make", configuration={"Harbour": "none"}, namespace="Made")
    ship = timed.work(configuration={"Harbour": "#{Made.Port} by #{codepipeline.PipelineExecutionId}"})
    first = timed.declare(("Build", [make]), ("Deploy", [ship]), type=False)
    for port in ("Kiel", "Hull"):
        timed.succeed(timed.take(), outputVariables={"Port": port})
        timed.succeed(timed.take())
        timed.begin()
    timed.stop(timed.executions()[-1]["pipelineExecutionId"], abandon=True)
    rollback = timed.roll_back("Deploy", first)
    told = timed.take(rollback)["data"]["actionConfiguration"]["configuration"]["Harbour"]
    assert told == f"Kiel by {rollback}"


def test_a_rollback_passes_by_conditions(timed):
    main = declarations.variable_check("#{variables.Branch}", "EQ", "main")
    never = declarations.variable_check("#{Shipped.Health}", "EQ", "green")
    gates = {"beforeEntry": declarations.condition("FAIL", main), "onSuccess": declarations.condition("FAIL", never)}
    first = timed.declare(declarations.stage("Deploy", timed.work(namespace="Shipped"), **gates), **BRANCH)
    timed.succeed(timed.take(first), outputVariables={"Health": "green"})
    count = len(timed.rules())
    rollback = timed.roll_back("Deploy", first)
    timed.succeed(timed.take(rollback), outputVariables={"Health": "red"})
    assert timed.execution(rollback)["status"] == "Succeeded"
    assert len(timed.rules()) == count
    assert "beforeEntryConditionState" not in timed.stage("Deploy")


def test_a_rollback_is_stopped_and_retried_as_any_other(timed):
    first = deploying(timed)
    timed.succeed(timed.take(first))
    rollback = timed.roll_back("Deploy", first)
    timed.stop(rollback, abandon=True)
    assert timed.inside("Deploy") == (rollback, "Stopped")
    timed.retry("Deploy", rollback)
    timed.succeed(timed.take(rollback))
    assert timed.execution(rollback)["status"] == "Succeeded"


def test_a_stage_that_was_stopped_is_rolled_back_and_the_next_comes_after(timed):
    first = deploying(timed)
    timed.succeed(timed.take(first))
    second = timed.begin()
    timed.stop(second, abandon=True)
    rollback = timed.roll_back("Deploy", first)
    third = timed.begin()
    assert timed.waiting("Deploy") == [third]
    timed.succeed(timed.take(rollback))
    assert timed.inside("Deploy") == (third, "InProgress")


def test_a_rollback_whose_artifact_is_gone_fails_and_names_it(timed):
    first = deploying(timed)
    job = timed.take(first)
    place = job["data"]["inputArtifacts"][0]["location"]["s3Location"]
    timed.succeed(job)
    for version in timed.s3.list_object_versions(Bucket=place["bucketName"], Prefix=place["objectKey"])["Versions"]:
        timed.s3.delete_object(Bucket=place["bucketName"], Key=version["Key"], VersionId=version["VersionId"])
    rollback = timed.roll_back("Deploy", first)
    timed.clock.settle()
    assert timed.execution(rollback)["status"] == "Failed"
    error = timed.latest("Deploy", "Ship")["errorDetails"]
    assert (error["code"], "'Source'" in error["message"]) == ("ConfigurationError", True)


def test_rollbacks_that_make_no_sense_are_refused(timed, refused):
    first = timed.declare(("Deploy", [timed.work()]), ("Tell", [timed.work("Call")]))
    timed.succeed(timed.take(first))
    timed.fail(timed.take(first))
    unknown = str(uuid.uuid4())
    assert refused(timed.roll_back, stage="Deploy", target="no-id")[0] == "ValidationException"
    assert refused(timed.roll_back, stage="Absent", target=first) == (
        "StageNotFoundException", f"Pipeline '{timed.name}' does not have a stage with name 'Absent'"
    )
    assert refused(timed.roll_back, stage="Deploy", target=unknown) == (
        "PipelineExecutionNotFoundException",
        f"Pipeline Execution with id '{unknown}' does not exist in pipeline with name '{timed.name}'",
    )
    for stage in ("Source", "Tell"):
        assert refused(timed.roll_back, stage=stage, target=first)[0] == "UnableToRollbackStageException", stage
    assert timed.roll_back("Deploy", first), "it succeeded there, though it failed later"


def test_a_parallel_pipeline_is_not_rolled_back(timed, refused):
    first = timed.declare(("Deploy", [timed.work()]), executionMode="PARALLEL")
    timed.succeed(timed.take(first))
    assert refused(timed.roll_back, stage="Deploy", target=first)[0] == "UnableToRollbackStageException"


@pytest.mark.parametrize(
    "handling",
    [
        {"result": "ROLLBACK"},
        declarations.condition("ROLLBACK", declarations.variable_check("#{variables.Branch}", "EQ", "main")),
    ],
    ids=["result", "condition"],
)
def test_a_parallel_pipeline_declares_no_rollbacks(timed, refused, handling):
    timed.create_custom_type()
    deploy = declarations.stage("Deploy", timed.work(), onFailure=handling)
    declared = declarations.pipeline(timed.name, timed.bucket, deploy, executionMode="PARALLEL", **BRANCH)
    code, message = refused(timed.codepipeline.create_pipeline, pipeline=declared)
    assert code == "InvalidStageDeclarationException"
    assert message == "Failure conditions with rollback result type cannot be added to a PARALLEL pipeline."
