# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Our own commands, where a user's files and answers go through them."""

import json
import re
import sqlite3
import subprocess

import pytest
from support import declarations
from support.server import Server, executable
from support.waiting import until
from support.world import World


def test_a_newer_schema_is_data_that_does_not_fit(own_server):
    assert own_server.stop() == 0
    database = own_server.data_dir / "penstock.sqlite"
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE schema SET version = 99")
    connection.close()
    run = subprocess.run(
        [executable(), "serve", "--data-dir", own_server.data_dir, "--port", "0"],
        capture_output=True, text=True, timeout=60,
    )
    assert run.returncode == 74
    assert f"penstock: The database {database} cannot be used: the database has schema 99" in run.stderr


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--forget-history-after", "soon"),
        ("--forget-history-after", "0s"),
        ("--forget-audit-after", "ever"),
        ("--forget-audit-after", "0s"),
        ("--forget-audit-after", "36526d"),
        ("--stop-waiting-after", "36526d"),
        ("--stop-polling-after", "-1d"),
        ("--polling-interval", "2d"),
        ("--polling-interval", "0s"),
        ("--public-url", "cd.example.org"),
        ("--job-visibility", "9s"),
        ("--job-visibility", "15m1s"),
        ("--job-credentials-lifetime", "14m59s"),
        ("--job-credentials-lifetime", "1h1s"),
    ],
)
def test_a_span_that_is_none_is_a_wrong_use(tmp_path, option, value):
    run = subprocess.run(
        [executable(), "serve", "--data-dir", tmp_path / "data", "--port", "0", f"{option}={value}"],
        capture_output=True, text=True, timeout=60,
    )
    assert run.returncode == 64
    assert option in run.stderr
    assert not (tmp_path / "data").exists()


def approving(world, **members):
    return declarations.pipeline(world.name, world.bucket, ("Sign", [declarations.approval()]), **members)


