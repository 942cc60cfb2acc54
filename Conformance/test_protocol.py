# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""The wire itself: signatures, envelopes, operations that are yet to come."""

import http.client
import json
import re
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError


def test_sts_says_who_one_is(server):
    identity = server.client("sts").get_caller_identity()
    assert identity["Account"] == "000000000000"
    assert identity["Arn"].startswith("arn:aws:iam::000000000000:")


def test_a_wrong_signature_is_refused(server, refused):
    keys = {**server.credentials(), "aws_secret_access_key": "wrong" * 8}
    client = server.client("codepipeline", server.session_of(keys))
    code, message = refused(client.list_pipelines)
    assert code == "InvalidSignatureException"
    assert message.startswith("The request signature we calculated does not match the signature you provided.")


def test_an_unknown_key_is_refused(server, refused):
    keys = {**server.credentials(), "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE"}
    client = server.client("codepipeline", server.session_of(keys))
    assert refused(client.list_pipelines) == (
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    )


def exchange(server, method="POST", body="{}", **headers):
    connection = http.client.HTTPConnection(urlsplit(server.endpoint).netloc, timeout=10)
    connection.request(method, "/", body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer, json.loads(content) if content else None


def test_a_request_without_signature_is_refused(server):
    answer, body = exchange(server, X_Amz_Target="CodePipeline_20150709.ListPipelines")
    assert answer.status == 400
    assert body == {"__type": "MissingAuthenticationTokenException", "message": "Missing Authentication Token"}
    assert answer.headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer.headers["x-amzn-RequestId"])
    assert answer.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert parsedate_to_datetime(answer.headers["Date"])


def test_an_unknown_operation_is_refused(server):
    answer, body = exchange(server, X_Amz_Target="CodePipeline_20150709.Nonsense")
    assert (answer.status, body["__type"]) == (400, "UnknownOperationException")


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("list_webhooks", {}),
        (
            "put_webhook",
            {
                "webhook": {
                    "name": "shop-push",
                    "targetPipeline": "shop",
                    "targetAction": "Fetch",
                    "filters": [{"jsonPath": "$.ref", "matchEquals": "refs/heads/{Branch}"}],
                    "authentication": "UNAUTHENTICATED",
                    "authenticationConfiguration": {},
                }
            },
        ),
        ("delete_webhook", {"name": "shop-push"}),
        ("register_webhook_with_third_party", {"webhookName": "shop-push"}),
        ("deregister_webhook_with_third_party", {"webhookName": "shop-push"}),
        ("list_tags_for_resource", {"resourceArn": "arn:aws:codepipeline:eu-central-1:000000000000:p"}),
    ],
)
def test_what_is_yet_to_come_says_so(server, refused, operation, arguments):
    code, message = refused(getattr(server.client("codepipeline"), operation), **arguments)
    assert code == "UnknownOperationException"
    assert "not available" in message


def test_constraints_come_before_what_is_yet_to_come(server):
    client = server.client("codepipeline", parameter_validation=False)
    with pytest.raises(ClientError) as caught:
        client.rollback_stage(pipelineName="p")
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_the_region_of_the_credential_parts_the_data(world):
    world.put_source()
    from support.declarations import approval

    world.create(("Sign", [approval()]))
    elsewhere = world.server.client("codepipeline", world.server.session(region="us-east-1"))
    assert world.name not in [each["name"] for each in elsewhere.list_pipelines()["pipelines"]]


def test_a_session_of_boto3_with_retries_is_not_surprised(server):
    session = boto3.Session(
        server.credentials()["aws_access_key_id"], server.credentials()["aws_secret_access_key"], region_name="eu-west-1"
    )
    answer = session.client("codepipeline", endpoint_url=server.endpoint).list_pipelines()
    assert answer["ResponseMetadata"]["RetryAttempts"] == 0
