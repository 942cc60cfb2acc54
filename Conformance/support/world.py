# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""A world of a test's own in a server that many tests share: its names, its pipeline, and what is done with them."""

import copy
import io
import json
import uuid
import zipfile

from support import declarations
from support.clock import Clock
from support.jobs import execution_of
from support.waiting import until


class World:
    """A bucket, a custom and a partner action type of the test's own, and what is done with them."""

    def __init__(self, server, directory, prefix="t"):
        self.server = server
        self.directory = directory
        self.name = f"{prefix}{uuid.uuid4().hex[:12]}"
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

    def at(self, server):
        """The same world, seen from another server of the same data."""
        seen = copy.copy(self)
        seen.server = server
        seen.reconnect()
        return seen

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

    def custom_source(self):
        """A source action of a worker's; creates its type."""
        self.source = declarations.type_id("Source", "Custom", f"S{self.name}")
        self.create_custom_type(type=self.source, inputs=(0, 0), outputs=(1, 1))
        return declarations.action("Fetch", self.source, inputs=(), outputs=["Source"])

    def update(self, **members):
        """Changes members of the declaration."""
        declared = self.codepipeline.get_pipeline(name=self.name)["pipeline"]
        return self.codepipeline.update_pipeline(pipeline={**declared, **members})["pipeline"]["version"]

    def work(self, name="Ship", **members):
        """An action of the custom type."""
        return declarations.action(name, self.custom, **members)

    def succeed(self, job, **members):
        self.codepipeline.put_job_success_result(jobId=job["id"], **members)

    def fail(self, job, message="no"):
        failure = {"type": "JobFailed", "message": message}
        self.codepipeline.put_job_failure_result(jobId=job["id"], failureDetails=failure)

    def executions(self):
        """The oldest first, as listed."""
        listed = self.codepipeline.list_pipeline_executions(pipelineName=self.name)["pipelineExecutionSummaries"]
        return listed[::-1]

    def history(self, action=None):
        """What the pipeline's actions did, the oldest first."""
        listed = self.codepipeline.list_action_executions(pipelineName=self.name)["actionExecutionDetails"]
        return [each for each in listed[::-1] if action in (None, each["actionName"])]

    def latest(self, stage, action):
        return self.action(stage, action)["latestExecution"]

    def answer(self, stage, action, token, status="Approved", summary="fine"):
        return self.codepipeline.put_approval_result(
            pipelineName=self.name,
            stageName=stage,
            actionName=action,
            token=token,
            result={"summary": summary, "status": status},
        )

    def hold(self, stage, reason="freeze"):
        """Disables the transition into the stage."""
        self.codepipeline.disable_stage_transition(
            pipelineName=self.name, stageName=stage, transitionType="Inbound", reason=reason
        )

    def stop(self, execution, **members):
        return self.codepipeline.stop_pipeline_execution(
            pipelineName=self.name, pipelineExecutionId=execution, **members
        )


class TimedWorld(World):
    """A world on a manual clock: what a call leads to has happened when the clock has settled."""

    def __init__(self, server, directory, prefix="t"):
        super().__init__(server, directory, prefix)
        self.clock = Clock(server)
        self._polled = {}
        self._types = []

    def create_custom_type(self, *arguments, **members):
        created = super().create_custom_type(*arguments, **members)
        self._types.append(created["actionType"]["id"])
        return created

    def clear(self):
        """Leaves nothing behind: an account has room for few types, and what is due in a pipeline takes its time."""
        self.codepipeline.delete_pipeline(name=self.name)
        for type in self._types:
            self.codepipeline.delete_custom_action_type(
                category=type["category"], provider=type["provider"], version=type["version"]
            )

    def declare(self, *stages, type=True, source=True, **members):
        """Creates the custom type, the source and a pipeline of the stages; returns its first execution."""
        if type:
            self.create_custom_type()
        if source:
            self.put_source()
        self.create(*stages, **{"pipelineType": "V2", **members})
        self.clock.settle()
        return self.created_execution()

    def fetch(self):
        """Acknowledges the one job of the custom source; returns it."""
        (job,) = self.poll(self.source)
        self.codepipeline.acknowledge_job(jobId=job["id"], nonce=job["nonce"])
        return job

    def begin(self, **members):
        """Starts an execution, and lets the service's own actions run."""
        execution = self.start(**members)
        self.clock.settle()
        return execution

    def jobs(self):
        """The jobs that nobody has acknowledged; what is polled here is kept until it is taken."""
        self._polled.update((job["id"], job) for job in self.poll(maxBatchSize=100))
        return list(self._polled.values())

    def take(self, execution=None):
        """The one job that there is, of the execution if one is named, acknowledged."""
        (job,) = (job for job in self.jobs() if execution in (None, execution_of(job)))
        answer = self.codepipeline.acknowledge_job(jobId=job["id"], nonce=job["nonce"])
        assert answer["status"] == "InProgress"
        return self._polled.pop(job["id"])

    def take_all(self):
        """Every job that there is, acknowledged."""
        jobs = self.jobs()
        for job in jobs:
            self.codepipeline.acknowledge_job(jobId=job["id"], nonce=job["nonce"])
        self._polled.clear()
        return jobs

    def caller(self):
        """The ARN of who calls here."""
        return self.server.client("sts").get_caller_identity()["Arn"]

    def execution(self, id):
        answer = self.codepipeline.get_pipeline_execution(pipelineName=self.name, pipelineExecutionId=id)
        return answer["pipelineExecution"]

    def rules(self):
        """What the pipeline's rules did, the oldest first."""
        return self.codepipeline.list_rule_executions(pipelineName=self.name)["ruleExecutionDetails"][::-1]

    def inside(self, stage):
        """Who has entered the stage last, and how it went."""
        latest = self.stage(stage).get("latestExecution")
        return latest and (latest["pipelineExecutionId"], latest["status"])

    def waiting(self, stage):
        """Who stands in front of the stage, the first first."""
        return [each["pipelineExecutionId"] for each in self.stage(stage).get("inboundExecutions", [])]

    def retry(self, stage, execution, mode="FAILED_ACTIONS"):
        return self.codepipeline.retry_stage_execution(
            pipelineName=self.name, stageName=stage, pipelineExecutionId=execution, retryMode=mode
        )

    def release(self, stage):
        self.codepipeline.enable_stage_transition(pipelineName=self.name, stageName=stage, transitionType="Inbound")

    def gate(self, stage, name):
        """How the condition of the gate stands, and its rules."""
        (state,) = self.stage(stage)[f"{name}ConditionState"]["conditionStates"]
        return state["latestExecution"]["status"], [each["latestExecution"]["status"] for each in state["ruleStates"]]

    def override(self, stage, execution, type):
        return self.codepipeline.override_stage_condition(
            pipelineName=self.name, stageName=stage, pipelineExecutionId=execution, conditionType=type
        )

    def roll_back(self, stage, target):
        """Starts a rollback; returns its execution."""
        answer = self.codepipeline.rollback_stage(
            pipelineName=self.name, stageName=stage, targetPipelineExecutionId=target
        )
        return answer["pipelineExecutionId"]
