# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""How executions of one pipeline share its stages: modes, transitions, updates, deletion."""

from datetime import timedelta

import pytest
from support import declarations
from support.jobs import execution_of


def deploying(timed, **members):
    """A pipeline with one action of a worker in each of two stages; returns its first execution."""
    return timed.declare(("Build", [timed.work("Make")]), ("Deploy", [timed.work()]), **members)


# SUPERSEDED


def test_superseded_the_newest_of_those_who_wait_enters(timed):
    first = deploying(timed)
    second = timed.begin()
    assert timed.waiting("Build") == [second]
    third = timed.begin()
    assert timed.waiting("Build") == [third]
    assert timed.execution(second)["status"] == "Superseded"
    assert timed.execution(second)["statusSummary"] == f"Superseded by pipeline execution {third}"
    timed.fail(timed.take(first))
    assert timed.execution(first)["status"] == "Failed"
    assert timed.inside("Build") == (third, "InProgress")
    timed.succeed(timed.take(third))
    timed.succeed(timed.take(third))
    assert [each["status"] for each in timed.executions()] == ["Failed", "Superseded", "Succeeded"]


def test_superseded_who_is_inside_of_a_stage_is_never_superseded(timed):
    first = timed.declare(("Sign", [declarations.approval()]))
    for _ in range(3):
        newest = timed.begin()
    timed.answer("Sign", "Approve", timed.latest("Sign", "Approve")["token"])
    assert timed.execution(first)["status"] == "Succeeded"
    assert timed.inside("Sign") == (newest, "InProgress")


def test_superseded_who_lost_the_stage_is_not_retried(timed, refused):
    first = deploying(timed)
    timed.begin()
    timed.fail(timed.take(first))
    assert refused(timed.retry, stage="Build", execution=first)[0] == "NotLatestPipelineExecutionException"


def test_superseded_at_a_disabled_transition(timed):
    first = deploying(timed)
    timed.hold("Deploy")
    timed.succeed(timed.take(first))
    second = timed.begin()
    assert timed.waiting("Deploy") == [first]
    timed.succeed(timed.take(second))
    assert timed.execution(first)["status"] == "Superseded"
    assert timed.waiting("Deploy") == [second]
    timed.stop(second)
    assert timed.execution(second)["status"] == "Stopped"
    shown = timed.stage("Deploy")
    assert (shown["inboundExecution"]["pipelineExecutionId"], shown["inboundExecution"]["status"]) == (second, "Stopped")
    assert shown["inboundTransitionState"]["disabledReason"] == "freeze"
    third = timed.begin()
    timed.succeed(timed.take(third))
    assert timed.waiting("Deploy") == [third]
    timed.release("Deploy")
    assert timed.inside("Deploy") == (third, "InProgress")


def test_superseded_in_front_of_the_first_stage_too(timed):
    first = timed.declare(("Sign", [declarations.approval()]), sources=[timed.custom_source()], source=False)
    second = timed.begin()
    assert timed.waiting("Source") == [second]
    third = timed.begin()
    assert timed.execution(second)["status"] == "Superseded"
    timed.succeed(timed.fetch())
    assert timed.inside("Sign") == (first, "InProgress")
    assert timed.inside("Source") == (third, "InProgress")


# QUEUED


def test_queued_everybody_has_a_turn_in_order(timed):
    queue = [deploying(timed, executionMode="QUEUED")]
    queue += [timed.begin() for _ in range(3)]
    assert timed.waiting("Build") == queue[1:]
    while jobs := timed.take_all():
        timed.clock.advance("1m")
        for job in jobs:
            timed.succeed(job)
    assert [each["status"] for each in timed.executions()] == ["Succeeded"] * 4
    assert [each["pipelineExecutionId"] for each in timed.history("Ship")] == queue


