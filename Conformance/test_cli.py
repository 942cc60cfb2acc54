# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""The AWS CLI after `eval "$(penstock env)"`, as it is."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

from support import declarations
from support.server import executable


def test_penstock_env_is_all_that_the_cli_needs(server):
    printed = subprocess.run(
        [executable(), "env", "--data-dir", server.data_dir], capture_output=True, text=True, check=True
    ).stdout
    exported = dict(
        shlex.split(line)[1].split("=", 1) for line in printed.splitlines() if line.startswith("export ")
    )
    environment = {**server.environment(), **exported}
    assert exported["AWS_ENDPOINT_URL"] == server.endpoint
    assert server.aws("sts", "get-caller-identity", env=environment)["Account"] == "000000000000"


def test_penstock_env_goes_before_what_was_set(server):
    elsewhere = {
        "AWS_PROFILE": "absent",
        "AWS_DEFAULT_PROFILE": "absent",
        "AWS_SESSION_TOKEN": "stale",
        "AWS_ENDPOINT_URL_CODEPIPELINE": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    }
    aws = shlex.join([sys.executable, str(Path(sys.executable).parent / "aws")])
    script = f"""set -eu
        eval "$({shlex.quote(str(executable()))} env --data-dir {shlex.quote(str(server.data_dir))})"
        {aws} sts get-caller-identity
        {aws} codepipeline list-pipelines
        {aws} s3api list-buckets"""
    run = subprocess.run(
        ["sh", "-c", script], env=server.environment(**elsewhere), capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr


def test_objects_go_up_and_come_down(server, tmp_path):
    server.aws("s3", "mb", "s3://cli-bucket")
    source = tmp_path / "source.txt"
    source.write_text("hello")
    server.aws("s3", "cp", source, "s3://cli-bucket/a/b.txt")
    assert "a/b.txt" in server.aws("s3", "ls", "--recursive", "s3://cli-bucket")
    server.aws("s3", "cp", "s3://cli-bucket/a/b.txt", tmp_path / "back.txt")
    assert (tmp_path / "back.txt").read_text() == "hello"
    server.aws("s3", "rb", "--force", "s3://cli-bucket")


def test_a_pipeline_lives_its_life_from_the_command_line(world, tmp_path):
    aws = world.server.aws
    world.create_custom_type()
    world.put_source()
    ship = declarations.action("Ship", world.custom)
    declared = declarations.pipeline(world.name, world.bucket, ("Deploy", [ship]))
    path = tmp_path / "pipeline.json"
    path.write_text(json.dumps({"pipeline": declared}))
    created = aws("codepipeline", "create-pipeline", "--cli-input-json", f"file://{path}")
    assert created["pipeline"]["version"] == 1
    job = world.next_job()
    acknowledged = aws("codepipeline", "acknowledge-job", "--job-id", job["id"], "--nonce", job["nonce"])
    assert acknowledged == {"status": "InProgress"}
    printed = aws(
        "codepipeline", "put-job-failure-result", "--job-id", job["id"],
        "--failure-details", "type=JobFailed,message=no,externalExecutionId=17",
    )
    assert printed == ""
    world.ended(world.created_execution(), "Failed")
    state = aws("codepipeline", "get-pipeline-state", "--name", world.name)
    assert state["stageStates"][1]["actionStates"][0]["latestExecution"]["errorDetails"]["message"] == "no"
    aws(
        "codepipeline", "retry-stage-execution", "--pipeline-name", world.name, "--stage-name", "Deploy",
        "--pipeline-execution-id", world.created_execution(), "--retry-mode", "FAILED_ACTIONS",
    )
    again = world.acknowledged_job()
    aws("codepipeline", "put-job-success-result", "--job-id", again["id"])
    world.ended(world.created_execution(), "Succeeded")
    aws("codepipeline", "delete-pipeline", "--name", world.name)
    failed = aws("codepipeline", "get-pipeline", "--name", world.name, check=False)
    assert failed.returncode != 0
    assert "PipelineNotFoundException" in failed.stderr


def test_a_partners_job_is_failed_from_the_command_line(world):
    aws = world.server.aws
    _, connection = world.partner_pipeline()
    job = world.next_partner_job()
    token = connection["clientToken"]
    details = aws("codepipeline", "get-third-party-job-details", "--job-id", job["jobId"], "--client-token", token)
    aws(
        "codepipeline", "acknowledge-third-party-job", "--job-id", job["jobId"],
        "--nonce", details["jobDetails"]["nonce"], "--client-token", token,
    )
    aws(
        "codepipeline", "put-third-party-job-failure-result", "--job-id", job["jobId"], "--client-token", token,
        "--failure-details", "type=SystemUnavailable,message=down",
    )
    world.ended(world.created_execution(), "Failed")