def test_a_declaration_is_found_wherever_its_member_stands(world, tmp_path):
    world.codepipeline.create_pipeline(pipeline=approving(world))
    shown = world.server.penstock("pipelines", "show", world.name)
    path = tmp_path / "pipeline.json"
    path.write_text(json.dumps(shown, sort_keys=True, indent=2))
    assert path.read_text().startswith('{\n  "metadata"')
    assert world.server.penstock("pipelines", "update", path) == f"{world.name} is at version 2\n"
    path.write_text(json.dumps(shown["pipeline"]))
    assert world.server.penstock("pipelines", "update", path) == f"{world.name} is at version 3\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"pipeline": {\n  "name": "p",\n  "roleArn" "r"}}', "line 3, column 13: ':' expected"),
        ('{\n  "name": "p",\n  "stages": [1,]}', "line 3, column 16: not a JSON value"),
        ('{\n  "name": 7}', "line 2, column 11: NUMBER_VALUE cannot be converted to String at 'pipeline.name'"),
        ('[{"name": "p"}]', "line 1, column 1: the top level is not an object"),
        ('{"pipeline": 7}', "line 1, column 14: Unexpected field type at 'pipeline'"),
        ("", "line 1, column 1: not a JSON value"),
        ('{\n  "name": "p",\n  "stages": [{"action": []}]}', "line 3, column 15: there is no member 'action' here"),
        ('{"pipeline": {}, "tagz": []}', "line 1, column 18: there is no member 'tagz' here"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_place(server, tmp_path, text, problem):
    path = tmp_path / "pipeline.json"
    path.write_text(text)
    run = server.penstock("pipelines", "create", path, check=False)
    assert run.returncode != 0
    assert f"{path}, {problem}\n" in run.stderr


def test_tags_of_a_file_are_those_of_the_pipeline(world, tmp_path):
    tags = [{"key": "team", "value": "harbour"}]
    path = tmp_path / "pipeline.json"
    path.write_text(json.dumps({"tags": tags, "pipeline": approving(world)}))
    assert world.server.penstock("pipelines", "create", path, "--output", "json")["tags"] == tags
    updated = world.server.penstock("pipelines", "update", path, check=False)
    assert updated.returncode == 0
    assert "an update changes none" in updated.stderr


def test_tags_that_are_refused_are_told(world, tmp_path):
    path = tmp_path / "pipeline.json"
    path.write_text(json.dumps({"pipeline": approving(world), "tags": [{"key": "aws:team", "value": "harbour"}]}))
    refused = world.server.penstock("pipelines", "create", path, check=False)
    assert refused.returncode != 0
    assert "InvalidTagsException" in refused.stderr


def test_approvals_of_parallel_executions_are_listed_and_answered(world):
    world.put_source()
    world.create(("Sign", [declarations.approval()]), pipelineType="V2", executionMode="PARALLEL")
    penstock = world.server.penstock
    executions = {world.created_execution(), world.start()}

    def listed(*options):
        return penstock("approvals", "list", *options, "--output", "json")["approvals"]

    until(lambda: len(listed("--pipeline", world.name)) == 2, what="both approvals to wait")
    first, second = listed("--pipeline", world.name)
    assert {first["pipelineExecutionId"], second["pipelineExecutionId"]} == executions
    assert [each for each in listed() if each["pipelineName"] == world.name] == [first, second]
    assert (first["stageName"], first["actionName"]) == ("Sign", "Approve")
    table = penstock("approvals", "list", "--pipeline", world.name)
    assert first["token"] in table and second["token"] in table

    ambiguous = penstock("approvals", "approve", "--pipeline", world.name, check=False)
    assert ambiguous.returncode != 0
    assert "2 approvals wait" in ambiguous.stderr
    said = penstock("approvals", "approve", "--pipeline", world.name, "--token", first["token"], "--summary", "ship it")
    assert said == f"Approve in Sign of {world.name} is approved\n"
    world.ended(first["pipelineExecutionId"], "Succeeded")
    place = ("--pipeline", world.name, "--stage", "Sign", "--action", "Approve")
    penstock("approvals", "reject", *place, "--token", second["token"])
    world.ended(second["pipelineExecutionId"], "Failed")
    assert listed("--pipeline", world.name) == []


def test_an_approval_that_is_named_in_full_is_the_services_to_judge(world):
    world.put_source()
    world.create(("Sign", [declarations.approval()]))
    world.running("Sign", "Approve")
    place = ("--pipeline", world.name, "--stage", "Sign", "--action", "Approve")
    answer = ("approvals", "approve", *place, "--token", "0a1b2c3d-4e5f-4789-8abc-def012345678")
    refused = world.server.penstock(*answer, check=False)
    assert "InvalidApprovalTokenException" in refused.stderr
    (waiting,) = world.server.penstock("approvals", "list", "--pipeline", world.name, "--output", "json")["approvals"]
    assert waiting["pipelineExecutionId"] == world.created_execution()
    world.server.penstock("approvals", "approve", "--pipeline", world.name)
    world.ended(waiting["pipelineExecutionId"], "Succeeded")


def test_a_command_says_what_it_did(world):
    world.custom_pipeline()
    execution = world.created_execution()
    world.fail(world.acknowledged_job())
    world.ended(execution, "Failed")
    penstock = world.server.penstock
    target = ("--pipeline", world.name, execution)
    said = penstock("executions", "retry", *target, "--stage", "Deploy")
    assert said == f"Deploy of {world.name} runs again in {execution}\n"
    world.acknowledged_job()
    said = penstock("executions", "stop", *target)
    assert said == f"{execution} of {world.name} stops when its running actions have ended\n"
    said = penstock("executions", "stop", *target, "--abandon", "--output", "json")
    assert said == {"pipelineExecutionId": execution}
    assert re.fullmatch(r"penstock, unreleased, with database schema \d+\n", penstock("--version"))


def test_links_begin_where_people_reach_the_service(tmp_path):
    server = Server(tmp_path / "data", "--public-url", "https://CD.example.org:443/").start()
    world = World(server, tmp_path)
    world.put_source()
    world.create(("Sign", [declarations.approval()]))
    world.running("Sign", "Approve")
    url = f"https://cd.example.org/{world.bucket}/source.zip"
    assert world.action("Source", "Fetch")["entityUrl"] == url
    assert server.stop() == 0