def test_queued_a_failure_lets_the_next_one_in_and_ends_the_chance_of_a_retry(timed, refused):
    first = deploying(timed, executionMode="QUEUED")
    second = timed.begin()
    third = timed.begin()
    timed.fail(timed.take(first))
    assert timed.inside("Build") == (second, "InProgress")
    assert timed.waiting("Build") == [third]
    assert refused(timed.retry, stage="Build", execution=first)[0] == "NotLatestPipelineExecutionException"


def test_queued_behind_a_disabled_transition_a_retry_comes_first(timed):
    first = deploying(timed, executionMode="QUEUED")
    second = timed.begin()
    third = timed.begin()
    timed.hold("Build")
    timed.fail(timed.take(first))
    assert timed.inside("Build") == (first, "Failed")
    timed.retry("Build", first)
    assert timed.execution(first)["status"] == "InProgress"
    timed.succeed(timed.take(first))
    assert timed.inside("Deploy") == (first, "InProgress")
    assert timed.waiting("Build") == [second, third]
    timed.release("Build")
    assert timed.inside("Build") == (second, "InProgress")
    assert timed.waiting("Build") == [third]


def test_queued_who_waits_can_be_stopped(timed):
    deploying(timed, executionMode="QUEUED")
    second = timed.begin()
    third = timed.begin()
    timed.stop(second, reason="not this one")
    assert timed.execution(second)["status"] == "Stopped"
    assert timed.waiting("Build") == [third]


def test_queued_several_queues_stand_at_once(timed):
    first = timed.declare(
        ("Build", [timed.work("Make")]), ("Deploy", [timed.work()]), sources=[timed.custom_source()], source=False,
        executionMode="QUEUED",
    )
    second, third, fourth, fifth = (timed.begin() for _ in range(4))
    for _ in range(4):
        timed.succeed(timed.fetch())
    timed.succeed(timed.take(first))
    timed.succeed(timed.take(second))
    assert [timed.inside(stage)[0] for stage in ("Source", "Build", "Deploy")] == [fifth, third, first]
    assert [timed.waiting(stage) for stage in ("Source", "Build", "Deploy")] == [[], [fourth], [second]]
    timed.succeed(timed.take(first))
    assert timed.inside("Deploy") == (second, "InProgress")


# PARALLEL


def test_parallel_nobody_waits_for_anybody(timed):
    first = deploying(timed, executionMode="PARALLEL")
    second = timed.begin()
    jobs = {execution_of(job): job for job in timed.take_all()}
    assert set(jobs) == {first, second}
    timed.succeed(jobs[second])
    timed.succeed(timed.take(second))
    assert timed.execution(second)["status"] == "Succeeded"
    assert timed.execution(first)["status"] == "InProgress"
    shown = timed.codepipeline.get_pipeline_state(name=timed.name)["stageStates"]
    assert all("latestExecution" not in each for each in shown)
    timed.fail(jobs[first])
    timed.retry("Build", first)
    timed.succeed(timed.take(first))
    timed.succeed(timed.take(first))
    assert timed.execution(first)["status"] == "Succeeded"


def test_parallel_an_approval_is_answered_with_what_its_history_shows(timed):
    execution = timed.declare(("Sign", [declarations.approval()]), executionMode="PARALLEL")
    (asked,) = timed.history("Approve")
    timed.answer("Sign", "Approve", asked["output"]["executionResult"]["externalExecutionId"])
    assert timed.execution(execution)["status"] == "Succeeded"


def test_parallel_five_actions_of_an_execution_run_at_once(timed):
    actions = [timed.work(f"Ship{number}") for number in range(7)]
    execution = timed.declare(("Deploy", actions), executionMode="PARALLEL")
    jobs = timed.take_all()
    assert len(jobs) == 5
    for job in jobs:
        timed.succeed(job)
    for job in timed.take_all():
        timed.succeed(job)
    assert timed.execution(execution)["status"] == "Succeeded"


