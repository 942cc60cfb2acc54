# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""The job-worker protocol for custom actions, as boto3 sees it."""

import re
import uuid

import pytest

PROJECT = {"name": "ProjectName", "required": True, "key": True, "secret": False, "queryable": True}
SECRET = {"name": "Password", "required": True, "key": False, "secret": True}


def test_a_job_carries_everything_that_a_worker_needs(world):
    world.custom_pipeline(outputs=["Built"])
    execution = world.created_execution()
    job = world.next_job()
    assert set(job) == {"id", "nonce", "accountId", "data"}
    assert job["accountId"] == "000000000000"
    data = job["data"]
    assert data["actionTypeId"] == world.custom
    context = data["pipelineContext"]
    assert context["pipelineName"] == world.name
    assert context["stage"] == {"name": "Deploy"}
    assert context["action"]["name"] == "Ship"
    assert context["pipelineExecutionId"] == execution
    assert context["pipelineArn"].endswith(f":000000000000:{world.name}")
    assert [each["name"] for each in data["inputArtifacts"]] == ["Source"]
    assert [each["name"] for each in data["outputArtifacts"]] == ["Built"]
    assert set(data["artifactCredentials"]) == {"accessKeyId", "secretAccessKey", "sessionToken"}


def test_an_output_has_a_key_of_three_short_parts(world):
    world.custom_pipeline(outputs=["AVeryLongArtifactName"])
    world.created_execution()
    key = world.next_job()["data"]["outputArtifacts"][0]["location"]["s3Location"]["objectKey"]
    pipeline, artifact, random = key.split("/")
    assert pipeline == world.name[:20]
    assert artifact == "AVeryLongA"
    assert re.fullmatch("[0-9A-Za-z]{7}", random)


def test_the_credentials_reach_the_objects_of_the_job_and_nothing_else(world, refused):
    world.custom_pipeline(outputs=["Built"])
    world.s3.put_object(Bucket=world.bucket, Key="other", Body=b"not yours")
    world.created_execution()
    data = world.acknowledged_job()["data"]
    session = world.server.session_of_job(data)
    store = world.server.client("s3", session)
    source = data["inputArtifacts"][0]["location"]["s3Location"]
    built = data["outputArtifacts"][0]["location"]["s3Location"]
    assert store.get_object(Bucket=source["bucketName"], Key=source["objectKey"])["Body"].read()
    store.put_object(Bucket=built["bucketName"], Key=built["objectKey"], Body=b"built")
    assert refused(store.get_object, Bucket=world.bucket, Key="other")[0] == "AccessDenied"
    assert refused(store.put_object, Bucket=world.bucket, Key="other", Body=b"x")[0] == "AccessDenied"
    assert refused(store.put_object, Bucket=source["bucketName"], Key=source["objectKey"], Body=b"x")[0] == (
        "AccessDenied"
    )
    assert refused(store.list_objects_v2, Bucket=world.bucket)[0] == "AccessDenied"
    pipelines = world.server.client("codepipeline", session)
    assert refused(pipelines.list_pipelines)[0] == "AccessDeniedException"


def test_credentials_of_a_job_that_ended_write_nothing_any_more(world, refused):
    world.custom_pipeline(outputs=["Built"])
    world.created_execution()
    job = world.acknowledged_job()
    store = world.server.client("s3", world.server.session_of_job(job["data"]))
    built = job["data"]["outputArtifacts"][0]["location"]["s3Location"]
    place = {"Bucket": built["bucketName"], "Key": built["objectKey"]}
    store.put_object(**place, Body=b"first")
    world.codepipeline.put_job_success_result(jobId=job["id"])
    assert refused(store.put_object, **place, Body=b"second")[0] == "AccessDenied"


def test_a_worker_passes_a_pipeline(world):
    world.custom_pipeline()
    execution = world.created_execution()
    job = world.acknowledged_job()
    world.codepipeline.put_job_success_result(
        jobId=job["id"],
        executionDetails={"summary": "shipped", "externalExecutionId": "deploy-1", "percentComplete": 100},
        currentRevision={"revision": "r1", "changeIdentifier": "c1"},
    )
    world.ended(execution, "Succeeded")
    latest = world.action("Deploy", "Ship")["latestExecution"]
    assert (latest["summary"], latest["externalExecutionId"], latest["percentComplete"]) == ("shipped", "deploy-1", 100)


