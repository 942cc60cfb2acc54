# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""One user after another: pipelines, artifacts, jobs and approvals, with every answer noted for what it promises."""

import threading

from support import declarations
from support.jobs import execution_of
from support.promises import id_bytes
from support.waiting import until

FAILURE = {"type": "JobFailed", "message": "one in four"}
# What is asked of a database.
PIPELINES = "SELECT name FROM pipeline"
VERSIONS = "SELECT name, v.version FROM pipeline p JOIN pipeline_version v ON v.pipeline = p.number"
EXECUTIONS = "SELECT id FROM execution"
ACKNOWLEDGED = "SELECT id FROM job WHERE status IN ('InProgress', 'Succeeded', 'Failed')"
RESULTS = "SELECT id, status FROM job"
OUTCOMES = "SELECT id, status FROM action_execution"
OBJECTS = "SELECT bucket, key, version_id, size_bytes FROM object_version"


class Story(threading.Thread):
    """Takes executions of its own pipeline from the source to the approval, one after another."""

    def __init__(self, world, promises, random, rounds, declaration=None):
        super().__init__(daemon=True)
        self.world, self.promises, self.random, self.rounds = world, promises, random, rounds
        self.declaration = declaration
        self.failure = None

    def run(self):
        try:
            if self.declaration is None:
                self.declare()
            for number in range(self.rounds):
                self.go_through(number)
        except BaseException as error:
            self.failure = error
            raise

    def continued(self, server, rounds):
        """The same story in a server that was started again."""
        return Story(self.world.at(server), self.promises, self.random, rounds, self.declaration)

    # What users do

    def declare(self):
        world, note = self.world, self.promises
        world.put_source()
        note.audited(world.create_custom_type())
        build = declarations.action("Build", world.custom, outputs=["Built"])
        source = declarations.s3_source(world.bucket, PollForSourceChanges="false")
        stages = (("Build", [build]), ("Sign", [declarations.approval()]))
        self.declaration = declarations.pipeline(world.name, world.bucket, *stages, sources=[source])
        answer = note.audited(world.codepipeline.create_pipeline(pipeline=self.declaration))
        note.row(answer, f"version 1 of {world.name}", VERSIONS, world.name, 1)
        self.finish(world.created_execution())

    def go_through(self, number):
        self.put_object()
        if number % 4 == 1:
            self.update()
        if number % 5 == 2:
            self.hold_and_release()
        if number % 6 == 3:
            self.create_and_delete()
        self.finish(self.begin())

    def begin(self):
        world, note = self.world, self.promises
        answer = note.audited(world.codepipeline.start_pipeline_execution(name=world.name))
        id = answer["pipelineExecutionId"]
        note.row(answer, f"execution {id}", EXECUTIONS, id_bytes(id))
        return id

    def finish(self, execution):
        """A worker and a reviewer do their part."""
        job = self.world.next_job()
        assert execution_of(job) == execution
        if self.work(job):
            self.sign(execution)

    def work(self, job):
        """The worker's part; returns whether it succeeded."""
        world, note = self.world, self.promises
        calls = world.codepipeline
        id, action = id_bytes(job["id"]), job["data"]["pipelineContext"]["action"]["actionExecutionId"]
        answer = calls.acknowledge_job(jobId=job["id"], nonce=job["nonce"])
        assert answer["status"] == "InProgress"
        note.row(answer, f"the acknowledgement of job {job['id']}", ACKNOWLEDGED, id)
        if self.random.random() < 0.25:
            status, answer = "Failed", calls.put_job_failure_result(jobId=job["id"], failureDetails=FAILURE)
        else:
            if self.random.random() < 0.2:
                self.put_output(job)
            status, answer = "Succeeded", calls.put_job_success_result(jobId=job["id"])
        note.audited(answer)
        note.row(answer, f"the result of job {job['id']}", RESULTS, id, status)
        self.note_outcome(answer, action, status)
        return status == "Succeeded"

    def note_outcome(self, answer, action, status):
        what, name = f"the outcome of action {action}", self.world.name
        self.promises.row(answer, what, OUTCOMES, id_bytes(action), status)
        self.promises.shown(answer, what, lambda reader: reader.outcomes(name).get(action) == status)

    def sign(self, execution):
        world, note = self.world, self.promises
        token = until(lambda: world.latest("Sign", "Approve").get("token"), what="the approval's token")
        status = "Rejected" if self.random.random() < 0.25 else "Approved"
        answer = note.audited(world.answer("Sign", "Approve", token, status))
        self.note_outcome(answer, token, "Succeeded" if status == "Approved" else "Failed")

    def put_object(self):
        world = self.world
        body = self.random.randbytes(self.random.choice((10, 3000, 300_000)))
        answer = world.s3.put_object(Bucket=world.bucket, Key="source.zip", Body=body)
        self.note_object(world.bucket, "source.zip", answer, body)

    def put_output(self, job):
        """By the job's own credentials."""
        place = job["data"]["outputArtifacts"][0]["location"]["s3Location"]
        store = self.world.server.client("s3", self.world.server.session_of_job(job["data"]))
        body = self.random.randbytes(5000)
        answer = store.put_object(Bucket=place["bucketName"], Key=place["objectKey"], Body=body)
        self.note_object(place["bucketName"], place["objectKey"], answer, body)

    def note_object(self, bucket, key, answer, body):
        self.promises.audited(answer)
        version, what = answer["VersionId"], f"version {answer['VersionId']} of {bucket}/{key}"
        self.promises.row(answer, what, OBJECTS, bucket, key.encode(), version, len(body))
        self.promises.blob(answer, f"the content of {what}", body)
        where = {"Bucket": bucket, "Key": key, "VersionId": version}
        self.promises.shown(answer, what, lambda reader: reader.s3.get_object(**where)["Body"].read() == body)

    def update(self):
        name, calls = self.world.name, self.world.codepipeline
        reviewer = self.declaration["stages"][2]["actions"][0]
        reviewer["configuration"] = {"CustomData": f"{self.random.getrandbits(40)}"}
        answer = self.promises.audited(calls.update_pipeline(pipeline=self.declaration))
        version = answer["pipeline"]["version"]
        what, declared = f"version {version} of {name}", answer["pipeline"]
        self.promises.row(answer, what, VERSIONS, name, version)

        def look(reader):
            return reader.codepipeline.get_pipeline(name=name, version=version)["pipeline"] == declared

        self.promises.shown(answer, what, look)

    def hold_and_release(self):
        where = {"pipelineName": self.world.name, "stageName": "Sign", "transitionType": "Inbound"}
        calls = self.world.codepipeline
        self.promises.audited(calls.disable_stage_transition(**where, reason="freeze"))
        self.promises.audited(calls.enable_stage_transition(**where))

    def create_and_delete(self):
        world, note = self.world, self.promises
        name = f"{world.name}-{self.random.getrandbits(40)}"
        created = note.audited(world.codepipeline.create_pipeline(pipeline={**self.declaration, "name": name}))
        # Once its deletion was asked for it may be gone; its creation's answer is the last before that.
        got = world.codepipeline.get_pipeline(name=name)
        note.row(created, f"version 1 of {name}", VERSIONS, name, 1, until=got)
        gone = note.audited(world.codepipeline.delete_pipeline(name=name))
        note.row(gone, f"the end of {name}", PIPELINES, name, is_absent=True)
