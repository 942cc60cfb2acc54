# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Manual approvals: what they show while they wait and afterwards, and whose answer counts."""

import threading
import uuid

import pytest
from botocore.exceptions import ClientError
from support import declarations

OPERATOR = "arn:aws:iam::000000000000:"
COMPLETE = "The approval request that you responded to is already complete or has expired."


def signing(timed, **configuration):
    """A pipeline that waits for an approval; returns its first execution and the token."""
    execution = timed.declare(("Sign", [declarations.approval(configuration=configuration)]))
    return execution, timed.latest("Sign", "Approve")["token"]


# What is shown


def test_an_approval_that_waits_shows_its_token_and_nothing_else(timed):
    _, token = signing(timed, ExternalEntityLink="https://shop-staging.example.org")
    shown = timed.action("Sign", "Approve")
    assert shown == {
        "actionName": "Approve",
        "latestExecution": {"actionExecutionId": token, "status": "InProgress", "token": token},
        "entityUrl": "https://shop-staging.example.org",
    }
    assert str(uuid.UUID(token)) == token
    timed.clock.advance("1d")
    assert timed.action("Sign", "Approve") == shown, "silence of reviewers is nothing special"


def test_an_approval_that_was_given_shows_by_whom(timed):
    execution, token = signing(timed)
    timed.clock.advance("1h")
    answer = timed.answer("Sign", "Approve", token, summary="looks good")
    assert answer["approvedAt"] == timed.clock.now()
    latest = timed.latest("Sign", "Approve")
    assert latest.pop("lastUpdatedBy").startswith(OPERATOR)
    assert latest == {
        "actionExecutionId": token,
        "status": "Succeeded",
        "summary": "looks good",
        "lastStatusChange": timed.clock.now(),
    }
    assert timed.execution(execution)["status"] == "Succeeded"
    timed.clock.advance("8d")
    assert timed.latest("Sign", "Approve")["status"] == "Succeeded", "its deadline is over"


def test_a_rejection_shows_the_words_of_the_reviewer_and_no_error(timed):
    execution, token = signing(timed, CustomData="Release #{codepipeline.PipelineExecutionId}?")
    asked = timed.clock.now()
    timed.clock.advance("1h")
    rejected = timed.clock.now()
    assert timed.answer("Sign", "Approve", token, "Rejected", "basket is wrong")["approvedAt"] == rejected
    assert "errorDetails" not in timed.latest("Sign", "Approve")
    assert timed.inside("Sign") == (execution, "Failed")
    (entry,) = timed.history("Approve")
    assert entry.pop("updatedBy").startswith(OPERATOR)
    assert entry == {
        "pipelineExecutionId": execution,
        "actionExecutionId": token,
        "pipelineVersion": 1,
        "stageName": "Sign",
        "actionName": "Approve",
        "startTime": asked,
        "lastUpdateTime": rejected,
        "status": "Failed",
        "input": {
            "actionTypeId": declarations.type_id("Approval", "AWS", "Manual"),
            "configuration": {"CustomData": "Release #{codepipeline.PipelineExecutionId}?"},
            "resolvedConfiguration": {"CustomData": f"Release {execution}?"},
            "region": "eu-central-1",
            "inputArtifacts": [],
        },
        "output": {
            "outputArtifacts": [],
            "outputVariables": {},
            "executionResult": {
                "externalExecutionId": token, "externalExecutionSummary": "basket is wrong"
            },
        },
    }


def test_an_abandoned_approval_shows_who_stopped_it(timed):
    execution, token = signing(timed)
    timed.stop(execution, abandon=True)
    latest = timed.latest("Sign", "Approve")
    assert (latest["status"], latest["summary"]) == ("Abandoned", "The approval action has been canceled.")
    assert latest["lastUpdatedBy"].startswith(OPERATOR)
    assert "token" not in latest and "errorDetails" not in latest


# Whose answer counts


def test_a_token_answers_its_own_action_alone(timed, refused):
    timed.declare(("Sign", [declarations.approval("Law"), declarations.approval("Shop"), timed.work()]))
    law, shop = (timed.latest("Sign", name)["token"] for name in ("Law", "Shop"))
    job = timed.take()["data"]["pipelineContext"]["action"]["actionExecutionId"]
    for token in (shop, job, str(uuid.uuid4())):
        assert refused(timed.answer, stage="Sign", action="Law", token=token)[0] == "InvalidApprovalTokenException"
    timed.answer("Sign", "Law", law)
    assert timed.latest("Sign", "Law")["status"] == "Succeeded"
    assert timed.latest("Sign", "Shop")["token"] == shop
    assert refused(timed.answer, stage="Sign", action="Law", token=law) == (
        "ApprovalAlreadyCompletedException", COMPLETE
    )


