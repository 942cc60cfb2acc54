# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""What a row that cannot be read costs: its own pipeline, and no other."""

import json
import sqlite3

from conftest import World
from support import declarations, upkeep
from support.waiting import until


def damage(server, name, statement="UPDATE pipeline SET head = x'ff' WHERE name = ?"):
    """Makes the state of a pipeline unreadable, or what the statement names."""
    with sqlite3.connect(server.data_dir / "penstock.sqlite") as database:
        damaged = database.execute(statement, (name,)).rowcount
    database.close()
    assert damaged == 1


def test_a_pipeline_that_cannot_be_read_keeps_no_other_from_starting(own_server, tmp_path):
    world = World(own_server, tmp_path)
    names = [world.create(("Sign", [declarations.approval()]), name=f"{world.name}-{number}") for number in range(3)]
    damage(own_server, names[0])

    world.put_source()

    def started(name):
        return world.codepipeline.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]

    for name in names[1:]:
        until(lambda: len(started(name)) > 0, what=f"an execution of {name}")
    log = own_server.data_dir.with_suffix(".log").read_text()
    assert names[0] in log


def test_a_pipeline_that_cannot_be_read_can_be_deleted_and_made_anew(own_server, tmp_path, refused):
    world = World(own_server, tmp_path)
    name = world.custom_pipeline()
    world.acknowledged_job()
    damage(own_server, name)
    assert refused(world.codepipeline.start_pipeline_execution, name=name)[0] == "InternalFailure"

    world.codepipeline.delete_pipeline(name=name)

    assert world.codepipeline.list_pipelines()["pipelines"] == []
    world.create(("Deploy", [declarations.action("Ship", world.custom)]))
    assert world.next_job()["data"]["pipelineContext"]["pipelineName"] == name


def test_a_job_that_cannot_be_handed_out_keeps_no_other_from_being_polled(own_server, tmp_path):
    world = World(own_server, tmp_path)
    first = world.custom_pipeline(name="first")

    def actions():
        return world.codepipeline.list_action_executions(pipelineName=first)["actionExecutionDetails"]

    until(lambda: len(actions()) == 2, what="the job of the first")
    world.create(("Deploy", [declarations.action("Ship", world.custom)]), name="second")
    own_server.stop()
    damage(
        own_server, first,
        "UPDATE pipeline_version SET declaration = x'ff'"
        " WHERE pipeline = (SELECT number FROM pipeline WHERE name = ?)",
    )
    own_server.start()
    world.reconnect()

    job = until(lambda: world.poll(maxBatchSize=1), what="a job of the second")[0]

    assert job["data"]["pipelineContext"]["pipelineName"] == "second"
    log = own_server.data_dir.with_suffix(".log").read_text()
    assert "a job cannot be handed out" in log and first in log


def test_a_job_that_is_not_as_its_row_says_ends_no_server(own_server, tmp_path):
    world = World(own_server, tmp_path)
    first = world.custom_pipeline(name="first")
    taken = world.acknowledged_job()
    world.create(("Deploy", [declarations.action("Ship", world.custom)]), name="second")
    own_server.stop()
    damage(
        own_server, first,
        "UPDATE job SET status = 'Queued' WHERE ended_at IS NULL"
        " AND pipeline = (SELECT number FROM pipeline WHERE name = ?)",
    )
    own_server.start()
    world.reconnect()
    job = until(lambda: world.poll(maxBatchSize=1), what="a job of the second")[0]
    assert job["data"]["pipelineContext"]["pipelineName"] == "second"
    world.succeed(taken)
    log = own_server.data_dir.with_suffix(".log").read_text()
    assert "a job cannot be handed out" in log and "not as its row says" in log


def test_a_key_whose_policy_is_not_understood_may_do_nothing(own_server, tmp_path, refused):
    everything = {"Action": "*", "Resource": "*"}
    condition = {"StringEquals": {"aws:username": "other"}}
    statements = [{"Effect": "Allow", **everything}, {"Effect": "Deny", **everything, "Condition": condition}]
    path = tmp_path / "policy.json"
    path.write_text(json.dumps({"Statement": statements}))
    key = own_server.create_key("--name", "kim", "--policy", path)
    client = own_server.client("codepipeline", own_server.session_of(key))
    assert client.list_pipelines()["pipelines"] == []
    own_server.stop()
    with sqlite3.connect(own_server.data_dir / "penstock.sqlite") as database:
        ((policies,),) = database.execute("SELECT policies FROM access_key WHERE principal_name = 'kim'")
        database.execute(
            "UPDATE access_key SET policies = ? WHERE principal_name = 'kim'",
            (policies.replace(b"aws:username", b"aws:usermood"),))
    database.close()
    own_server.start()
    client = own_server.client("codepipeline", own_server.session_of(key))
    assert refused(client.list_pipelines)[0] == "AccessDeniedException"
    said = upkeep.run("doctor", "--data-dir", own_server.data_dir, status=1)
    assert "aws:usermood" in said and "unreadable-row: access_key" in said
