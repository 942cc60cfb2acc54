# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Texts that not every database keeps, one that ends in NUL above all: no operation fails because of them."""

import datetime
import http.client
import random
import urllib.parse

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from support import declarations
from support.world import World

NUL = "\0"
NOW = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
KEY = "folder/a\0b"


@pytest.fixture
def abroad(fleet, tmp_path):
    """A world whose database keeps no NUL in texts."""
    return World(fleet.replicas[0], tmp_path)


class Map(dict):
    """A map of an operation, whose keys are texts of the caller's; of other objects the keys are its members."""


def variants(value):
    """The value with one of its texts ending in NUL, for each of them."""
    if isinstance(value, str):
        yield value + NUL
    elif isinstance(value, dict):
        for name, inner in value.items():
            for variant in variants(inner):
                yield {**value, name: variant}
            if isinstance(value, Map):
                rest = {other: kept for other, kept in value.items() if other != name}
                yield {**rest, name + NUL: inner}
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            for variant in variants(inner):
                yield [*value[:index], variant, *value[index + 1:]]


def failure(operation, **arguments):
    """What the server could not do, for a reason of its own; None where it answers, be it with a refusal."""
    try:
        operation(**arguments)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            return arguments, str(error)
    return None


def test_no_text_of_an_operation_fails_at_the_database(abroad):
    properties = [{"name": "Unit", "required": True, "key": True, "secret": False, "queryable": True}]
    abroad.custom_pipeline(properties=properties, configuration={"Unit": "one"}, outputs=["Out"])
    execution = abroad.created_execution()
    declared = abroad.codepipeline.get_pipeline(name=abroad.name)["pipeline"]
    job = abroad.acknowledged_job(queryParam={"Unit": "one"})
    stage = {"pipelineName": abroad.name, "stageName": "Deploy"}
    failed = {"type": "JobFailed", "message": "no", "externalExecutionId": "e"}
    tags = [{"key": "team", "value": "a"}]
    arn = f"arn:aws:codepipeline:eu-central-1:000000000000:{abroad.name}"
    revision = {"revisionId": "r", "revisionChangeId": "c", "created": 1}
    result = {
        "currentRevision": {"revision": "r", "changeIdentifier": "c", "revisionSummary": "s"},
        "executionDetails": {"summary": "s", "externalExecutionId": "e", "percentComplete": 5},
    }
    partner = {"jobId": job["id"], "clientToken": "token"}
    calls = {
        "create_pipeline": {"pipeline": {**declared, "name": f"{abroad.name}-2"}, "tags": tags},
        "update_pipeline": {"pipeline": declared},
        "get_pipeline": {"name": abroad.name},
        "get_pipeline_state": {"name": abroad.name},
        "get_pipeline_execution": {"pipelineName": abroad.name, "pipelineExecutionId": execution},
        "list_pipelines": {"nextToken": "t"},
        "list_pipeline_executions": {
            "pipelineName": abroad.name, "nextToken": "t", "filter": {"succeededInStage": {"stageName": "Deploy"}}},
        "list_action_executions": {
            "pipelineName": abroad.name, "nextToken": "t", "filter": {"pipelineExecutionId": execution}},
        "list_rule_executions": {
            "pipelineName": abroad.name, "nextToken": "t", "filter": {"pipelineExecutionId": execution}},
        "list_deploy_action_execution_targets": {
            "pipelineName": abroad.name, "actionExecutionId": execution, "nextToken": "t",
            "filters": [{"name": "TARGET_STATUS", "values": ["v"]}]},
        "list_action_types": {"nextToken": "t", "regionFilter": "eu-central-1"},
        "list_rule_types": {"regionFilter": "eu-central-1"},
        "list_webhooks": {"NextToken": "t"},
        "list_tags_for_resource": {"resourceArn": arn, "nextToken": "t"},
        "tag_resource": {"resourceArn": arn, "tags": tags},
        "untag_resource": {"resourceArn": arn, "tagKeys": ["team"]},
        "start_pipeline_execution": {
            "name": abroad.name, "variables": [{"name": "v", "value": "x"}], "clientRequestToken": "token",
            "sourceRevisions": [
                {"actionName": "Fetch", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": "v"}]},
        "put_action_revision": {
            "pipelineName": abroad.name, "stageName": "Source", "actionName": "Fetch", "actionRevision": revision},
        "disable_stage_transition": {**stage, "transitionType": "Inbound", "reason": "because"},
        "enable_stage_transition": {**stage, "transitionType": "Inbound"},
        "put_approval_result": {
            **stage, "actionName": "Ship", "token": execution, "result": {"summary": "s", "status": "Approved"}},
        "retry_stage_execution": {**stage, "pipelineExecutionId": execution, "retryMode": "FAILED_ACTIONS"},
        "rollback_stage": {**stage, "targetPipelineExecutionId": execution},
        "override_stage_condition": {
            **stage, "pipelineExecutionId": execution, "conditionType": "BEFORE_ENTRY"},
        "stop_pipeline_execution": {"pipelineName": abroad.name, "pipelineExecutionId": execution, "reason": "because"},
        "create_custom_action_type": {
            "category": "Test", "provider": "p", "version": "1", "configurationProperties": [
                {"name": "Unit", "required": True, "key": True, "secret": False, "description": "d"}],
            "settings": {"entityUrlTemplate": "https://a.example/{Config:Unit}"},
            "inputArtifactDetails": {"minimumCount": 0, "maximumCount": 1},
            "outputArtifactDetails": {"minimumCount": 0, "maximumCount": 1}, "tags": tags},
        "delete_custom_action_type": {"category": "Test", "provider": "none", "version": "1"},
        "get_action_type": {"category": "Build", "owner": "Custom", "provider": "p", "version": "1"},
        "poll_for_jobs": {"actionTypeId": abroad.custom, "queryParam": Map(Unit="one")},
        "poll_for_third_party_jobs": {"actionTypeId": abroad.partner},
        "acknowledge_job": {"jobId": job["id"], "nonce": job["nonce"]},
        "acknowledge_third_party_job": {**partner, "nonce": job["nonce"]},
        "get_job_details": {"jobId": job["id"]},
        "get_third_party_job_details": partner,
        "put_job_success_result": {"jobId": job["id"], "outputVariables": Map(Sum="abc"), **result},
        "put_job_failure_result": {"jobId": job["id"], "failureDetails": failed},
        "put_third_party_job_success_result": {**partner, "continuationToken": "t", **result},
        "put_third_party_job_failure_result": {**partner, "failureDetails": failed},
        "delete_pipeline": {"name": abroad.name},
    }
    failures = []
    for name, arguments in calls.items():
        for number, variant in enumerate(variants(arguments)):
            if name == "create_pipeline" and NUL not in variant["pipeline"]["name"]:
                variant["pipeline"]["name"] = f"{abroad.name}-{number}"
            failures.append(failure(getattr(abroad.codepipeline, name), **variant))
    assert len(failures) > 150
    assert [each for each in failures if each] == []


def revision(id, change="c"):
    return {"revisionId": id, "revisionChangeId": change, "created": 1}


@pytest.mark.parametrize(
    "id", [f"r{NUL}", "e\u0301", "\u00e9", "".join(random.Random(1).choices("\u4e00\u4e01\u4e02", k=1499))])
def test_any_revision_is_known_again(abroad, id):
    abroad.custom_pipeline()
    place = {"pipelineName": abroad.name, "stageName": "Source", "actionName": "Fetch"}
    first = abroad.codepipeline.put_action_revision(**place, actionRevision=revision(id))
    again = abroad.codepipeline.put_action_revision(**place, actionRevision=revision(id))
    assert (first["newRevision"], again["newRevision"]) == (True, False)
    assert first["pipelineExecutionId"] == again["pipelineExecutionId"]
    for other in (revision(f"{id}!"), revision(id, "d"), revision(f"{id[:-1]}x")):
        assert abroad.codepipeline.put_action_revision(**place, actionRevision=other)["newRevision"]


@pytest.mark.parametrize(
    "configuration", [{"S3Bucket": f"bucket{NUL}"}, {"S3Bucket": "\u4e00" * 1000}, {"S3ObjectKey": "\u4e00" * 1000}])
def test_a_source_that_cannot_be_fails_and_the_server_goes_on(abroad, configuration):
    abroad.create_custom_type()
    source = declarations.s3_source(abroad.bucket)
    source["configuration"] |= configuration
    declared = declarations.pipeline(abroad.name, abroad.bucket, ("Deploy", [abroad.work()]), sources=[source])
    abroad.codepipeline.create_pipeline(pipeline=declared)
    (started,) = abroad.executions()
    abroad.ended(started["pipelineExecutionId"], "Failed")
    error = abroad.action("Source", "Fetch")["latestExecution"]["errorDetails"]
    assert error["code"] == "ConfigurationError"
    # It is looked at like any other, and watched once it can be.
    abroad.codepipeline.update_pipeline(
        pipeline=declarations.pipeline(abroad.name, abroad.bucket, ("Deploy", [abroad.work()])))
    abroad.put_source()
    abroad.next_job()


def test_a_version_that_cannot_be_is_not_there(abroad):
    abroad.custom_pipeline()
    abroad.update(pipelineType="V2")
    revision = {"actionName": "Fetch", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": f"version{NUL}"}
    started = abroad.start(sourceRevisions=[revision])
    abroad.ended(started, "Failed")
    assert abroad.action("Source", "Fetch")["latestExecution"]["errorDetails"]["code"] == "RevisionUnavailable"


def s3_call(server, method, path):
    """Sends a request to the path as it is, signed unless its query has a signature; returns status and text."""
    keys = server.credentials()
    request = AWSRequest(method, server.endpoint + path, data=b"")
    if "X-Amz-Credential" not in path:
        credentials = Credentials(keys["aws_access_key_id"], keys["aws_secret_access_key"])
        S3SigV4Auth(credentials, "s3", "eu-central-1").add_auth(request)
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(server.endpoint).netloc, timeout=30)
    try:
        connection.request(method, path, b"", dict(request.headers.items()))
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("method", "query", "status", "code"),
    [
        ("GET", "/key?versionId=a%00", 400, "InvalidArgument"),
        ("DELETE", "/key?versionId=a%00", 400, "InvalidArgument"),
        ("GET", "/key?uploadId=a%00", 400, "InvalidArgument"),
        ("DELETE", "/key?uploadId=a%00", 400, "InvalidArgument"),
        ("GET", "?versions&key-marker=k&version-id-marker=a%00", 400, "InvalidArgument"),
        ("GET", "?uploads&key-marker=k&upload-id-marker=a%00", 400, "InvalidArgument"),
        ("GET", "%00?list-type=2", 404, "NoSuchBucket"),
        ("GET", "%00/key", 404, "NoSuchBucket"),
        ("PUT", "%00/key", 404, "NoSuchBucket"),
        ("PUT", "%00", 400, "InvalidBucketName"),
        ("GET", "?list-type=2&prefix=a%00&start-after=b%00&delimiter=%00", 200, "<KeyCount>0"),
        (
            "GET",
            f"/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={NOW}&X-Amz-Expires=600&X-Amz-SignedHeaders=host"
            f"&X-Amz-Credential=AKIA%00%2F{NOW[:8]}%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Signature={'0' * 64}",
            400,
            "AuthorizationQueryParametersError",
        ),
    ],
)
def test_no_name_in_object_storage_fails_at_the_database(abroad, method, query, status, code):
    answered, document = s3_call(abroad.server, method, f"/{abroad.bucket}{query}")
    assert (answered, code in document) == (status, True), document


def test_the_audit_trail_has_objects_with_any_key(abroad, cluster, fleet):
    nobody = abroad.server.create_key("--name", "nobody")
    abroad.s3.put_object(Bucket=abroad.bucket, Key=KEY, Body=b"content")
    assert abroad.s3.get_object(Bucket=abroad.bucket, Key=KEY)["Body"].read() == b"content"
    # No XML carries the text of the refusal, so its code is that of HTTP.
    with pytest.raises(ClientError, match="403"):
        abroad.server.client("s3", abroad.server.session_of(nobody)).get_object(Bucket=abroad.bucket, Key=KEY)
    abroad.s3.delete_object(Bucket=abroad.bucket, Key=KEY)
    entries = cluster.sql(
        "SELECT operation, outcome FROM audit_entry"
        f" WHERE resource = 'arn:aws:s3:::{abroad.bucket}/folder/a%00b' ORDER BY number", fleet.database)
    assert entries == [["PutObject", "ok"], ["GetObject", "denied"], ["DeleteObject", "ok"]]
