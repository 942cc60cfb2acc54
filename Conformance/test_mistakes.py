# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""What others get wrong, and we must not. Each over HTTP, against a server of its own where it has to die.

The worker that dies after acknowledging is in the end-to-end tests in Swift, where the clock is moved by hand.
"""

import threading

import pytest
from support import declarations
from support.waiting import until

SECRET = {"name": "Password", "required": True, "key": False, "secret": True}


def test_two_workers_polling_at_once_never_share_a_job(world):
    world.create_custom_type()
    world.put_source()
    count = 40
    world.create(("Deploy", [declarations.action(f"Ship{number}", world.custom) for number in range(count)]))
    world.running("Deploy", f"Ship{count - 1}")
    barrier = threading.Barrier(8)
    taken = []

    def worker():
        client = world.server.client("codepipeline")
        barrier.wait()
        while jobs := client.poll_for_jobs(actionTypeId=world.custom, maxBatchSize=2)["jobs"]:
            taken.extend(job["id"] for job in jobs)

    workers = [threading.Thread(target=worker) for _ in range(8)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert len(taken) == count
    assert len(set(taken)) == count


def test_a_job_carries_its_artifacts_its_account_and_credentials_that_work_and_do_nothing_else(world, refused):
    world.custom_pipeline(outputs=["Built"])
    job = world.acknowledged_job()
    assert job["accountId"] == "000000000000"
    data = job["data"]
    store = world.server.client("s3", world.server.session_of_job(data))
    given = data["inputArtifacts"][0]["location"]["s3Location"]
    wanted = data["outputArtifacts"][0]["location"]["s3Location"]
    body = store.get_object(Bucket=given["bucketName"], Key=given["objectKey"])["Body"].read()
    assert body
    store.put_object(Bucket=wanted["bucketName"], Key=wanted["objectKey"], Body=body)
    given = {"Bucket": given["bucketName"], "Key": given["objectKey"]}
    wanted = {"Bucket": wanted["bucketName"], "Key": wanted["objectKey"]}
    calls = [
        (store.get_object, {"Bucket": world.bucket, "Key": "source.zip"}),
        (store.put_object, {**given, "Body": b"forged"}),
        (store.put_object, {**wanted, "Key": wanted["Key"] + "2", "Body": b"more"}),
        (store.delete_object, given),
        (store.list_objects_v2, {"Bucket": given["Bucket"]}),
        (store.list_buckets, {}),
    ]
    for call, members in calls:
        assert refused(call, **members)[0] == "AccessDenied"
    api = world.server.client("codepipeline", world.server.session_of_job(data))
    assert refused(api.list_pipelines)[0] == "AccessDeniedException"
    assert refused(api.put_job_success_result, jobId=job["id"])[0] == "AccessDeniedException"


def test_the_client_token_is_checked_on_every_call_of_a_partner(world, refused):
    _, connection = world.partner_pipeline()
    api = world.codepipeline
    job = world.next_partner_job()
    details = api.get_third_party_job_details(jobId=job["jobId"], clientToken=connection["clientToken"])["jobDetails"]
    wrong = {"jobId": job["jobId"], "clientToken": connection["clientToken"][::-1]}
    calls = [
        (api.get_third_party_job_details, {}),
        (api.acknowledge_third_party_job, {"nonce": details["nonce"]}),
        (api.put_third_party_job_success_result, {}),
        (api.put_third_party_job_failure_result, {"failureDetails": {"type": "JobFailed", "message": "no"}}),
    ]
    for call, members in calls:
        assert refused(call, **wrong, **members)[0] == "InvalidClientTokenException"


def test_a_restart_runs_no_finished_action_again(own_server, own_world):
    world = own_world
    world.create_custom_type()
    world.put_source()
    build = declarations.action("Build", world.custom)
    ship = declarations.action("Ship", world.custom, runOrder=2)
    world.create(("Deploy", [build, ship]))
    job = world.acknowledged_job()
    assert job["data"]["pipelineContext"]["action"]["name"] == "Build"
    world.codepipeline.put_job_success_result(jobId=job["id"])
    own_server.kill()
    own_server.start()
    world.reconnect()
    job = world.acknowledged_job()
    assert job["data"]["pipelineContext"]["action"]["name"] == "Ship"
    world.codepipeline.put_job_success_result(jobId=job["id"])
    world.ended(world.created_execution(), "Succeeded")
    history = world.codepipeline.list_action_executions(pipelineName=world.name)["actionExecutionDetails"]
    assert sorted(each["actionName"] for each in history) == ["Build", "Fetch", "Ship"]


def test_a_restart_does_not_forget_a_stop_request(own_server, own_world):
    world = own_world
    world.custom_pipeline()
    execution = world.created_execution()
    job = world.acknowledged_job()
    world.codepipeline.stop_pipeline_execution(pipelineName=world.name, pipelineExecutionId=execution)
    own_server.kill()
    own_server.start()
    world.reconnect()
    assert world.status(execution) == "Stopping"
    world.codepipeline.put_job_success_result(jobId=job["id"])
    world.ended(execution, "Stopped")


def test_a_restart_loses_nothing_that_was_acknowledged(own_server, own_world):
    world = own_world
    world.custom_pipeline()
    execution = world.created_execution()
    job = world.next_job()
    world.codepipeline.acknowledge_job(jobId=job["id"], nonce=job["nonce"])
    own_server.kill()
    own_server.start()
    world.reconnect()
    assert world.codepipeline.acknowledge_job(jobId=job["id"], nonce=job["nonce"])["status"] == "InProgress"
    world.codepipeline.put_job_success_result(jobId=job["id"], executionDetails={"summary": "shipped"})
    own_server.kill()
    own_server.start()
    world.reconnect()
    assert world.status(execution) == "Succeeded"
    assert world.action("Deploy", "Ship")["latestExecution"]["summary"] == "shipped"


def test_a_restart_between_dispatch_and_acknowledgement_keeps_the_nonce(own_server, own_world):
    world = own_world
    world.custom_pipeline()
    job = world.next_job()
    assert own_server.stop() == 0
    own_server.start()
    world.reconnect()
    answer = world.codepipeline.acknowledge_job(jobId=job["id"], nonce=job["nonce"])
    assert answer["status"] == "InProgress"


def test_a_masked_secret_sent_back_in_an_update_keeps_its_value(world):
    world.custom_pipeline(properties=[SECRET], configuration={"Password": "s3cret-value"})
    first = world.acknowledged_job()
    shown = world.codepipeline.get_pipeline(name=world.name)["pipeline"]
    assert shown["stages"][1]["actions"][0]["configuration"] == {"Password": "****"}
    world.codepipeline.update_pipeline(pipeline=shown)
    world.codepipeline.put_job_success_result(jobId=first["id"])
    world.start()
    assert world.next_job()["data"]["actionConfiguration"]["configuration"] == {"Password": "s3cret-value"}


def test_an_approval_answered_late_does_not_approve_another_execution(world):
    world.put_source()
    world.create(("Sign", [declarations.approval()]))
    first = world.created_execution()
    shown = world.running("Sign", "Approve")["token"]
    world.codepipeline.stop_pipeline_execution(pipelineName=world.name, pipelineExecutionId=first, abandon=True)
    world.ended(first, "Stopped")
    second = world.start()

    def waiting():
        stage = world.stage("Sign")
        return stage["latestExecution"]["pipelineExecutionId"] == second and "token" in (
            stage["actionStates"][0].get("latestExecution", {})
        )

    until(waiting, what="the second execution at the approval")
    late = {"summary": "", "status": "Approved"}
    refusals = (
        world.codepipeline.exceptions.InvalidApprovalTokenException,
        world.codepipeline.exceptions.ApprovalAlreadyCompletedException,
    )
    with pytest.raises(refusals):
        world.codepipeline.put_approval_result(
            pipelineName=world.name, stageName="Sign", actionName="Approve", token=shown, result=late
        )
    assert world.status(second) == "InProgress"


def test_a_wrong_signature_is_refused(server, refused):
    keys = {**server.credentials(), "aws_secret_access_key": "wrong" * 8}
    client = server.client("codepipeline", server.session_of(keys))
    assert refused(client.list_pipelines)[0] == "InvalidSignatureException"
