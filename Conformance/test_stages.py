# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""What happens inside of a stage: run-order groups, failures, stops."""

from support import declarations
from support.jobs import action_of, by_name

RETRY = {"result": "RETRY", "retryConfiguration": {"retryMode": "FAILED_ACTIONS"}}


# Run-order groups


def test_groups_run_one_after_the_other_and_their_actions_together(timed):
    actions = [
        timed.work("Last", runOrder=9),
        timed.work("Test", runOrder=1),
        timed.work("Lint", runOrder=1),
        timed.work("Publish", runOrder=5),
    ]
    execution = timed.declare(("Deploy", actions))
    started = []
    while jobs := timed.take_all():
        started.append({action_of(job) for job in jobs})
        timed.clock.advance("1m")
        for job in jobs:
            timed.succeed(job)
    assert started == [{"Test", "Lint"}, {"Publish"}, {"Last"}]
    assert timed.execution(execution)["status"] == "Succeeded"


def test_a_failure_lets_its_siblings_end_and_starts_no_further_group(timed, refused):
    actions = [timed.work("Test"), timed.work("Lint"), timed.work("Publish", runOrder=2)]
    execution = timed.declare(("Deploy", actions))
    test, lint = by_name(timed.take_all(), "Test", "Lint")
    timed.fail(test, "3 tests failed")
    assert timed.inside("Deploy") == (execution, "InProgress")
    assert refused(timed.retry, stage="Deploy", execution=execution, mode="ALL_ACTIONS")[0] == (
        "StageNotRetryableException"
    )
    timed.succeed(lint)
    assert timed.inside("Deploy") == (execution, "Failed")
    assert timed.jobs() == []
    assert timed.latest("Deploy", "Test")["errorDetails"] == {"code": "JobFailed", "message": "3 tests failed"}
    assert timed.execution(execution)["statusSummary"] == "Action 'Test' in stage 'Deploy' failed: 3 tests failed"


# Stops


def test_a_stop_waits_for_what_runs_until_it_is_told_to_abandon(timed, refused):
    actions = [declarations.approval("SignOff"), timed.work("Load"), timed.work("Publish", runOrder=2)]
    execution = timed.declare(("Release", actions))
    token = timed.latest("Release", "SignOff")["token"]
    job = timed.take(execution)
    timed.stop(execution)
    assert timed.inside("Release") == (execution, "Stopping")
    assert refused(timed.stop, execution=execution)[0] == "DuplicatedStopRequestException"
    timed.succeed(job)
    assert timed.execution(execution)["status"] == "Stopping"
    timed.stop(execution, abandon=True)
    assert timed.inside("Release") == (execution, "Stopped")
    assert timed.latest("Release", "SignOff")["status"] == "Abandoned"
    answer = {"stage": "Release", "action": "SignOff", "token": token}
    assert refused(timed.answer, **answer)[0] == "InvalidApprovalTokenException"
    timed.retry("Release", execution)
    assert timed.latest("Release", "Load")["status"] == "Succeeded"
    timed.answer("Release", "SignOff", timed.latest("Release", "SignOff")["token"])
    timed.succeed(timed.take(execution))
    assert timed.execution(execution)["status"] == "Succeeded"


def test_an_approval_is_answered_while_its_execution_stops(timed):
    execution = timed.declare(("Sign", [declarations.approval()]), ("Deploy", [timed.work()]))
    timed.stop(execution)
    timed.answer("Sign", "Approve", timed.latest("Sign", "Approve")["token"])
    assert timed.execution(execution)["status"] == "Stopped"
    assert timed.latest("Sign", "Approve")["status"] == "Succeeded"
    assert timed.jobs() == []
    timed.retry("Sign", execution)
    assert timed.take(execution)


def test_a_stopping_execution_stops_at_the_timeout_of_what_it_waits_for(timed):
    execution = timed.declare(declarations.stage("Deploy", timed.work(), onFailure=RETRY))
    timed.take(execution)
    timed.stop(execution)
    timed.clock.advance("1d")
    assert timed.execution(execution)["status"] == "Stopped"
    assert timed.latest("Deploy", "Ship")["status"] == "Failed"


def test_who_is_told_to_go_on_later_goes_on_while_the_execution_stops(timed):
    execution = timed.declare(("Deploy", [timed.work(), timed.work("Publish", runOrder=2)]))
    job = timed.take(execution)
    timed.stop(execution)
    timed.succeed(job, continuationToken="half")
    assert timed.execution(execution)["status"] == "Stopping"
    job = timed.take(execution)
    assert job["data"]["continuationToken"] == "half"
    timed.succeed(job)
    assert timed.execution(execution)["status"] == "Stopped"
    assert timed.jobs() == []


def test_a_failure_while_an_execution_stops_leads_to_nothing_more(timed):
    first = timed.declare(declarations.stage("Deploy", timed.work(), onFailure={"result": "ROLLBACK"}))
    timed.succeed(timed.take(first))
    second = timed.begin()
    job = timed.take(second)
    timed.stop(second)
    timed.fail(job)
    assert timed.inside("Deploy") == (second, "Stopped")
    assert timed.latest("Deploy", "Ship")["status"] == "Failed"
    assert len(timed.executions()) == 2


def test_abandoned_jobs_are_neither_handed_out_nor_taken_back(timed, refused):
    execution = timed.declare(("Deploy", [timed.work("Test"), timed.work("Lint")]))
    test, lint = by_name(timed.jobs(), "Test", "Lint")
    timed.codepipeline.acknowledge_job(jobId=test["id"], nonce=test["nonce"])
    timed.stop(execution, abandon=True, reason="wrong region")
    assert timed.execution(execution)["status"] == "Stopped"
    assert refused(timed.succeed, job=test)[0] == "InvalidJobStateException"
    acknowledge = timed.codepipeline.acknowledge_job
    assert refused(acknowledge, jobId=lint["id"], nonce=lint["nonce"])[0] == "InvalidNonceException"
    assert timed.poll() == []
    assert {each["status"] for each in timed.history() if each["stageName"] == "Deploy"} == {"Abandoned"}
    assert timed.executions()[0]["stopTrigger"] == {"reason": "wrong region"}


def test_the_first_reason_of_a_stop_stays_where_the_second_call_has_none(timed):
    execution = timed.declare(("Deploy", [timed.work()]))
    timed.stop(execution, reason="wrong region")
    timed.stop(execution, abandon=True)
    assert timed.executions()[0]["stopTrigger"] == {"reason": "wrong region"}


def test_a_stop_lets_in_who_waits(timed):
    first = timed.declare(("Deploy", [timed.work()]))
    second = timed.begin()
    timed.stop(first, abandon=True)
    assert timed.inside("Deploy") == (second, "InProgress")