def test_details_bring_other_credentials_each_time_and_no_nonce(world):
    world.custom_pipeline()
    world.created_execution()
    job = world.acknowledged_job()
    details = [world.codepipeline.get_job_details(jobId=job["id"])["jobDetails"] for _ in range(2)]
    assert set(details[0]) == {"id", "data", "accountId"}
    keys = {each["data"]["artifactCredentials"]["accessKeyId"] for each in details}
    assert len(keys) == 2


def test_a_second_poll_does_not_see_a_job_that_was_handed_out(world):
    world.custom_pipeline()
    world.created_execution()
    world.next_job()
    assert world.poll() == []


def test_acknowledging_again_is_answered_and_another_nonce_is_refused(world, refused):
    world.custom_pipeline()
    world.created_execution()
    job = world.next_job()
    for _ in range(2):
        answer = world.codepipeline.acknowledge_job(jobId=job["id"], nonce=job["nonce"])
        assert answer["status"] == "InProgress"
    assert refused(world.codepipeline.acknowledge_job, jobId=job["id"], nonce="1") == (
        "InvalidNonceException",
        f"The nonce provided is not valid for job '{job['id']}'",
    )


def test_a_result_before_the_acknowledgement_is_refused(world, refused):
    world.custom_pipeline()
    world.created_execution()
    job = world.next_job()
    assert refused(world.codepipeline.put_job_success_result, jobId=job["id"]) == (
        "InvalidJobStateException",
        f"Job '{job['id']}' is in state Dispatched and cannot be completed",
    )


def test_an_unknown_job_is_not_found(world, refused):
    unknown = str(uuid.uuid4())
    api = world.codepipeline
    expected = ("JobNotFoundException", f"Job with id '{unknown}' not found")
    assert refused(api.get_job_details, jobId=unknown) == expected
    assert refused(api.acknowledge_job, jobId=unknown, nonce="1") == expected
    assert refused(api.put_job_success_result, jobId=unknown) == expected
    failure = {"type": "JobFailed", "message": "no"}
    assert refused(api.put_job_failure_result, jobId=unknown, failureDetails=failure) == expected


def test_jobs_are_found_by_the_queryable_property(world, refused):
    world.custom_pipeline(properties=[PROJECT], configuration={"ProjectName": "shop"})
    world.created_execution()
    world.running("Deploy", "Ship")
    assert world.poll(queryParam={"ProjectName": "Shop"}) == []
    assert refused(world.codepipeline.poll_for_jobs, actionTypeId=world.custom)[0] == "ValidationException"
    job = world.next_job(queryParam={"ProjectName": "shop"})
    assert job["data"]["actionConfiguration"]["configuration"] == {"ProjectName": "shop"}


def test_a_query_is_refused_where_nothing_is_queryable(world, refused):
    world.create_custom_type()
    code, _ = refused(world.codepipeline.poll_for_jobs, actionTypeId=world.custom, queryParam={"ProjectName": "shop"})
    assert code == "ValidationException"


@pytest.mark.parametrize("owner", ["AWS", "ThirdParty"])
def test_only_custom_types_are_polled_with_poll_for_jobs(world, refused, owner):
    type = {"category": "Build", "owner": owner, "provider": "CodeBuild", "version": "1"}
    assert refused(world.codepipeline.poll_for_jobs, actionTypeId=type) == (
        "ValidationException",
        f"ActionType with owner '{owner}' is not supported",
    )


def test_an_unknown_type_is_not_found(world, refused):
    type = {**world.custom, "provider": "Nobody"}
    assert refused(world.codepipeline.poll_for_jobs, actionTypeId=type) == (
        "ActionTypeNotFoundException",
        "ActionType (Category: 'Deploy', Provider: 'Nobody', Owner: 'Custom', Version: '1') is not available",
    )


def test_secrets_are_clear_in_the_job_and_nowhere_else(world):
    world.custom_pipeline(properties=[SECRET], configuration={"Password": "s3cret-value"})
    world.created_execution()
    job = world.next_job()
    assert job["data"]["actionConfiguration"]["configuration"] == {"Password": "s3cret-value"}
    shown = world.codepipeline.get_pipeline(name=world.name)["pipeline"]
    assert shown["stages"][1]["actions"][0]["configuration"] == {"Password": "****"}
    history = world.codepipeline.list_action_executions(pipelineName=world.name)
    assert "s3cret-value" not in str(history)


