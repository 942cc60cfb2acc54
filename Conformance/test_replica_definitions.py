# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Several servers on one PostgreSQL define pipelines at once, by what action types are at that moment."""

import collections

import pytest
from botocore.exceptions import ClientError
from support import declarations
from support.fleet import Fleet
from test_replicas import at_once, seen


@pytest.fixture
def worlds(fleet, tmp_path):
    """One world, seen from each replica."""
    return seen(fleet, tmp_path)


def test_declarations_go_by_what_a_type_is_by_now_whichever_server_is_asked(worlds, refused):
    first, second = worlds
    action = first.work(configuration={"Token": "hunter2"})
    declared = declarations.pipeline(first.name, first.bucket, ("Deploy", [action]))
    # What a server has seen, it remembers for polls.
    with pytest.raises(ClientError, match="ActionTypeNotFound"):
        second.poll()
    secret = {"name": "Token", "required": False, "key": False, "secret": True}
    first.create_custom_type([secret])
    assert second.poll() == []
    second.codepipeline.create_pipeline(pipeline=declared)
    shown = second.codepipeline.get_pipeline(name=first.name)["pipeline"]
    assert shown["stages"][1]["actions"][0]["configuration"] == {"Token": "****"}
    type = {name: first.custom[name] for name in ("category", "provider", "version")}
    first.codepipeline.delete_custom_action_type(**type)
    code, _ = refused(second.codepipeline.create_pipeline, pipeline={**declared, "name": f"{first.name}-late"})
    assert code == "InvalidActionDeclarationException"


def test_no_more_pipelines_than_are_allowed_are_created_at_once(cluster, tmp_path):
    fleet = Fleet(cluster, tmp_path, "--maximum-pipelines", "5").start()
    try:
        worlds = seen(fleet, tmp_path)
        declared = declarations.pipeline("p", worlds[0].bucket, ("Sign", [declarations.approval()]))

        def create(number):
            client = worlds[number % 2].codepipeline
            return lambda: client.create_pipeline(pipeline={**declared, "name": f"p{number}"})

        codes = at_once(*(create(number) for number in range(16)))
        assert collections.Counter(codes) == {None: 5, "LimitExceededException": 11}
        assert len(worlds[0].codepipeline.list_pipelines()["pipelines"]) == 5
        assert fleet.stop() == [0, 0]
    finally:
        fleet.kill()


def test_an_update_that_does_not_say_a_type_changes_none(worlds):
    first, second = worlds
    first.create(("Sign", [declarations.approval()]))
    declared = first.codepipeline.get_pipeline(name=first.name)["pipeline"]
    plain = {name: value for name, value in declared.items() if name not in ("pipelineType", "executionMode")}
    for _ in range(10):
        first.codepipeline.update_pipeline(pipeline={**plain, "pipelineType": "V1"})
        known = first.codepipeline.get_pipeline(name=first.name)["pipeline"]["version"]
        typed = {**plain, "pipelineType": "V2"}
        calls = [lambda: first.codepipeline.update_pipeline(pipeline=typed)]
        calls += [lambda world=world: world.codepipeline.update_pipeline(pipeline=plain) for world in worlds * 2]
        assert at_once(*calls) == [None] * 5
        types = [
            first.codepipeline.get_pipeline(name=first.name, version=known + number)["pipeline"]["pipelineType"]
            for number in range(1, 6)
        ]
        # From whenever it was made V2, it stays that.
        assert types == sorted(types) and types[-1] == "V2", types
