# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""The job-worker protocol for partners, as boto3 and a partner's own worker see it."""

import json
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from support import declarations

WORKER = Path(__file__).parent / "workers" / "partner_worker.py"
FAILURE_TYPES = [
    "JobFailed",
    "ConfigurationError",
    "PermissionError",
    "RevisionOutOfSync",
    "RevisionUnavailable",
    "SystemUnavailable",
]


def test_a_failure_is_shown_wherever_people_look(world):
    name, connection = world.partner_pipeline()
    execution = world.created_execution()
    job = world.acknowledged_partner_job(connection["clientToken"])
    failure = {"type": "JobFailed", "message": "3 of 120 checks failed", "externalExecutionId": "run-17"}
    world.codepipeline.put_third_party_job_failure_result(
        jobId=job["id"], clientToken=connection["clientToken"], failureDetails=failure
    )

    world.ended(execution, "Failed")
    stage = world.stage("Test")
    assert stage["latestExecution"]["status"] == "Failed"
    latest = stage["actionStates"][0]["latestExecution"]
    assert latest["status"] == "Failed"
    assert latest["errorDetails"] == {"code": "JobFailed", "message": "3 of 120 checks failed"}
    assert latest["externalExecutionId"] == "run-17"
    history = world.codepipeline.list_action_executions(pipelineName=name)["actionExecutionDetails"]
    check = next(each for each in history if each["actionName"] == "Check")
    assert check["status"] == "Failed"
    result = check["output"]["executionResult"]
    assert result["errorDetails"] == {"code": "JobFailed", "message": "3 of 120 checks failed"}
    assert result["externalExecutionId"] == "run-17"
    listed = world.codepipeline.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]
    assert [each["status"] for each in listed] == ["Failed"]


@pytest.mark.parametrize("type", FAILURE_TYPES)
def test_each_failure_type_is_the_code_that_is_shown(world, type):
    _, connection = world.partner_pipeline()
    execution = world.created_execution()
    job = world.acknowledged_partner_job(connection["clientToken"])
    world.codepipeline.put_third_party_job_failure_result(
        jobId=job["id"], clientToken=connection["clientToken"], failureDetails={"type": type, "message": "no"}
    )
    world.ended(execution, "Failed")
    assert world.action("Test", "Check")["latestExecution"]["errorDetails"]["code"] == type


def test_the_job_of_a_partner_says_neither_account_nor_execution(world):
    _, connection = world.partner_pipeline()
    world.created_execution()
    job = world.next_partner_job()
    assert set(job) == {"clientId", "jobId"}
    assert job["clientId"] == connection["clientId"]
    details = world.codepipeline.get_third_party_job_details(
        jobId=job["jobId"], clientToken=connection["clientToken"]
    )["jobDetails"]
    assert set(details) == {"id", "data", "nonce"}
    context = details["data"]["pipelineContext"]
    assert "pipelineArn" not in context
    assert "pipelineExecutionId" not in context
    assert context["pipelineName"] == world.name
    assert context["stage"] == {"name": "Test"}
    assert context["action"]["name"] == "Check"
    assert details["data"]["outputArtifacts"] == []


def test_the_client_token_is_checked_on_every_call(world, refused):
    _, connection = world.partner_pipeline()
    world.created_execution()
    api = world.codepipeline
    job = world.next_partner_job()
    wrong = {"jobId": job["jobId"], "clientToken": "0" * 64}
    details = {"type": "JobFailed", "message": "no"}
    expected = ("InvalidClientTokenException", "The client token provided is not valid")
    assert refused(api.get_third_party_job_details, **wrong) == expected
    assert refused(api.acknowledge_third_party_job, nonce="1", **wrong) == expected
    assert refused(api.put_third_party_job_success_result, **wrong) == expected
    assert refused(api.put_third_party_job_failure_result, failureDetails=details, **wrong) == expected
    right = {"jobId": job["jobId"], "clientToken": connection["clientToken"]}
    assert api.get_third_party_job_details(**right)["jobDetails"]["id"] == job["jobId"]


@pytest.mark.parametrize("job_id", [str(uuid.uuid4()), "not-a-uuid"])
def test_an_unknown_job_is_not_found(world, refused, job_id):
    world.register_partner_type()
    api = world.codepipeline
    known = {"jobId": job_id, "clientToken": "0" * 64}
    details = {"type": "JobFailed", "message": "no"}
    code = "JobNotFoundException"
    assert refused(api.get_third_party_job_details, **known)[0] == code
    assert refused(api.acknowledge_third_party_job, nonce="1", **known)[0] == code
    assert refused(api.put_third_party_job_success_result, **known)[0] == code
    assert refused(api.put_third_party_job_failure_result, failureDetails=details, **known)[0] == code


