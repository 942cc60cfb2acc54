# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Fixtures: one server for the run, and a world in it for each test."""

import io
import json
import uuid
import zipfile

import pytest
from support import declarations
from support.server import Server
from support.waiting import until


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("penstock") / "data").start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def own_server(tmp_path):
    """A server that the test may stop, kill and start again."""
    running = Server(tmp_path / "data").start()
    yield running
    if running.process.poll() is None:
        running.kill()


@pytest.fixture(scope="session")
def client(server):
    return server.client


class World:
    """A bucket, a custom and a partner action type of the test's own, and what is done with them."""

    def __init__(self, server, directory):
        self.server = server
        self.directory = directory
        self.name = f"t{uuid.uuid4().hex[:12]}"
        self.reconnect()
        self.bucket = f"bucket-{self.name}"
        self.s3.create_bucket(Bucket=self.bucket)
        self.s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        self.custom = declarations.type_id("Deploy", "Custom", f"C{self.name}")
        self.partner = declarations.type_id("Test", "ThirdParty", f"P{self.name}")

    def reconnect(self):
        """Makes clients for the address at which the server is now."""
        self.codepipeline = self.server.client("codepipeline")
        self.s3 = self.server.client("s3")

    def create_custom_type(self, properties=(), type=None, inputs=(0, 5), outputs=(0, 5), **members):
        type = type or self.custom
        return self.codepipeline.create_custom_action_type(
            category=type["category"],
            provider=type["provider"],
            version=type["version"],
            configurationProperties=list(properties),
            inputArtifactDetails={"minimumCount": inputs[0], "maximumCount": inputs[1]},
            outputArtifactDetails={"minimumCount": outputs[0], "maximumCount": outputs[1]},
            **members,
        )

    def register_partner_type(self, properties=()):
        """Registers the partner's action type as its administrator does: from a file."""
        path = self.directory / f"{self.partner['provider']}.json"
        declaration = {
            "id": self.partner,
            "description": "Tests of a partner",
            "executor": {
                "type": "JobWorker",
                "configuration": {"jobWorkerExecutorConfiguration": {"pollingAccounts": ["000000000000"]}},
            },
            "inputArtifactDetails": {"minimumCount": 0, "maximumCount": 5},
            "outputArtifactDetails": {"minimumCount": 0, "maximumCount": 5},
            "permissions": {"allowedAccounts": ["*"]},
            "urls": {"configurationUrl": "https://partner.example/connect"},
        }
        if properties:
            declaration["properties"] = list(properties)
        path.write_text(json.dumps(declaration))
        self.server.penstock("action-types", "register", path)
        return self.partner

    def connect(self, pipeline, stage, action):
        """Connects a customer's action to the partner; returns clientId and clientToken."""
        return self.server.penstock(
            "connections", "create", "--pipeline", pipeline, "--stage", stage, "--action", action, "--output", "json"
        )

    def put_source(self, content="hello", key="source.zip"):
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as archive:
            archive.writestr("content.txt", content)
        return self.s3.put_object(Bucket=self.bucket, Key=key, Body=body.getvalue())["VersionId"]

    def create(self, *stages, name=None, **members):
        """Creates a pipeline of the given stages behind an S3 source; returns its name."""
        declared = declarations.pipeline(name or self.name, self.bucket, *stages, **members)
        self.codepipeline.create_pipeline(pipeline=declared)
        return declared["name"]

    def custom_pipeline(self, *, properties=(), configuration=None, name=None, outputs=(), **members):
        """A pipeline whose second stage is one action of the custom type; its source is there already."""
        self.create_custom_type(properties)
        self.put_source()
        action = declarations.action(
            "Ship", self.custom, configuration=configuration, outputs=outputs, **members
        )
        return self.create(("Deploy", [action]), name=name)

    def partner_pipeline(self, **members):
        """A pipeline with one partner's action; returns its name and the client token of the connection."""
        self.register_partner_type(members.pop("properties", ()))
        connection = self.connect(self.name, "Test", "Check")
        self.put_source()
        self.create(("Test", [declarations.action("Check", self.partner, **members)]))
        return self.name, connection

    def start(self, name=None, **members):
        return self.codepipeline.start_pipeline_execution(name=name or self.name, **members)["pipelineExecutionId"]

    def created_execution(self, name=None):
        """The pipeline's first execution: its creation started it, or its source, which found an object."""
        listed = self.codepipeline.list_pipeline_executions(pipelineName=name or self.name)
        first = listed["pipelineExecutionSummaries"][-1]
        assert first["trigger"]["triggerType"] in ("CreatePipeline", "PollForSourceChanges")
        return first["pipelineExecutionId"]

    def poll(self, type=None, **members):
        return self.codepipeline.poll_for_jobs(actionTypeId=type or self.custom, **members)["jobs"]

    def next_job(self, type=None, **members):
        return until(lambda: self.poll(type, **members), what="a pollable job")[0]

    def acknowledged_job(self, type=None, **members):
        job = self.next_job(type, **members)
        status = self.codepipeline.acknowledge_job(jobId=job["id"], nonce=job["nonce"])["status"]
        assert status == "InProgress"
        return job

    def next_partner_job(self):
        def look():
            return self.codepipeline.poll_for_third_party_jobs(actionTypeId=self.partner)["jobs"]

        return until(look, what="a pollable partner job")[0]

    def acknowledged_partner_job(self, token):
        job = self.next_partner_job()
        details = self.codepipeline.get_third_party_job_details(jobId=job["jobId"], clientToken=token)["jobDetails"]
        acknowledged = self.codepipeline.acknowledge_third_party_job(
            jobId=job["jobId"], nonce=details["nonce"], clientToken=token
        )
        assert acknowledged["status"] == "InProgress"
        return details

    def status(self, execution, name=None):
        answer = self.codepipeline.get_pipeline_execution(
            pipelineName=name or self.name, pipelineExecutionId=execution
        )
        return answer["pipelineExecution"]["status"]

    def ended(self, execution, status, name=None):
        """Waits until the execution has ended as said."""
        until(lambda: self.status(execution, name) not in ("InProgress", "Stopping"), what="the end of the execution")
        assert self.status(execution, name) == status

    def stage(self, stage, name=None):
        state = self.codepipeline.get_pipeline_state(name=name or self.name)
        return next(each for each in state["stageStates"] if each["stageName"] == stage)

    def action(self, stage, action, name=None):
        return next(each for each in self.stage(stage, name)["actionStates"] if each["actionName"] == action)

    def running(self, stage, action, status="InProgress", name=None):
        """Waits until the action has that status; returns its latest execution."""

        def look():
            latest = self.action(stage, action, name).get("latestExecution", {})
            return latest if latest.get("status") == status else None

        return until(look, what=f"{status} of {stage}/{action}")


@pytest.fixture
def world(server, tmp_path):
    return World(server, tmp_path)


@pytest.fixture
def own_world(own_server, tmp_path):
    """A world in a server that the test may kill."""
    return World(own_server, tmp_path)


@pytest.fixture
def refused():
    """Calls, expects to be refused, and returns the code and the message."""
    from botocore.exceptions import ClientError

    def call(function, **arguments):
        with pytest.raises(ClientError) as caught:
            function(**arguments)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    return call
