# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""What an operator and a partner do with our own command line: keys, connections, action types, jobs."""

import json
import re

import pytest
from support import declarations

PARTNER = "111122223333"
READING = {"Statement": [{"Effect": "Allow", "Action": "codepipeline:Get*", "Resource": "*"}]}


@pytest.fixture
def partner_key(server):
    """A key of a partner's account, made by the operator."""
    return server.create_key("--name", "partner", "--account", PARTNER, "--administrator")


def failed(server, *arguments, env=None):
    """Runs a command that must fail; returns what it said."""
    run = server.penstock(*arguments, check=False, env=env)
    assert run.returncode != 0
    assert run.stdout == ""
    return run.stderr


def test_a_partners_key_signs_for_its_own_account_until_it_is_disabled(server, partner_key):
    session = server.session_of(partner_key)
    sts = server.client("sts", session)
    assert sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{PARTNER}:user/partner"
    shown = server.penstock("keys", "list", "--account", PARTNER, "--output", "json")["keys"]
    ours = next(each for each in shown if each["accessKeyId"] == partner_key["aws_access_key_id"])
    assert (ours["principalName"], ours["administrator"], ours["disabled"]) == ("partner", True, False)
    server.penstock("keys", "disable", partner_key["aws_access_key_id"])
    with pytest.raises(sts.exceptions.ClientError, match="InvalidClientTokenId"):
        sts.get_caller_identity()
    listed = server.penstock("keys", "list", "--account", PARTNER)
    (line,) = (each for each in listed.splitlines() if partner_key["aws_access_key_id"] in each)
    assert line.endswith("disabled")


def test_a_key_may_do_what_its_policy_says(server, world, tmp_path, refused):
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(READING))
    key = server.create_key("--name", "reader", "--policy", path)
    client = server.client("codepipeline", server.session_of(key))
    assert refused(client.get_pipeline, name="none")[0] == "PipelineNotFoundException"
    assert refused(client.list_pipelines)[0] == "AccessDeniedException"
    managed = server.create_key("--name", "lister", "--managed-policy", "AWSCodePipeline_ReadOnlyAccess")
    assert "pipelines" in server.client("codepipeline", server.session_of(managed)).list_pipelines()


def policy_client(server, path, *statements):
    """A client with a key of its own that may do what the statements say."""
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
    key = server.create_key("--name", f"k{path.stem}", "--policy", path)
    return server.client("codepipeline", server.session_of(key))


def test_conditions_look_at_the_tags_of_pipelines_and_action_types(server, world, tmp_path, refused):
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    tagged = {"StringEquals": {"aws:ResourceTag/env": "prod"}}
    kept = policy_client(
        server, tmp_path / f"{world.name}-kept.json", everything,
        {"Effect": "Deny", "Action": "codepipeline:*", "Resource": "*", "Condition": tagged})
    only = policy_client(server, tmp_path / f"{world.name}-only.json", {**everything, "Condition": tagged})
    world.create_custom_type(tags=[{"key": "env", "value": "prod"}])
    declared = declarations.pipeline(world.name, world.bucket, ("Deploy", [world.work()]))
    world.codepipeline.create_pipeline(pipeline=declared, tags=[{"key": "env", "value": "prod"}])
    plain = f"{world.name}-plain"
    world.codepipeline.create_pipeline(
        pipeline={**declared, "name": plain}, tags=[{"key": "env", "value": "test"}])
    stage = {"stageName": "Deploy", "transitionType": "Inbound", "reason": "because"}
    approval = {"stageName": "Deploy", "actionName": "Ship", "token": "0a1b2c3d-4e5f-4789-8abc-def012345678"}
    for allowed, denied, name, other in ((kept, only, plain, world.name), (only, kept, world.name, plain)):
        assert allowed.get_pipeline(name=name)["pipeline"]["name"] == name
        allowed.disable_stage_transition(pipelineName=name, **stage)
        code, text = refused(denied.disable_stage_transition, pipelineName=name, **stage)
        assert code == "AccessDeniedException" and f":{name}/Deploy" in text
        answer = {"result": {"summary": "", "status": "Approved"}}
        assert refused(denied.put_approval_result, pipelineName=name, **approval, **answer)[0] == code
        assert refused(denied.delete_pipeline, name=name)[0] == code
        assert refused(allowed.get_pipeline_state, name=other)[0] == code
    assert only.poll_for_jobs(actionTypeId=world.custom)["jobs"] == []
    assert refused(kept.poll_for_jobs, actionTypeId=world.custom)[0] == "AccessDeniedException"
    # What has no tags fits no condition on them.
    assert refused(only.get_pipeline, name="none")[0] == "AccessDeniedException"


@pytest.mark.parametrize(
    "statement",
    [
        {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}},
        {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "x"}}},
        {"Condition": {"StringEquals": {"aws:ResourceTag/": "x"}}},
        {"Condition": {"StringEquals": {"aws:username": "${foo:bar}"}}},
        {"Resource": "arn:aws:codepipeline:*:*:${aws:userid}-*"},
    ],
)
def test_a_policy_that_looks_at_what_is_not_known_is_refused(server, tmp_path, statement):
    path = tmp_path / "policy.json"
    path.write_text(json.dumps({"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*", **statement}}))
    said = failed(server, "keys", "create", "--name", "reader", "--policy", path)
    assert re.search("Statement 1: The condition key '(aws|foo):.*' is not known here", said)