def test_details_of_a_job_that_ended_are_refused(world, refused):
    _, connection = world.partner_pipeline()
    world.created_execution()
    token = connection["clientToken"]
    job = world.acknowledged_partner_job(token)
    world.codepipeline.put_third_party_job_success_result(jobId=job["id"], clientToken=token)
    assert refused(world.codepipeline.get_third_party_job_details, jobId=job["id"], clientToken=token)[0] == (
        "InvalidJobException"
    )


def test_a_failure_before_the_acknowledgement_is_refused(world, refused):
    _, connection = world.partner_pipeline()
    world.created_execution()
    job = world.next_partner_job()
    code, message = refused(
        world.codepipeline.put_third_party_job_failure_result,
        jobId=job["jobId"],
        clientToken=connection["clientToken"],
        failureDetails={"type": "JobFailed", "message": "no"},
    )
    assert (code, message) == (
        "InvalidJobStateException",
        f"Job '{job['jobId']}' is in state Dispatched and cannot be completed",
    )


def test_the_same_failure_again_is_answered_and_another_is_refused(world, refused):
    _, connection = world.partner_pipeline()
    world.created_execution()
    token = connection["clientToken"]
    job = world.acknowledged_partner_job(token)
    report = {
        "jobId": job["id"],
        "clientToken": token,
        "failureDetails": {"type": "JobFailed", "message": "no", "externalExecutionId": "1"},
    }
    world.codepipeline.put_third_party_job_failure_result(**report)
    again = world.codepipeline.put_third_party_job_failure_result(**report)
    assert again["ResponseMetadata"]["HTTPHeaders"]["content-length"] == "0"
    report["failureDetails"] = {"type": "JobFailed", "message": "another"}
    assert refused(world.codepipeline.put_third_party_job_failure_result, **report)[0] == "InvalidJobStateException"
    assert refused(world.codepipeline.put_third_party_job_success_result, jobId=job["id"], clientToken=token)[0] == (
        "InvalidJobStateException"
    )


def test_a_continuation_is_a_new_job_of_the_same_action_execution(world):
    _, connection = world.partner_pipeline()
    execution = world.created_execution()
    token = connection["clientToken"]
    first = world.acknowledged_partner_job(token)
    world.codepipeline.put_third_party_job_success_result(
        jobId=first["id"], clientToken=token, continuationToken="half", executionDetails={"percentComplete": 50}
    )
    second = world.acknowledged_partner_job(token)
    assert second["id"] != first["id"]
    assert second["data"]["continuationToken"] == "half"
    action = "pipelineContext"
    assert second["data"][action]["action"] == first["data"][action]["action"]
    assert world.action("Test", "Check")["latestExecution"]["percentComplete"] == 50
    world.codepipeline.put_third_party_job_success_result(jobId=second["id"], clientToken=token)
    world.ended(execution, "Succeeded")


def test_a_revoked_connection_is_no_longer_polled(world):
    name, connection = world.partner_pipeline()
    world.running("Test", "Check")
    world.server.penstock("connections", "revoke", connection["clientId"])
    assert world.codepipeline.poll_for_third_party_jobs(actionTypeId=world.partner)["jobs"] == []
    assert "not connected" in world.running("Test", "Check")["summary"]
    again = world.connect(name, "Test", "Check")
    assert world.next_partner_job()["clientId"] == again["clientId"]


def test_what_goes_on_after_a_revocation_waits_for_another_connection(world):
    name, connection = world.partner_pipeline()
    job = world.acknowledged_partner_job(connection["clientToken"])
    world.server.penstock("connections", "revoke", connection["clientId"])
    world.codepipeline.put_third_party_job_success_result(
        jobId=job["id"], clientToken=connection["clientToken"], continuationToken="half"
    )
    assert world.codepipeline.poll_for_third_party_jobs(actionTypeId=world.partner)["jobs"] == []
    again = world.connect(name, "Test", "Check")
    assert world.acknowledged_partner_job(again["clientToken"])["data"]["continuationToken"] == "half"