def test_an_answer_for_a_pipeline_that_never_was_is_not_found(timed, refused):
    _, token = signing(timed)
    place = {"pipelineName": "absent", "stageName": "Sign", "actionName": "Approve", "token": token}
    result = {"summary": "", "status": "Approved"}
    assert refused(timed.codepipeline.put_approval_result, **place, result=result)[0] == "PipelineNotFoundException"


def test_the_token_of_an_older_version_is_told_to_be_out_of_date(timed, refused):
    _, token = signing(timed)
    timed.update(variables=[{"name": "Size", "defaultValue": "s"}])
    assert refused(timed.answer, stage="Sign", action="Approve", token=token) == (
        "InvalidApprovalTokenException",
        f"The pipeline {timed.name} has been updated, and the approval request you responded to is now out of date.",
    )


@pytest.mark.parametrize("status", ["Approved", "Rejected"])
def test_where_a_summary_is_required_an_answer_without_one_is_refused_and_the_approval_waits_on(
    timed, refused, status
):
    execution, token = signing(timed, IsSummaryRequired="true")
    for summary in ("", "  \t"):
        wrong = {"stage": "Sign", "action": "Approve", "token": token, "status": status, "summary": summary}
        assert refused(timed.answer, **wrong) == (
            "InvalidApprovalTokenException",
            "Action 'Approve' in stage 'Sign' requires a summary."
            " Provide a summary in the approval result and try again.",
        )
    assert timed.latest("Sign", "Approve")["token"] == token
    timed.answer("Sign", "Approve", token, status, "seen")
    assert timed.execution(execution)["status"] == ("Succeeded" if status == "Approved" else "Failed")


def test_a_summary_has_512_characters_at_most(timed, refused):
    _, token = signing(timed)
    long = {"stage": "Sign", "action": "Approve", "token": token, "summary": "x" * 513}
    assert refused(timed.answer, **long)[0] == "ValidationException"
    timed.answer("Sign", "Approve", token, summary="x" * 512)
    assert timed.latest("Sign", "Approve")["summary"] == "x" * 512


def test_of_answers_that_come_at_once_one_counts(timed):
    execution, token = signing(timed)
    barrier = threading.Barrier(8)
    answers = []

    def answer(number):
        barrier.wait()
        try:
            timed.answer("Sign", "Approve", token, "Approved" if number % 2 else "Rejected", f"{number}")
            answers.append(f"{number}")
        except ClientError as error:
            answers.append(error.response["Error"]["Code"])

    threads = [threading.Thread(target=answer, args=(number,)) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert answers.count("ApprovalAlreadyCompletedException") == 7
    (counted,) = (each for each in answers if each != "ApprovalAlreadyCompletedException")
    assert timed.latest("Sign", "Approve")["summary"] == counted
    assert timed.execution(execution)["status"] == ("Succeeded" if int(counted) % 2 else "Failed")


# Time


def test_each_approval_of_a_stage_has_its_own_time(timed):
    hasty = declarations.approval("Hasty", timeoutInMinutes=5)
    patient = declarations.approval("Patient", timeoutInMinutes=86_400)
    execution = timed.declare(("Sign", [hasty, patient]))
    timed.clock.advance("5m")
    assert timed.latest("Sign", "Hasty")["errorDetails"] == {
        "code": "JobFailed", "message": "Approval was not given within 5 minutes"
    }
    assert timed.inside("Sign") == (execution, "InProgress")
    timed.clock.advance("59d23h54m59s")
    timed.retry("Sign", execution)
    timed.answer("Sign", "Hasty", timed.latest("Sign", "Hasty")["token"])
    timed.answer("Sign", "Patient", timed.latest("Sign", "Patient")["token"])
    assert timed.execution(execution)["status"] == "Succeeded"


@pytest.mark.parametrize("minutes", [4, 86_401])
def test_the_time_of_an_approval_has_bounds(timed, refused, minutes):
    client = timed.server.client("codepipeline", parameter_validation=False)
    sign = declarations.approval(timeoutInMinutes=minutes)
    declared = declarations.pipeline(timed.name, timed.bucket, ("Sign", [sign]))
    assert refused(client.create_pipeline, pipeline=declared)[0] == "ValidationException"


def test_approvals_alone_declare_their_time(timed, refused):
    timed.create_custom_type()
    declared = declarations.pipeline(timed.name, timed.bucket, ("Deploy", [timed.work(timeoutInMinutes=60)]))
    assert refused(timed.codepipeline.create_pipeline, pipeline=declared) == (
        "InvalidActionDeclarationException",
        "Action 'Ship': only manual approval actions can declare 'timeoutInMinutes'",
    )
