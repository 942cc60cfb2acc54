# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Which commands are refused where an execution stands with respect to the stage Deploy, and with which error."""

import pytest
from botocore.exceptions import ClientError
from support import declarations

BRANCH = {"variables": [{"name": "Branch", "defaultValue": "main"}]}
DEV = {"variables": [{"name": "Branch", "value": "dev"}]}
EQUALS_MAIN = declarations.variable_check("#{variables.Branch}", "EQ", "main")
CLOSED = declarations.rule("Window", "DeploymentWindow", {"Cron": "0 0 0 30 2 ? *"})

NOT_LATEST = "NotLatestPipelineExecutionException"
NOT_RETRYABLE = "StageNotRetryableException"
NOT_STOPPABLE = "PipelineExecutionNotStoppableException"
NOT_OVERRIDABLE = "ConditionNotOverridableException"
UNABLE = "UnableToRollbackStageException"
DUPLICATED = "DuplicatedStopRequestException"
CONFLICT = "ConflictException"
OUTDATED = "PipelineExecutionOutdatedException"
NOT_FOUND = "PipelineExecutionNotFoundException"


# Places: each brings an execution there, and returns it with one that has succeeded in the stage before.


def work_off(timed):
    """Lets every job succeed, and those that follow."""
    while jobs := timed.take_all():
        for job in jobs:
            timed.succeed(job)


def declared(timed, **gates):
    """A pipeline with the stage between two others; returns its first execution, which has succeeded."""
    deploy = declarations.stage("Deploy", timed.work("Test"), timed.work("Lint"), **gates)
    first = timed.declare(("Build", [timed.work("Make")]), deploy, ("Tell", [timed.work("Call")]), **BRANCH)
    work_off(timed)
    return first


def arrived(timed, **members):
    """Another execution, which has come to the stage."""
    execution = timed.begin(**members)
    timed.succeed(timed.take(execution))
    return execution


def waiting(timed):
    first = declared(timed)
    timed.hold("Deploy")
    return first, arrived(timed)


def running(timed):
    return declared(timed), arrived(timed)


def failed_beside_another_action(timed):
    first, second = running(timed)
    timed.fail(timed.take_all()[0])
    return first, second


def failed(timed):
    first, second = running(timed)
    for job in timed.take_all():
        timed.fail(job)
    return first, second


def overtaken(timed):
    first, second = failed(timed)
    arrived(timed)
    return first, second


def at_the_entry(timed):
    first = declared(timed, beforeEntry=declarations.condition("FAIL", CLOSED))
    timed.override("Deploy", first, "BEFORE_ENTRY")
    work_off(timed)
    return first, arrived(timed)


def before_success(timed):
    first = declared(timed, onSuccess=declarations.condition("FAIL", CLOSED))
    timed.override("Deploy", first, "ON_SUCCESS")
    work_off(timed)
    second = arrived(timed)
    work_off(timed)
    return first, second


def not_let_in(timed):
    return declared(timed, beforeEntry=declarations.condition("FAIL", EQUALS_MAIN)), arrived(timed, **DEV)


def skipped(timed):
    return declared(timed, beforeEntry=declarations.condition("SKIP", EQUALS_MAIN)), arrived(timed, **DEV)


def stopping(timed):
    first, second = running(timed)
    timed.stop(second)
    return first, second


def stopped(timed):
    first, second = running(timed)
    timed.stop(second, abandon=True)
    return first, second


def stopped_in_front(timed):
    first, second = waiting(timed)
    timed.stop(second)
    return first, second


def superseded(timed):
    first, second = waiting(timed)
    arrived(timed)
    return first, second


def passed(timed):
    first, second = running(timed)
    for job in timed.take_all():
        timed.succeed(job)
    return first, second


def cancelled(timed):
    first, second = running(timed)
    jobs = timed.take_all()
    timed.update(variables=[{"name": "Branch", "defaultValue": "dev"}])
    for job in jobs:
        timed.succeed(job)
    return first, second


def succeeded(timed):
    first, second = running(timed)
    work_off(timed)
    return first, second


def unknown(timed):
    declared(timed)
    return ("00000000-0000-4000-8000-000000000000",) * 2


# Commands


def stop(timed, first, second):
    timed.stop(second)
    assert timed.execution(second)["status"] in ("Stopping", "Stopped")


def abandon(timed, first, second):
    timed.stop(second, abandon=True)
    assert timed.execution(second)["status"] == "Stopped"


def retry_failed(timed, first, second):
    timed.retry("Deploy", second, "FAILED_ACTIONS")
    assert timed.stage("Deploy")["retryStageMetadata"]["manualStageRetryAttempt"] == 1


