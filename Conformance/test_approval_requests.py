# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Whom an approval asks, and what it tells them."""

import json
from datetime import timedelta
from urllib.parse import parse_qs

from support import declarations, signatures, targets

BRANCH = {"variables": [{"name": "Branch", "defaultValue": "main"}]}


def asking(**configuration):
    return declarations.approval(configuration={"NotificationArn": targets.REVIEWS, **configuration})


def test_an_approval_asks_its_topic(telling):
    world = telling()
    link = "https://shop-staging.example.org/#{codepipeline.PipelineExecutionId}"
    approve = asking(CustomData="Check the basket of #{variables.Branch}.", ExternalEntityLink=link)
    version = world.put_source()
    execution = world.declare(("Sign", [approve]), source=False, **BRANCH)
    (request,) = world.requests("reviews")
    assert request.headers["webhook-signature"] == signatures.webhook(targets.PLAIN_SECRET.encode(), request)
    assert request.headers["penstock-event"] == "CodePipeline Manual Approval Requested"
    token = world.latest("Sign", "Approve")["token"]
    message = request.document
    assert (set(message), message["region"]) == ({"region", "consoleLink", "approval"}, "eu-central-1")
    assert message["consoleLink"].startswith(f"{world.server.endpoint}/")
    approval = message["approval"]
    assert approval.pop("approvalReviewLink") == f"{message['consoleLink']}/Sign/Approve/approve/{token}"
    expires = world.clock.now() + timedelta(days=7)
    assert approval == {
        "pipelineName": world.name,
        "stageName": "Sign",
        "actionName": "Approve",
        "token": token,
        "expires": f"{expires:%Y-%m-%dT%H:%M}Z",
        "externalEntityLink": f"https://shop-staging.example.org/{execution}",
        "customData": "Check the basket of main.",
        "pipelineExecutionId": execution,
        "pipelineVersion": 1,
        "revisions": [
            {
                "actionName": "Fetch",
                "artifactName": "Source",
                "revisionId": version,
                "revisionSummary": f"Amazon S3 version id: {version}",
                "changed": True,
            }
        ],
        "waitingExecutionCount": 0,
        "waitingExecutions": [],
    }
    world.answer("Sign", "Approve", token)
    assert world.execution(execution)["status"] == "Succeeded"


def test_a_request_for_approval_tells_what_changes_and_who_waits(telling):
    world = telling()
    old = world.put_source("old")
    first = world.declare(("Sign", [asking()]), source=False, executionMode="QUEUED", pipelineType="V2")
    world.answer("Sign", "Approve", world.latest("Sign", "Approve")["token"])
    released = world.clock.now()
    world.clock.advance("1h")
    world.hold("Sign")
    new = world.put_source("new")
    world.clock.settle()
    second = world.executions()[-1]["pipelineExecutionId"]
    third, fourth = world.begin(), world.begin()
    world.release("Sign")
    approval = world.documents("reviews")[-1]["approval"]
    assert (approval["pipelineExecutionId"], approval["token"]) == (second, world.latest("Sign", "Approve")["token"])
    assert "customData" not in approval and "externalEntityLink" not in approval
    (revision,) = approval["revisions"]
    assert (revision["revisionId"], revision["releasedRevisionId"], revision["changed"]) == (new, old, True)
    assert approval["lastRelease"] == {
        "pipelineExecutionId": first,
        "pipelineVersion": 1,
        "startTime": f"{released:%Y-%m-%dT%H:%M:%S}.000Z",
        "revisions": [{"actionName": "Fetch", "revisionId": old}],
    }
    assert approval["waitingExecutionCount"] == 2
    assert [each["pipelineExecutionId"] for each in approval["waitingExecutions"]] == [third, fourth]
    world.answer("Sign", "Approve", approval["token"])
    (revision,) = world.documents("reviews")[-1]["approval"]["revisions"]
    assert (revision["releasedRevisionId"], revision["changed"]) == (new, False)


def test_operators_are_shown_what_an_approval_is_about_now(telling):
    world = telling()
    version = world.put_source()
    first = world.declare(("Sign", [asking(CustomData="Look twice.")]), source=False)
    second = world.begin()
    shown = world.server.penstock("approvals", "show", "--pipeline", world.name, "--output", "json")
    (asked,) = world.documents("reviews")
    assert (asked["approval"]["waitingExecutionCount"], shown["waitingExecutionCount"]) == (0, 1)
    assert [each["pipelineExecutionId"] for each in shown["waitingExecutions"]] == [second]
    assert (shown["pipelineExecutionId"], shown["token"]) == (first, asked["approval"]["token"])
    assert [each["revisionId"] for each in shown["revisions"]] == [version]
    assert shown["customData"] == "Look twice."


def test_a_retry_asks_again_with_another_token(telling):
    world = telling()
    execution = world.declare(("Sign", [asking()]))
    first = world.latest("Sign", "Approve")["token"]
    world.answer("Sign", "Approve", first, "Rejected")
    world.retry("Sign", execution)
    second = world.latest("Sign", "Approve")["token"]
    assert [each["approval"]["token"] for each in world.documents("reviews")] == [first, second]
    assert first != second


def test_an_approval_whose_topic_nobody_has_fails_and_its_siblings_go_on(telling):
    world = telling()
    absent = f"{targets.REVIEWS}-absent"
    sign = declarations.approval("SignOff", configuration={"NotificationArn": absent})
    actions = [sign, world.work("Load"), world.work("Publish", runOrder=2)]
    execution = world.declare(("Release", actions))
    latest = world.latest("Release", "SignOff")
    assert (latest["status"], latest["errorDetails"]["code"]) == ("Failed", "ConfigurationError")
    assert absent in latest["errorDetails"]["message"]
    assert world.inside("Release") == (execution, "InProgress")
    world.succeed(world.take(execution))
    assert world.inside("Release") == (execution, "Failed")
    assert world.jobs() == []
    assert world.documents("reviews") == []


def test_a_topic_of_its_own_is_asked_without_being_told(telling):
    world = telling("asks")
    sign = declarations.approval(configuration={"NotificationArn": targets.RELEASES})
    world.declare(("Sign", [sign]))
    world.clock.settle()
    (message,) = (
        message
        for message in (
            json.loads(parse_qs(each.body.decode())["Message"][0]) for each in world.receiver.requests("/topic")
        )
        if targets.pipeline_of(message) == world.name
    )
    assert message["approval"]["token"] == world.latest("Sign", "Approve")["token"]


def test_without_topics_an_approval_waits_and_nobody_is_told(timed):
    sign = declarations.approval(configuration={"NotificationArn": targets.REVIEWS})
    timed.declare(("Sign", [sign]))
    assert timed.latest("Sign", "Approve")["status"] == "InProgress"


def test_each_of_several_approvals_is_shown_by_its_token(timed):
    timed.declare(("Sign", [declarations.approval()]), executionMode="PARALLEL")
    timed.clock.advance("1s")
    timed.put_source("another")
    timed.clock.settle()
    listed = timed.server.penstock("approvals", "list", "--pipeline", timed.name, "--output", "json")["approvals"]
    assert len(listed) == 2
    for each in listed:
        shown = timed.server.penstock(
            "approvals", "show", "--pipeline", timed.name, "--token", each["token"], "--output", "json"
        )
        assert (shown["token"], shown["pipelineExecutionId"]) == (each["token"], each["pipelineExecutionId"])
    ambiguous = timed.server.penstock("approvals", "show", "--pipeline", timed.name, check=False)
    assert ambiguous.returncode != 0
    assert "name --stage and --action, or --token" in ambiguous.stderr
