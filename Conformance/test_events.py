# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""What targets are told of pipelines: every change of state, in its order and its documented form, signed."""

import base64
import json
import time
import uuid

from support import declarations, signatures, targets
from support.jobs import execution_of
from support.receiver import Answer
from support.targets import BEGUN, FETCHED

BRANCH = {"variables": [{"name": "Branch", "defaultValue": "main"}]}
EQUALS_MAIN = declarations.variable_check("#{variables.Branch}", "EQ", "main")


def deploying(telling, prefix="t", **members):
    """A world and the first execution of its pipeline, which waits for a worker in its second stage."""
    world = telling(prefix)
    return world, world.declare(("Deploy", [world.work()]), **members)


# Order


def test_a_success_is_told_step_by_step(telling):
    world, execution = deploying(telling)
    assert world.told() == BEGUN
    world.succeed(world.take(execution))
    assert world.told() == [*BEGUN, "Deploy/Ship SUCCEEDED", "Deploy SUCCEEDED", "SUCCEEDED"]


def test_a_failure_and_a_retry_are_told(telling):
    world, execution = deploying(telling)
    world.fail(world.take(execution))
    world.retry("Deploy", execution)
    failed = ["Deploy/Ship FAILED", "Deploy FAILED", "FAILED"]
    assert world.told() == [*BEGUN, *failed, "RESUMED", "Deploy RESUMED", "Deploy/Ship STARTED"]


def test_an_automatic_retry_does_not_end_the_execution(telling):
    world = telling()
    execution = world.declare(declarations.stage("Deploy", world.work(), onFailure={"result": "RETRY"}))
    world.fail(world.take(execution))
    retried = ["Deploy/Ship FAILED", "Deploy FAILED", "Deploy RESUMED", "Deploy/Ship STARTED"]
    assert world.told() == [*BEGUN, *retried]


def test_a_stop_that_waits_is_told_with_its_reason(telling):
    world, execution = deploying(telling)
    job = world.take(execution)
    world.stop(execution, reason="wrong region")
    world.succeed(job)
    stopped = ["STOPPING", "Deploy STOPPING", "Deploy/Ship SUCCEEDED", "Deploy STOPPED", "STOPPED"]
    assert world.told() == [*BEGUN, *stopped]
    assert world.event("STOPPING")["detail"]["stop-execution-comments"] == "wrong region"


def test_a_stop_that_abandons_is_told(telling):
    world, execution = deploying(telling)
    world.stop(execution, abandon=True)
    stopped = ["STOPPING", "Deploy STOPPING", "Deploy/Ship ABANDONED", "Deploy STOPPED", "STOPPED"]
    assert world.told() == [*BEGUN, *stopped]


def test_a_superseded_execution_is_told_of_as_such_alone(telling):
    world, _ = deploying(telling)
    second = world.begin()
    third = world.begin()
    assert world.told(execution=second) == [*FETCHED, "SUPERSEDED"]
    assert world.told(execution=third) == FETCHED


def test_an_update_cancels_an_approval_its_stage_and_its_execution(telling):
    world = telling()
    world.declare(("Sign", [declarations.approval()]))
    world.update(variables=[{"name": "Size", "defaultValue": "s"}])
    asked = ["Sign STARTED", "Sign/Approve STARTED"]
    assert world.told() == [*FETCHED, *asked, "Sign/Approve CANCELED", "Sign CANCELED", "CANCELED"]


def test_an_execution_that_lacks_a_variable_has_started_and_failed(telling):
    world, _ = deploying(telling, variables=[{"name": "Env"}])
    assert world.told() == ["STARTED", "FAILED"]


def test_actions_of_a_group_start_in_declared_order(telling):
    world = telling()
    world.declare(("Deploy", [world.work(name) for name in ("Second", "First", "Third")]))
    started = [f"Deploy/{name} STARTED" for name in ("Second", "First", "Third")]
    assert world.told() == [*FETCHED, "Deploy STARTED", *started]


def test_an_automatic_rollback_starts_by_itself(telling):
    world = telling()
    first = world.declare(declarations.stage("Deploy", world.work(), onFailure={"result": "ROLLBACK"}))
    world.succeed(world.take(first))
    second = world.begin()
    world.fail(world.take(second))
    rollback = world.executions()[-1]["pipelineExecutionId"]
    assert world.told(execution=rollback) == ["STARTED", "Deploy STARTED", "Deploy/Ship STARTED"]
    (started,) = (
        each["detail"]
        for each in world.documents()
        if each["detail"]["execution-id"] == rollback and targets.words(each) == "STARTED"
    )
    assert started["execution-trigger"]["trigger-type"] == "AutomatedRollback"
    assert json.loads(started["execution-trigger"]["trigger-detail"]) == {"FailedPipelineExecutionId": second}


# Documents