def test_an_update_that_removes_a_partners_action_revokes_its_connection_after_its_last_job(world):
    name, connection = world.partner_pipeline()
    token = connection["clientToken"]

    def live():
        listed = world.server.penstock("connections", "list", "--pipeline", name, "--output", "json")
        return [each["clientId"] for each in listed["connections"]]

    first = world.acknowledged_partner_job(token)
    declared = world.codepipeline.get_pipeline(name=name)["pipeline"]
    declared["stages"][1]["actions"] = [declarations.approval()]
    world.codepipeline.update_pipeline(pipeline=declared)
    assert live() == [connection["clientId"]]
    world.codepipeline.put_third_party_job_success_result(
        jobId=first["id"], clientToken=token, continuationToken="half"
    )
    last = world.acknowledged_partner_job(token)
    assert live() == [connection["clientId"]]
    world.codepipeline.put_third_party_job_success_result(jobId=last["id"], clientToken=token)
    assert live() == []
    again = world.connect(name, "Test", "Check")
    assert again["clientId"] != connection["clientId"]


def test_a_rotated_token_and_the_one_before_both_count(world):
    _, connection = world.partner_pipeline()
    rotated = world.server.penstock("connections", "rotate", connection["clientId"], "--output", "json")
    assert rotated["clientToken"] != connection["clientToken"]
    world.created_execution()
    job = world.next_partner_job()
    for token in (connection["clientToken"], rotated["clientToken"]):
        details = world.codepipeline.get_third_party_job_details(jobId=job["jobId"], clientToken=token)
        assert details["jobDetails"]["id"] == job["jobId"]


@pytest.fixture
def partner(world):
    """A partner's worker as a process of its own."""
    processes = []

    def run(connection):
        tokens = world.directory / "tokens.json"
        tokens.write_text(json.dumps({connection["clientId"]: connection["clientToken"]}))
        process = subprocess.Popen(
            [sys.executable, WORKER, world.partner["provider"], tokens], env=world.server.environment()
        )
        processes.append(process)

    yield run
    for process in processes:
        process.terminate()
        assert process.wait(timeout=30) == 0


VERDICT = [{"name": "Verdict", "optional": False, "key": True, "noEcho": False}]


def test_a_partners_worker_fails_a_pipeline(world, partner):
    name, connection = world.partner_pipeline(properties=VERDICT, configuration={"Verdict": "fail"})
    partner(connection)
    world.ended(world.created_execution(), "Failed")
    assert "did not pass" in world.action("Test", "Check")["latestExecution"]["errorDetails"]["message"]


def test_a_partners_worker_passes_a_pipeline_and_leaves_a_report(world, partner):
    name, connection = world.partner_pipeline(
        properties=VERDICT, configuration={"Verdict": "pass"}, outputs=["Report"]
    )
    partner(connection)
    world.ended(world.created_execution(), "Succeeded")
    history = world.codepipeline.list_action_executions(pipelineName=name)["actionExecutionDetails"]
    check = next(each for each in history if each["actionName"] == "Check")
    place = check["output"]["outputArtifacts"][0]["s3location"]
    report = world.s3.get_object(Bucket=place["bucket"], Key=place["key"])["Body"].read()
    assert json.loads(report)["Source"] > 0


def test_a_type_that_the_account_may_not_use_any_more_starts_no_action(world):
    partner = world.server.create_key("--name", "partner", "--account", "111122223333", "--administrator")
    environment = world.server.environment_of(partner)
    path = world.directory / "type.json"
    declaration = {
        "id": world.partner,
        "executor": {
            "type": "JobWorker",
            "configuration": {"jobWorkerExecutorConfiguration": {"pollingAccounts": ["111122223333"]}},
        },
        "inputArtifactDetails": {"minimumCount": 0, "maximumCount": 5},
        "outputArtifactDetails": {"minimumCount": 0, "maximumCount": 5},
    }

    def admit(accounts):
        path.write_text(json.dumps({**declaration, "permissions": {"allowedAccounts": accounts}}))
        world.server.penstock("action-types", "register", path, env=environment)

    admit(["000000000000"])
    world.put_source()
    world.create(("Test", [declarations.action("Check", world.partner)]))
    world.running("Test", "Check")
    world.codepipeline.stop_pipeline_execution(
        pipelineName=world.name, pipelineExecutionId=world.created_execution(), abandon=True)
    world.ended(world.created_execution(), "Stopped")
    admit(["333333333333"])
    world.ended(world.start(), "Failed")
    error = world.action("Test", "Check")["latestExecution"]["errorDetails"]
    assert error["code"] == "ConfigurationError" and "is not available" in error["message"]
    admit(["*"])
    world.start()
    world.running("Test", "Check")