def retry_all(timed, first, second):
    timed.retry("Deploy", second, "ALL_ACTIONS")
    assert timed.stage("Deploy")["retryStageMetadata"]["manualStageRetryAttempt"] == 1


def override_entry(timed, first, second):
    timed.override("Deploy", second, "BEFORE_ENTRY")
    assert timed.gate("Deploy", "beforeEntry")[0] == "Overridden"
    assert timed.execution(second)["status"] == "InProgress"


def override_success(timed, first, second):
    timed.override("Deploy", second, "ON_SUCCESS")
    assert timed.gate("Deploy", "onSuccess")[0] == "Overridden"


def roll_back(timed, first, second):
    rollback = timed.roll_back("Deploy", first)
    assert timed.inside("Deploy") == (rollback, "InProgress")


COMMANDS = [stop, abandon, retry_failed, retry_all, override_entry, override_success, roll_back]
GONE = [NOT_STOPPABLE, NOT_STOPPABLE]
# What each command comes to, in the order of COMMANDS; None is accepted.
PLACES = {
    waiting: [None, None, NOT_LATEST, NOT_LATEST, NOT_LATEST, NOT_LATEST, None],
    running: [None, None, NOT_RETRYABLE, NOT_RETRYABLE, NOT_OVERRIDABLE, NOT_OVERRIDABLE, UNABLE],
    failed_beside_another_action: [None, None, None, NOT_RETRYABLE, NOT_OVERRIDABLE, NOT_OVERRIDABLE, UNABLE],
    at_the_entry: [None, None, NOT_RETRYABLE, NOT_RETRYABLE, None, NOT_OVERRIDABLE, UNABLE],
    before_success: [None, None, NOT_RETRYABLE, NOT_RETRYABLE, NOT_OVERRIDABLE, None, UNABLE],
    failed: [*GONE, None, None, NOT_OVERRIDABLE, NOT_OVERRIDABLE, None],
    not_let_in: [*GONE, None, None, None, NOT_OVERRIDABLE, None],
    overtaken: [*GONE, NOT_LATEST, NOT_LATEST, NOT_LATEST, NOT_LATEST, UNABLE],
    stopping: [DUPLICATED, None, CONFLICT, CONFLICT, NOT_OVERRIDABLE, NOT_OVERRIDABLE, UNABLE],
    stopped: [*GONE, None, None, NOT_OVERRIDABLE, NOT_OVERRIDABLE, None],
    stopped_in_front: [*GONE, NOT_LATEST, NOT_LATEST, NOT_LATEST, NOT_LATEST, None],
    skipped: [None, None, NOT_RETRYABLE, NOT_RETRYABLE, NOT_OVERRIDABLE, NOT_OVERRIDABLE, None],
    passed: [None, None, NOT_RETRYABLE, NOT_RETRYABLE, NOT_OVERRIDABLE, NOT_OVERRIDABLE, None],
    superseded: [*GONE, NOT_LATEST, NOT_LATEST, NOT_LATEST, NOT_LATEST, None],
    cancelled: [*GONE, NOT_RETRYABLE, NOT_RETRYABLE, CONFLICT, CONFLICT, OUTDATED],
    succeeded: [*GONE, NOT_RETRYABLE, NOT_RETRYABLE, NOT_OVERRIDABLE, NOT_OVERRIDABLE, None],
    unknown: [*GONE, NOT_LATEST, NOT_LATEST, NOT_LATEST, NOT_LATEST, NOT_FOUND],
}
ACCEPTED = [
    (place, command)
    for place, answers in PLACES.items()
    for command, answer in zip(COMMANDS, answers, strict=True)
    if answer is None
]


def snapshot(timed):
    """What refused commands must not change."""
    stages = timed.codepipeline.get_pipeline_state(name=timed.name)["stageStates"]
    return timed.executions(), stages


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_a_command_that_makes_no_sense_is_refused_and_changes_nothing(timed, place):
    first, second = place(timed)
    before = snapshot(timed)
    answers = {}
    for command, expected in zip(COMMANDS, PLACES[place], strict=True):
        if expected is not None:
            with pytest.raises(ClientError) as caught:
                command(timed, first, second)
            answers[command.__name__] = (caught.value.response["Error"]["Code"], expected)
    assert all(code == expected for code, expected in answers.values()), answers
    assert snapshot(timed) == before


@pytest.mark.parametrize(("place", "command"), ACCEPTED, ids=lambda each: each.__name__)
def test_a_command_that_makes_sense_is_accepted(timed, place, command):
    first, second = place(timed)
    command(timed, first, second)