def test_the_start_of_an_execution_in_full(telling):
    world, execution = deploying(telling)
    now = f"{world.clock.now():%Y-%m-%dT%H:%M:%S}"
    event = world.event("STARTED")
    assert uuid.UUID(event.pop("id"))
    assert event == {
        "version": "0",
        "detail-type": "CodePipeline Pipeline Execution State Change",
        "source": "aws.codepipeline",
        "account": "000000000000",
        "time": f"{now}Z",
        "region": "eu-central-1",
        "resources": [f"arn:aws:codepipeline:eu-central-1:000000000000:{world.name}"],
        "detail": {
            "pipeline": world.name,
            "execution-id": execution,
            "start-time": f"{now}.000Z",
            "execution-trigger": {"trigger-type": "PollForSourceChanges", "trigger-detail": "Fetch"},
            "state": "STARTED",
            "version": 1.0,
            "pipeline-execution-attempt": 1.0,
        },
    }
    (first,) = (each.body for each in world.requests() if targets.words(each.document) == "STARTED")
    assert b'"version":1.0,"pipeline-execution-attempt":1.0' in first


def test_a_stage_has_attempt_zero_until_it_is_retried(telling):
    world, execution = deploying(telling)
    entered = world.clock.now()
    detail = world.event("Deploy STARTED")["detail"]
    assert detail == {
        "pipeline": world.name,
        "execution-id": execution,
        "start-time": f"{entered:%Y-%m-%dT%H:%M:%S}.000Z",
        "stage": "Deploy",
        "state": "STARTED",
        "version": 1.0,
        "pipeline-execution-attempt": 0.0,
    }
    job = world.take(execution)
    world.clock.advance("1h")
    world.fail(job)
    retried = f"{world.clock.now():%Y-%m-%dT%H:%M:%S}.000Z"
    world.retry("Deploy", execution)
    resumed = world.event("RESUMED")["detail"]
    assert (resumed["pipeline-execution-attempt"], resumed["last-retry-attempt-time"]) == (2.0, retried)
    resumed = world.event("Deploy RESUMED")["detail"]
    assert (resumed["pipeline-execution-attempt"], resumed["stage-last-retry-attempt-time"]) == (2.0, retried)
    assert resumed["start-time"] == detail["start-time"]


def test_an_action_says_what_it_takes_and_what_it_gives(telling):
    world = telling()
    execution = world.declare(("Deploy", [world.work(outputs=["Built"])]))
    job = world.take(execution)
    place = job["data"]["inputArtifacts"][0]["location"]["s3Location"]
    attempt = job["data"]["pipelineContext"]["action"]["actionExecutionId"]
    event = world.event("Deploy/Ship STARTED")
    assert event["detail-type"] == "CodePipeline Action Execution State Change"
    started = event["detail"]
    common = {
        "pipeline": world.name,
        "execution-id": execution,
        "start-time": f"{world.clock.now():%Y-%m-%dT%H:%M:%S}.000Z",
        "stage": "Deploy",
        "action": "Ship",
        "action-execution-id": attempt,
        "region": "eu-central-1",
        "type": {"owner": "Custom", "provider": world.custom["provider"], "category": "Deploy", "version": "1"},
        "version": 1.0,
        "pipeline-execution-attempt": 1.0,
    }
    inputs = [{"name": "Source", "s3location": {"bucket": place["bucketName"], "key": place["objectKey"]}}]
    assert started == {**common, "state": "STARTED", "input-artifacts": inputs}
    place = job["data"]["outputArtifacts"][0]["location"]["s3Location"]
    details = {"summary": "shipped", "externalExecutionId": "deploy-1", "percentComplete": 100}
    world.server.client("s3", world.server.session_of_job(job["data"])).put_object(
        Bucket=place["bucketName"], Key=place["objectKey"], Body=b"built"
    )
    world.succeed(job, executionDetails=details)
    outputs = [{"name": "Built", "s3location": {"bucket": place["bucketName"], "key": place["objectKey"]}}]
    result = {"external-execution-summary": "shipped", "external-execution-id": "deploy-1"}
    assert world.event("Deploy/Ship SUCCEEDED")["detail"] == {
        **common, "state": "SUCCEEDED", "output-artifacts": outputs, "execution-result": result
    }


def test_failures_say_why(telling):
    world, execution = deploying(telling)
    world.fail(world.take(execution), "3 tests failed")
    action = world.event("Deploy/Ship FAILED")
    assert action["detail"]["execution-result"] == {
        "external-execution-summary": "3 tests failed", "error-code": "JobFailed"
    }
    reason = {
        "failedActionCount": 1,
        "failedActions": [{"action": "Ship", "additionalInformation": "3 tests failed"}],
        "failedStage": "Deploy",
    }
    events = (action, world.event("Deploy FAILED"), world.event("FAILED"))
    assert [each["additionalAttributes"] for each in events] == [reason] * 3


def test_a_rejection_has_failed_with_the_words_of_the_reviewer(telling):
    world = telling()
    world.declare(("Sign", [declarations.approval()]))
    token = world.latest("Sign", "Approve")["token"]
    world.answer("Sign", "Approve", token, "Rejected", "not today")
    event = world.event("Sign/Approve FAILED")
    assert event["detail"]["execution-result"] == {
        "external-execution-summary": "not today", "external-execution-id": token, "error-code": "JobFailed"
    }
    assert event["additionalAttributes"]["failedActions"] == [
        {"action": "Approve", "additionalInformation": "not today"}
    ]


