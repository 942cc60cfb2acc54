# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""The ways between stages, closed and opened again."""

import pytest
from support import declarations


def transition(timed, stage, type="Inbound", reason=None, name=None):
    """Closes the way for a reason, or opens it."""
    place = {"pipelineName": name or timed.name, "stageName": stage, "transitionType": type}
    if reason is None:
        return timed.codepipeline.enable_stage_transition(**place)
    return timed.codepipeline.disable_stage_transition(**place, reason=reason)


def shown(timed, stage):
    return timed.stage(stage)["inboundTransitionState"]


def test_a_transition_shows_who_changed_it_last(timed):
    timed.declare(("Deploy", [timed.work()]))
    assert shown(timed, "Deploy") == {"enabled": True}
    timed.hold("Deploy", "freeze")
    change = {"lastChangedBy": timed.caller(), "lastChangedAt": timed.clock.now()}
    assert shown(timed, "Deploy") == {"enabled": False, "disabledReason": "freeze", **change}
    timed.clock.advance("1h")
    timed.hold("Deploy", "longer")
    later = {**change, "lastChangedAt": timed.clock.now()}
    assert shown(timed, "Deploy") == {"enabled": False, "disabledReason": "longer", **later}
    timed.clock.advance("1h")
    timed.release("Deploy")
    opened = {"enabled": True, **change, "lastChangedAt": timed.clock.now()}
    assert shown(timed, "Deploy") == opened
    timed.clock.advance("1h")
    timed.release("Deploy")
    assert shown(timed, "Deploy") == opened, "it was open already"


@pytest.mark.parametrize("reason", ["", "x" * 301, "freeze; drop"], ids=["empty", "long", "characters"])
def test_reasons_have_bounds(timed, refused, reason):
    timed.declare(("Sign", [declarations.approval()]))
    client = timed.server.client("codepipeline", parameter_validation=False)
    place = {"pipelineName": timed.name, "stageName": "Sign", "transitionType": "Inbound"}
    assert refused(client.disable_stage_transition, **place, reason=reason)[0] == "ValidationException"
    assert shown(timed, "Sign") == {"enabled": True}


def test_a_stage_that_is_not_there_has_no_ways(timed, refused):
    timed.declare(("Sign", [declarations.approval()]))
    expected = ("StageNotFoundException", f"Pipeline '{timed.name}' does not have a stage with name 'Absent'")
    for type in ("Inbound", "Outbound"):
        for reason in ("freeze", None):
            assert refused(transition, timed=timed, stage="Absent", type=type, reason=reason) == expected


def test_a_way_that_is_opened_lets_in_when_the_stage_is_free(timed):
    first = timed.declare(("Deploy", [timed.work()]))
    timed.hold("Deploy")
    second = timed.begin()
    timed.release("Deploy")
    assert timed.inside("Deploy") == (first, "InProgress")
    assert timed.waiting("Deploy") == [second]
    timed.succeed(timed.take(first))
    assert timed.inside("Deploy") == (second, "InProgress")


def test_a_closed_way_out_keeps_executions_in_front_of_the_next_stage(timed):
    first = timed.declare(("Build", [timed.work("Make")]), ("Deploy", [timed.work()]))
    transition(timed, "Build", "Outbound", "freeze")
    timed.succeed(timed.take(first))
    assert timed.inside("Build") == (first, "Succeeded")
    assert timed.waiting("Deploy") == [first]
    assert (shown(timed, "Deploy")["enabled"], shown(timed, "Deploy")["disabledReason"]) == (False, "freeze")
    second = timed.begin()
    assert timed.inside("Build") == (second, "InProgress")
    timed.succeed(timed.take(second))
    assert timed.execution(first)["status"] == "Superseded"
    transition(timed, "Build", "Outbound")
    assert timed.inside("Deploy") == (second, "InProgress")


@pytest.mark.parametrize("mode", ["SUPERSEDED", "QUEUED"])
def test_a_closed_way_into_the_first_stage_keeps_executions_from_starting(timed, mode):
    timed.succeed(timed.take(timed.declare(("Deploy", [timed.work()]), executionMode=mode)))
    timed.hold("Source")
    second, third = timed.begin(), timed.begin()
    assert timed.waiting("Source") == ([third] if mode == "SUPERSEDED" else [second, third])
    version = timed.put_source("newer")
    timed.clock.settle()
    timed.release("Source")
    timed.clock.settle()
    inside, status = timed.inside("Deploy")
    assert status == "InProgress"
    assert timed.take(inside)["data"]["inputArtifacts"][0]["revision"] == version


def test_an_update_leaves_the_ways_of_stages_that_stay(timed):
    timed.declare(("Build", [timed.work("Make")]), ("Deploy", [timed.work()]))
    timed.hold("Deploy")
    stages = timed.codepipeline.get_pipeline(name=timed.name)["pipeline"]["stages"]
    tell = declarations.stage("Tell", timed.work("Call"))
    timed.update(stages=[stages[0], tell, stages[2]])
    assert shown(timed, "Tell") == {"enabled": True}
    assert (shown(timed, "Deploy")["enabled"], shown(timed, "Deploy")["disabledReason"]) == (False, "freeze")
    timed.update(stages=[stages[0], tell])
    timed.update(stages=stages)
    assert shown(timed, "Deploy") == {"enabled": True}, "a stage that was gone begins anew"


# Thirty days


def waiting_since(timed, **members):
    """A pipeline whose stage Deploy is free and closed; returns an execution that waits in front of it."""
    timed.succeed(timed.take(timed.declare(("Deploy", [timed.work()]), **members)))
    timed.hold("Deploy")
    return timed.begin()


def test_each_execution_has_its_own_thirty_days(timed):
    second = waiting_since(timed, executionMode="QUEUED")
    timed.clock.advance("1d")
    third = timed.begin()
    timed.clock.advance("29d")
    assert timed.execution(second)["status"] == "Stopped"
    assert timed.waiting("Deploy") == [third]
    timed.clock.advance("23h59m59s")
    assert timed.execution(third)["status"] == "InProgress"
    timed.clock.advance("1s")
    assert timed.execution(third)["status"] == "Stopped"


def test_another_reason_does_not_give_more_time(timed):
    execution = waiting_since(timed)
    timed.clock.advance("20d")
    timed.hold("Deploy", "another reason")
    timed.clock.advance("10d")
    assert timed.execution(execution)["status"] == "Stopped"
    assert timed.execution(execution)["statusSummary"] == (
        "Waited 30 days at the disabled transition into stage 'Deploy'"
    )


def test_who_waits_at_a_closed_way_out_has_thirty_days_too(timed):
    first = timed.declare(("Build", [timed.work("Make")]), ("Deploy", [timed.work()]))
    transition(timed, "Build", "Outbound", "freeze")
    timed.succeed(timed.take(first))
    timed.clock.advance("30d")
    assert timed.execution(first)["status"] == "Stopped"
    transition(timed, "Build", "Outbound")
    assert timed.jobs() == []