def test_parallel_executions_wait_at_a_disabled_transition_and_go_on_together(timed):
    first = deploying(timed, executionMode="PARALLEL")
    timed.hold("Deploy")
    second = timed.begin()
    for job in timed.take_all():
        timed.succeed(job)
    assert timed.jobs() == []
    timed.release("Deploy")
    for execution in (first, second):
        timed.succeed(timed.take(execution))
    assert [each["status"] for each in timed.executions()] == ["Succeeded", "Succeeded"]


def test_parallel_after_a_failure_no_action_takes_a_free_place(timed):
    actions = [timed.work(f"Ship{number}") for number in range(7)]
    execution = timed.declare(("Deploy", actions), executionMode="PARALLEL")
    first, *others = timed.take_all()
    timed.fail(first)
    for job in others:
        timed.succeed(job)
    assert timed.execution(execution)["status"] == "Failed"
    assert timed.jobs() == []
    timed.retry("Deploy", execution)
    jobs = timed.take_all()
    assert len(jobs) == 3
    for job in jobs:
        timed.succeed(job)
    assert timed.execution(execution)["status"] == "Succeeded"


def test_parallel_an_update_leaves_executions_their_own_version(timed):
    first = deploying(timed, executionMode="PARALLEL")
    stages = timed.codepipeline.get_pipeline(name=timed.name)["pipeline"]["stages"]
    timed.update(stages=stages[:2])
    second = timed.begin()
    jobs = {execution_of(job): job for job in timed.take_all()}
    timed.succeed(jobs[second])
    assert timed.execution(second)["status"] == "Succeeded"
    timed.succeed(jobs[first])
    timed.succeed(timed.take(first))
    assert (timed.execution(first)["status"], timed.execution(first)["pipelineVersion"]) == ("Succeeded", 1)


# Three quick starts, side by side


@pytest.mark.parametrize(
    ("mode", "statuses", "hours"),
    [
        ("SUPERSEDED", ["Succeeded", "Superseded", "Succeeded"], [2, 0, 3]),
        ("QUEUED", ["Succeeded", "Succeeded", "Succeeded"], [2, 3, 4]),
        ("PARALLEL", ["Succeeded", "Succeeded", "Succeeded"], [2, 2, 2]),
    ],
)
def test_three_quick_starts_while_each_action_takes_an_hour(timed, mode, statuses, hours):
    deploying(timed, executionMode=mode)
    for _ in range(2):
        timed.begin()
    begun = timed.clock.now()
    while jobs := timed.take_all():
        timed.clock.advance("1h")
        for job in jobs:
            timed.succeed(job)
    ended = timed.executions()
    assert [each["status"] for each in ended] == statuses
    assert [(each["lastUpdateTime"] - begun) / timedelta(hours=1) for each in ended] == hours


# Updates and deletion


def test_an_update_lets_running_actions_end_and_cancels_what_follows(timed, refused):
    first = timed.declare(("Build", [timed.work("Make")]), ("Sign", [declarations.approval()]))
    timed.succeed(timed.take(first))
    second = timed.begin()
    third = timed.begin()
    job = timed.take(second)
    token = timed.latest("Sign", "Approve")["token"]
    assert timed.update(variables=[{"name": "Size", "defaultValue": "s"}]) == 2
    statuses = {each: timed.execution(each)["status"] for each in (first, second, third)}
    assert statuses == {first: "Cancelled", second: "InProgress", third: "Cancelled"}
    assert timed.execution(second)["statusSummary"] == "The pipeline was updated; waiting for running actions"
    assert refused(timed.answer, stage="Sign", action="Approve", token=token)[0] == "InvalidApprovalTokenException"
    assert timed.latest("Sign", "Approve")["summary"] == "The approval action has been canceled."
    fourth = timed.begin()
    assert timed.waiting("Build") == [fourth]
    timed.succeed(job)
    assert timed.execution(second)["status"] == "Cancelled"
    assert timed.execution(fourth)["pipelineVersion"] == 2
    assert timed.inside("Build") == (fourth, "InProgress")