# Notifications


def test_a_notification_tells_an_event_in_its_own_form(telling):
    world, execution = deploying(telling, "notes")
    version = world.execution(execution)["artifactRevisions"][0]["revisionId"]
    (request, *_) = world.requests("notes")
    assert uuid.UUID(request.headers["webhook-id"])
    notification = request.document
    now = f"{world.clock.now():%Y-%m-%dT%H:%M:%S}"
    assert notification.pop("detail")["state"] == "STARTED"
    variables = {"BucketName": world.bucket, "ObjectKey": "source.zip", "VersionId": version}
    source = {
        "sourceActionName": "Fetch", "sourceActionProvider": "S3", "sourceActionVariables": variables
    }
    assert notification == {
        "account": "000000000000",
        "detailType": "CodePipeline Pipeline Execution State Change",
        "region": "eu-central-1",
        "source": "aws.codepipeline",
        "time": f"{now}Z",
        "notificationRuleArn": "arn:aws:codestar-notifications:eu-central-1:000000000000:notificationrule/notes",
        "resources": [f"arn:aws:codepipeline:eu-central-1:000000000000:{world.name}"],
        "additionalAttributes": {"sourceActions": [source]},
    }
    assert world.told("notes") == BEGUN
    assert world.event("Deploy STARTED", "notes")["additionalAttributes"] == {}


def test_a_notification_of_an_approval_says_what_it_is_about(telling):
    world = telling("notes")
    about = {"CustomData": "Look twice.", "ExternalEntityLink": "https://shop-staging.example.org"}
    world.declare(("Sign", [declarations.approval(configuration=about)]))
    world.answer("Sign", "Approve", world.latest("Sign", "Approve")["token"], "Rejected", "not today")
    assert world.event("Sign/Approve STARTED", "notes")["additionalAttributes"] == {
        "externalEntityLink": "https://shop-staging.example.org", "customData": "Look twice."
    }
    reason = {
        "failedActionCount": 1,
        "failedActions": [{"action": "Approve", "additionalInformation": "not today"}],
        "failedStage": "Sign",
    }
    for words in ("Sign/Approve FAILED", "Sign FAILED", "FAILED"):
        assert world.event(words, "notes")["additionalAttributes"] == reason


# Signatures


def test_every_request_is_signed_with_the_secret_of_its_target(telling):
    world, execution = deploying(telling)
    world.fail(world.take(execution))
    keys = {
        "hook": base64.b64decode(targets.CODED_SECRET.removeprefix("whsec_")),
        "chat": targets.PLAIN_SECRET.encode(),
    }
    for target, key in keys.items():
        requests = world.requests(target)
        assert requests
        for request in requests:
            headers, event = request.headers, request.document
            assert headers["webhook-signature"] == signatures.webhook(key, request)
            assert (headers["webhook-id"], headers["penstock-event"]) == (event["id"], event["detail-type"])
            assert (headers["content-type"], headers["penstock-attempt"]) == ("application/json", "1")
            assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60, "signatures go by real time"
    ids = [each.headers["webhook-id"] for each in world.requests()]
    assert len(set(ids)) == len(ids)


# Who is told of what


def test_a_target_is_told_of_what_it_asks_for(telling):
    world, execution = deploying(telling)
    world.fail(world.take(execution))
    world.retry("Deploy", execution)
    world.succeed(world.take(execution))
    assert world.told("chat") == ["FAILED", "SUCCEEDED"]
    for target in ("skips", "elsewhere", "faraway", "flaky", "reviews"):
        assert world.told(target) == [], target


def test_a_skipped_stage_is_told_to_those_who_ask(telling):
    world = telling()
    skip = declarations.condition("SKIP", EQUALS_MAIN)
    world.declare(declarations.stage("Deploy", world.work(), beforeEntry=skip), **BRANCH)
    world.succeed(world.take())
    second = world.begin(variables=[{"name": "Branch", "value": "dev"}])
    assert world.inside("Deploy") == (second, "Skipped")
    assert world.told("skips") == ["Deploy SKIPPED"]
    assert world.told(execution=second) == [*FETCHED, "Deploy STARTED", "SUCCEEDED"]


def test_a_job_is_there_when_the_event_of_its_action_arrives(telling):
    world = telling()
    world.create_custom_type()
    assert world.poll() == []
    found = []

    def poll(request):
        if targets.words(request.document) == "Deploy/Ship STARTED":
            found.extend(world.poll())
        return Answer()

    world.receiver.answers["/hook"] = poll
    first = world.declare(("Deploy", [world.work()]), type=False)
    assert [execution_of(job) for job in found] == [first]
    world.stop(first, abandon=True)
    assert world.poll() == []
    second = world.begin()
    assert [execution_of(job) for job in found] == [first, second]