def test_outputs_and_a_continuation_do_not_go_together(world, refused):
    world.custom_pipeline()
    world.created_execution()
    job = world.acknowledged_job()
    code, _ = refused(
        world.codepipeline.put_job_success_result,
        jobId=job["id"],
        continuationToken="more",
        outputVariables={"Key": "value"},
    )
    assert code == "ValidationException"
    world.codepipeline.put_job_success_result(jobId=job["id"])


def test_output_variables_may_take_122880_bytes_and_not_one_more(world, refused):
    world.custom_pipeline()
    execution = world.created_execution()
    job = world.acknowledged_job()
    key = "Key"
    limit = 122_880 - len(key)
    code, message = refused(
        world.codepipeline.put_job_success_result, jobId=job["id"], outputVariables={key: "x" * (limit + 1)}
    )
    assert (code, message) == (
        "OutputVariablesSizeExceededException",
        "The output variables exceed the maximum size of 122880 bytes",
    )
    world.codepipeline.put_job_success_result(jobId=job["id"], outputVariables={key: "x" * limit})
    world.ended(execution, "Succeeded")


def test_three_jobs_in_a_row_work_on_one_action_execution(world):
    world.custom_pipeline()
    execution = world.created_execution()
    jobs = []
    for token in ("one", "two", None):
        job = world.acknowledged_job()
        jobs.append(job)
        world.codepipeline.put_job_success_result(jobId=job["id"], **({"continuationToken": token} if token else {}))
    assert len({job["id"] for job in jobs}) == 3
    assert len({job["data"]["pipelineContext"]["action"]["actionExecutionId"] for job in jobs}) == 1
    assert [job["data"].get("continuationToken") for job in jobs] == [None, "one", "two"]
    world.ended(execution, "Succeeded")


def test_the_same_result_again_is_answered_and_another_is_refused(world, refused):
    world.custom_pipeline()
    world.created_execution()
    job = world.acknowledged_job()
    for _ in range(2):
        world.codepipeline.put_job_success_result(jobId=job["id"], executionDetails={"summary": "done"})
    failure = {"type": "JobFailed", "message": "no"}
    assert refused(world.codepipeline.put_job_failure_result, jobId=job["id"], failureDetails=failure)[0] == (
        "InvalidJobStateException"
    )
    assert refused(world.codepipeline.put_job_success_result, jobId=job["id"])[0] == "InvalidJobStateException"


def test_an_abandoned_job_is_over(world, refused):
    world.custom_pipeline()
    execution = world.created_execution()
    job = world.acknowledged_job()
    world.codepipeline.stop_pipeline_execution(
        pipelineName=world.name, pipelineExecutionId=execution, abandon=True, reason="enough"
    )
    world.ended(execution, "Stopped")
    assert refused(world.codepipeline.put_job_success_result, jobId=job["id"])[0] == "InvalidJobStateException"
    assert world.action("Deploy", "Ship")["latestExecution"]["status"] == "Abandoned"


def test_a_result_after_an_update_is_taken(world):
    world.custom_pipeline()
    execution = world.created_execution()
    job = world.acknowledged_job()
    declared = world.codepipeline.get_pipeline(name=world.name)["pipeline"]
    world.codepipeline.update_pipeline(pipeline=declared)
    world.codepipeline.put_job_success_result(jobId=job["id"])
    world.ended(execution, "Cancelled")


def test_jobs_of_a_deleted_pipeline_are_not_found(world, refused):
    world.custom_pipeline()
    world.created_execution()
    job = world.acknowledged_job()
    world.codepipeline.delete_pipeline(name=world.name)
    assert refused(world.codepipeline.put_job_success_result, jobId=job["id"])[0] == "JobNotFoundException"


def test_a_deleted_type_is_not_polled(world, refused):
    world.create_custom_type()
    world.codepipeline.delete_custom_action_type(
        category=world.custom["category"], provider=world.custom["provider"], version=world.custom["version"]
    )
    assert refused(world.codepipeline.poll_for_jobs, actionTypeId=world.custom)[0] == "ActionTypeNotFoundException"


def test_a_batch_holds_at_most_what_was_asked_for(world):
    world.create_custom_type()
    world.put_source()
    from support.declarations import action

    actions = [action(f"Ship{number}", world.custom) for number in range(5)]
    world.create(("Deploy", actions))
    world.created_execution()
    world.running("Deploy", "Ship4")
    seen = [len(world.poll(maxBatchSize=3)) for _ in range(3)]
    assert seen == [3, 2, 0]
