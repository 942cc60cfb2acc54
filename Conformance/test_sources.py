# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Objects that start pipelines."""

import statistics
import time

from support import declarations
from support.waiting import until


def executions(world):
    return world.codepipeline.list_pipeline_executions(pipelineName=world.name)["pipelineExecutionSummaries"]


def pipeline_on(world, **configuration):
    declared = declarations.pipeline(world.name, world.bucket, ("Sign", [declarations.approval()]))
    declared["stages"][0]["actions"][0]["configuration"].update(configuration)
    return declared


def test_a_put_starts_the_pipeline_within_100_ms(world, record_property):
    world.put_source()
    world.create(("Sign", [declarations.approval()]))
    times = []
    for number in range(9):
        before = len(executions(world))
        world.put_source(f"{number}")
        answered = time.monotonic()
        until(lambda: len(executions(world)) > before, what="an execution of the put")
        times.append(time.monotonic() - answered)
    record_property("milliseconds", [round(each * 1000, 1) for each in times])
    assert statistics.median(times) < 0.1, times


def test_a_source_that_does_not_poll_is_started_by_hand(world):
    version = world.put_source()
    world.codepipeline.create_pipeline(pipeline=pipeline_on(world, PollForSourceChanges="false"))
    assert [each["trigger"]["triggerType"] for each in executions(world)] == ["CreatePipeline"]
    newer = world.put_source("newer")
    started = world.start()

    def found():
        return next(each for each in executions(world) if each["pipelineExecutionId"] == started)["sourceRevisions"]

    assert until(found, what="the revision of the source")[0]["revisionId"] == newer != version
    assert {each["trigger"]["triggerType"] for each in executions(world)} == {
        "CreatePipeline", "StartPipelineExecution"
    }


def test_polling_that_is_switched_on_finds_what_was_put_meanwhile(world):
    world.put_source()
    world.codepipeline.create_pipeline(pipeline=pipeline_on(world, PollForSourceChanges="false"))
    newer = world.put_source("newer")
    world.codepipeline.update_pipeline(pipeline=pipeline_on(world))

    def look():
        polled = [each for each in executions(world) if each["trigger"]["triggerType"] == "PollForSourceChanges"]
        return [each["sourceRevisions"][0]["revisionId"] for each in polled if each["sourceRevisions"]]

    assert until(look, what="an execution of the poll") == [newer]


def test_an_empty_answer_to_whether_to_poll_is_refused(world, refused):
    client = world.server.client("codepipeline", parameter_validation=False)
    code, message = refused(client.create_pipeline, pipeline=pipeline_on(world, PollForSourceChanges=""))
    assert code == "ValidationException", message


def test_without_versioning_the_etag_is_the_revision(world):
    plain = f"plain-{world.name}"
    world.s3.create_bucket(Bucket=plain)
    etag = world.s3.put_object(Bucket=plain, Key="source.zip", Body=b"code")["ETag"].strip('"')
    world.codepipeline.create_pipeline(pipeline=pipeline_on(world, S3Bucket=plain))
    world.running("Sign", "Approve")
    assert executions(world)[0]["sourceRevisions"][0]["revisionId"] == etag
    world.s3.put_object(Bucket=plain, Key="source.zip", Body=b"code")
    changed = world.s3.put_object(Bucket=plain, Key="source.zip", Body=b"changed")["ETag"].strip('"')

    def look():
        listed = executions(world)
        return listed if len(listed) > 1 and listed[0]["sourceRevisions"] else None

    newest = until(look, what="an execution of the change")
    assert [each["sourceRevisions"][0]["revisionId"] for each in newest] == [changed, etag]


def test_a_bucket_that_is_missing_is_named_until_it_is_there(world):
    absent = f"absent-{world.name}"
    world.codepipeline.create_pipeline(pipeline=pipeline_on(world, S3Bucket=absent))
    shown = world.action("Source", "Fetch")["latestExecution"]
    assert shown["status"] == "Failed" and "actionExecutionId" not in shown
    assert shown["errorDetails"] == {
        "code": "ConfigurationError", "message": f"The S3 bucket '{absent}' does not exist"
    }
    world.s3.create_bucket(Bucket=absent)
    world.s3.put_object(Bucket=absent, Key="source.zip", Body=b"code")
    world.running("Sign", "Approve")


def test_the_link_of_a_source_leads_to_the_server_that_was_asked(world):
    world.put_source()
    world.create(("Sign", [declarations.approval()]))
    states = world.codepipeline.get_pipeline_state(name=world.name)["stageStates"]
    assert states[0]["actionStates"][0]["entityUrl"] == f"{world.server.endpoint}/{world.bucket}/source.zip"