def test_a_policy_that_means_nothing_is_refused_with_the_reason(server, tmp_path):
    path = tmp_path / "policy.json"
    path.write_text(json.dumps({"Statement": [{"Effect": "Allow", "Action": "GetPipeline", "Resource": "*"}]}))
    said = failed(server, "keys", "create", "--name", "reader", "--policy", path)
    assert "Statement 1: The action 'GetPipeline' must name a service" in said


def test_a_partner_sees_nothing_of_the_customer(server, world, partner_key):
    world.partner_pipeline()
    world.running("Test", "Check")
    env = server.environment_of(partner_key)
    assert server.penstock("jobs", "--output", "json", env=env) == {"jobs": []}
    assert server.penstock("connections", "list", "--all", "--output", "json", env=env) == {"connections": []}
    assert "AccessDeniedException" in failed(server, "keys", "list", "--account", "000000000000", env=env)
    assert "PipelineNotFoundException" in failed(server, "jobs", "--pipeline", world.name, env=env)


def test_jobs_say_who_has_them(server, world):
    _, connection = world.partner_pipeline()
    world.running("Test", "Check")
    (job,) = server.penstock("jobs", "--pipeline", world.name, "--output", "json")["jobs"]
    assert (job["status"], job["silent"], job["clientId"]) == ("Queued", False, connection["clientId"])
    details = world.acknowledged_partner_job(connection["clientToken"])
    listed = server.penstock("jobs", "list", "--pipeline", world.name)
    heads, line = listed.splitlines()
    assert heads.split("  ")[0] == "JOB"
    assert line.startswith(details["id"])
    assert "arn:aws:iam::000000000000:user/administrator" in line
    assert server.penstock("jobs", "--silent", "--pipeline", world.name, "--output", "json") == {"jobs": []}


def test_a_job_that_nobody_can_take_says_why(server, world):
    name, connection = world.partner_pipeline()
    world.running("Test", "Check")
    server.penstock("connections", "revoke", connection["clientId"])
    said = server.penstock("jobs", "--pipeline", name).splitlines()[-1]
    assert said == f"{name}/Test/Check: The action is not connected to its provider, so no worker can take its job."


def test_a_connection_is_rotated_and_revoked_by_the_names_of_its_action(server, world):
    place = ("--pipeline", world.name, "--stage", "Test", "--action", "Check")
    assert "is not connected" in failed(server, "connections", "rotate", *place)
    created = server.penstock("connections", "create", *place, "--output", "json")
    assert len(created["clientToken"]) == 64
    assert "ConflictException" in failed(server, "connections", "create", *place)
    printed = server.penstock("connections", "rotate", *place)
    rotated = dict(line.split() for line in printed.splitlines())
    assert rotated["clientId"] == created["clientId"]
    assert rotated["clientToken"] != created["clientToken"]
    (listed,) = server.penstock("connections", "list", "--pipeline", world.name, "--output", "json")["connections"]
    assert listed["clientId"] == created["clientId"]
    assert "clientToken" not in listed
    server.penstock("connections", "revoke", *place)
    assert server.penstock("connections", "list", "--pipeline", world.name, "--output", "json") == {"connections": []}
    (revoked,) = server.penstock("connections", "list", "--all", "--pipeline", world.name, "--output", "json")[
        "connections"
    ]
    assert revoked["revoked"] > revoked["created"]


def test_a_connection_is_named_one_way_or_the_other(server):
    said = failed(server, "connections", "revoke", "--pipeline", "shop")
    assert "Give either a client id, or --pipeline, --stage and --action." in said


def test_a_registered_type_is_listed(server, world):
    world.register_partner_type()
    listed = server.penstock("action-types", "list", "--owner", "ThirdParty", "--output", "json")["actionTypes"]
    assert world.partner in [each["id"] for each in listed]
    assert world.partner["provider"] in server.penstock("action-types", "list")


def test_what_is_wrong_with_a_declaration_is_told_with_its_place(server, tmp_path):
    path = tmp_path / "type.json"
    path.write_text(json.dumps({"id": {"category": "Test", "owner": "Somebody", "provider": "P", "version": "1"}}))
    said = failed(server, "action-types", "register", path)
    assert "Value at 'actionType.executor' failed to satisfy constraint: Member must not be null" in said
    assert "Value at 'actionType.id.owner' failed to satisfy constraint" in said
    assert "cannot be read" in failed(server, "action-types", "register", tmp_path / "none.json")


def test_a_shell_that_is_not_readied_is_told_how(server):
    bare = {"PATH": "/usr/bin:/bin", "HOME": str(server.data_dir / "nobody")}
    assert "penstock env" in failed(server, "jobs", env=bare)


def test_the_credentials_of_a_partners_job_do_not_tell_the_customers_account(server, world, refused):
    _, connection = world.partner_pipeline()
    world.running("Test", "Check")
    details = world.acknowledged_partner_job(connection["clientToken"])
    session = server.session_of_job(details["data"])
    code, message = refused(server.client("sts", session).get_caller_identity)
    assert code == "AccessDenied" and "000000000000" not in message
    code, message = refused(server.client("s3", session).list_objects_v2, Bucket=world.bucket)
    assert code == "AccessDenied" and "000000000000" not in message