def test_an_update_says_to_whom_it_put_an_end(timed):
    first = deploying(timed)
    second = timed.begin()
    job = timed.take(first)
    timed.update(variables=[{"name": "Size", "defaultValue": "s"}])
    timed.succeed(job)
    summary = "The pipeline was updated to version 2 before the execution completed"
    for execution in (first, second):
        shown = timed.execution(execution)
        assert (shown["status"], shown["statusSummary"]) == ("Cancelled", summary)
    assert timed.inside("Build") == (first, "Cancelled")
    assert timed.latest("Build", "Make")["status"] == "Succeeded"


def test_an_update_of_stages_keeps_what_those_show_that_stay(timed):
    first = deploying(timed)
    for _ in range(2):
        timed.succeed(timed.take(first))
    source, _, deploy = timed.codepipeline.get_pipeline(name=timed.name)["pipeline"]["stages"]
    timed.update(stages=[source, declarations.stage("Tell", timed.work("Call")), deploy])
    states = timed.codepipeline.get_pipeline_state(name=timed.name)["stageStates"]
    assert [each["stageName"] for each in states] == ["Source", "Tell", "Deploy"]
    assert ["latestExecution" in each for each in states] == [True, False, True]
    assert timed.inside("Deploy") == (first, "Succeeded")


def test_a_stop_wins_over_an_update(timed):
    first = deploying(timed)
    job = timed.take(first)
    timed.update(variables=[{"name": "Size", "defaultValue": "s"}])
    timed.stop(first)
    assert timed.execution(first)["status"] == "Stopping"
    timed.succeed(job)
    assert timed.execution(first)["status"] == "Stopped"


def test_an_update_makes_a_failed_execution_one_that_is_not_retried(timed, refused):
    first = deploying(timed)
    timed.fail(timed.take())
    timed.update(variables=[{"name": "Size", "defaultValue": "s"}])
    assert timed.execution(first)["status"] == "Failed"
    assert refused(timed.retry, stage="Build", execution=first)[0] == "StageNotRetryableException"


def test_a_change_of_the_mode_cancels_locked_executions_and_lets_parallel_ones_go_on(timed):
    first = deploying(timed, executionMode="QUEUED")
    second = timed.begin()
    job = timed.take(first)
    timed.update(executionMode="PARALLEL")
    assert timed.execution(second)["status"] == "Cancelled"
    timed.succeed(job)
    assert timed.execution(first)["status"] == "Cancelled"
    third = timed.begin()
    timed.update(executionMode="SUPERSEDED")
    timed.succeed(timed.take(third))
    timed.succeed(timed.take(third))
    assert timed.execution(third)["status"] == "Succeeded"


def test_executions_of_another_locked_mode_are_cancelled_and_stay_visible(timed):
    first = deploying(timed)
    job = timed.take(first)
    timed.update(executionMode="QUEUED")
    second, third, fourth = (timed.begin() for _ in range(3))
    assert timed.waiting("Build") == [second, third, fourth], "nobody enters while an action runs"
    timed.succeed(job)
    assert timed.execution(first)["status"] == "Cancelled"
    assert timed.inside("Build") == (second, "InProgress")
    timed.update(executionMode="SUPERSEDED")
    assert [timed.execution(each)["status"] for each in (third, fourth)] == ["Cancelled", "Cancelled"]
    timed.succeed(timed.take(second))
    assert timed.inside("Build") == (second, "Cancelled")


def test_a_deleted_pipeline_is_gone_with_its_jobs_and_its_deadlines(timed, refused):
    deploying(timed)
    job = timed.take()
    timed.codepipeline.delete_pipeline(name=timed.name)
    assert refused(timed.succeed, job=job)[0] in ("JobNotFoundException", "InvalidJobStateException")
    assert refused(timed.executions)[0] == "PipelineNotFoundException"
    timed.clock.advance("7d")
    again = timed.declare(("Deploy", [timed.work()]), type=False)
    assert timed.codepipeline.get_pipeline(name=timed.name)["pipeline"]["version"] == 1
    assert [each["pipelineExecutionId"] for each in timed.executions()] == [again]
