# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Which revision of its sources an execution takes, and who says so."""

import pytest
from support import declarations


def polling(timed, polls, **configuration):
    """A pipeline whose source polls or does not."""
    source = declarations.s3_source(timed.bucket, PollForSourceChanges=polls, **configuration)
    return declarations.pipeline(
        timed.name, timed.bucket, ("Sign", [declarations.approval()]), sources=[source], pipelineType="V2"
    )


def triggers(timed):
    """What started the executions, the oldest first."""
    return [(each["trigger"]["triggerType"], each["trigger"]["triggerDetail"]) for each in timed.executions()]


def revisions(timed):
    """The revision that each execution has of its first source, the oldest first."""
    return [each["sourceRevisions"][0]["revisionId"] for each in timed.executions()]


def fetched(timed, execution):
    """The revision that the execution has of each artifact."""
    return {each["name"]: each["revisionId"] for each in timed.execution(execution)["artifactRevisions"]}


# Polling


@pytest.mark.parametrize(("polls", "does"), [("true", True), ("TRUE", True), ("false", False), ("no", False)])
def test_a_source_starts_its_pipeline_if_it_polls(timed, polls, does):
    timed.put_source("old")
    timed.codepipeline.create_pipeline(pipeline=polling(timed, polls))
    timed.put_source("new")
    timed.clock.settle()
    started = [trigger for trigger, _ in triggers(timed)]
    assert started == (["PollForSourceChanges"] * 2 if does else ["CreatePipeline"])


def test_each_source_that_polls_starts_an_execution_and_every_source_runs_in_each(timed):
    sources = [
        declarations.s3_source(timed.bucket),
        declarations.s3_source(timed.bucket, "docs.zip", name="Docs", output="Docs"),
    ]
    code, docs = timed.put_source(), timed.put_source(key="docs.zip")
    first = timed.declare(("Deploy", [timed.work()]), sources=sources, executionMode="QUEUED", source=False)
    assert triggers(timed) == [("PollForSourceChanges", "Fetch"), ("PollForSourceChanges", "Docs")]
    assert fetched(timed, first) == {"Source": code, "Docs": docs}
    newer = timed.put_source("newer", "docs.zip")
    timed.clock.settle()
    assert triggers(timed)[2:] == [("PollForSourceChanges", "Docs")]
    assert fetched(timed, timed.executions()[-1]["pipelineExecutionId"]) == {"Source": code, "Docs": newer}


def test_the_same_bytes_again_are_another_revision(timed):
    first = timed.put_source("same")
    timed.declare(("Deploy", [timed.work()]), source=False)
    second = timed.put_source("same")
    timed.clock.settle()
    assert first != second
    assert revisions(timed) == [first, second]


def test_another_object_is_another_revision(timed):
    timed.put_source()
    other = timed.put_source(key="other.zip")
    timed.codepipeline.create_pipeline(pipeline=polling(timed, "true"))
    timed.codepipeline.update_pipeline(pipeline=polling(timed, "true", S3ObjectKey="other.zip"))
    timed.clock.settle()
    assert triggers(timed) == [("PollForSourceChanges", "Fetch")] * 2
    assert timed.executions()[-1]["sourceRevisions"][0]["revisionId"] == other


def test_polling_that_is_switched_on_again_has_seen_what_it_had_seen(timed):
    timed.put_source()
    timed.codepipeline.create_pipeline(pipeline=polling(timed, "false"))
    timed.clock.settle()
    timed.codepipeline.update_pipeline(pipeline=polling(timed, "true"))
    timed.clock.settle()
    started = [("CreatePipeline", timed.caller()), ("PollForSourceChanges", "Fetch")]
    assert triggers(timed) == started, "what was fetched while it did not poll is new to it"
    for polls in ("false", "true"):
        timed.codepipeline.update_pipeline(pipeline=polling(timed, polls))
        timed.clock.settle()
    assert triggers(timed) == started


def test_a_bucket_of_another_account_is_out_of_reach(timed):
    keys = timed.server.create_key("--name", "guest", "--account", "999988887777", "--administrator")
    theirs = f"theirs-{timed.name}"
    timed.server.client("s3", timed.server.session_of(keys)).create_bucket(Bucket=theirs)
    timed.codepipeline.create_pipeline(pipeline=polling(timed, "true", S3Bucket=theirs))
    assert timed.executions() == []
    shown = timed.latest("Source", "Fetch")
    assert (shown["status"], shown["errorDetails"]["code"]) == ("Failed", "PermissionError")
    assert "actionExecutionId" not in shown


# What a source says


def test_an_object_says_in_its_own_words_what_it_is(timed):
    words = {"codepipeline-artifact-revision-summary": "Basket, second try"}
    version = timed.s3.put_object(Bucket=timed.bucket, Key="source.zip", Body=b"code", Metadata=words)["VersionId"]
    execution = timed.declare(("Deploy", [timed.work()]), source=False)
    (revision,) = timed.execution(execution)["artifactRevisions"]
    assert (revision["name"], revision["revisionId"]) == ("Source", version)
    assert revision["revisionSummary"] == "Basket, second try"
    latest = timed.latest("Source", "Fetch")
    assert (latest["summary"], latest["externalExecutionId"]) == ("Basket, second try", version)


def test_an_object_without_words_is_named_by_its_version(timed):
    version = timed.put_source()
    execution = timed.declare(("Deploy", [timed.work()]), source=False)
    summary = f"Amazon S3 version id: {version}"
    assert timed.execution(execution)["artifactRevisions"][0]["revisionSummary"] == summary
    assert timed.executions()[0]["sourceRevisions"] == [
        {"actionName": "Fetch", "revisionId": version, "revisionSummary": summary}
    ]
    assert timed.latest("Source", "Fetch")["summary"] == summary


def test_an_execution_keeps_the_revision_that_it_began_with(timed):
    old = timed.put_source("old")
    first = timed.declare(("Deploy", [timed.work()]), source=False)
    job = timed.take(first)
    new = timed.put_source("new")
    timed.clock.settle()
    assert revisions(timed) == [old, new]
    timed.fail(job)
    second = timed.executions()[-1]["pipelineExecutionId"]
    assert timed.inside("Deploy") == (second, "InProgress")
    place = timed.take(second)["data"]["inputArtifacts"][0]
    assert place["revision"] == new


def test_a_source_that_is_retried_takes_what_is_there_now(timed):
    timed.codepipeline.create_pipeline(pipeline=polling(timed, "false"))
    timed.clock.settle()
    execution = timed.created_execution()
    assert timed.inside("Source") == (execution, "Failed")
    assert timed.latest("Source", "Fetch")["errorDetails"] == {
        "code": "ConfigurationError",
        "message": f"The object with key 'source.zip' does not exist in the S3 bucket '{timed.bucket}'",
    }
    version = timed.put_source()
    timed.retry("Source", execution)
    timed.clock.settle()
    assert fetched(timed, execution) == {"Source": version}
    assert timed.inside("Sign") == (execution, "InProgress")


# Revisions that are put


def put(timed, revision, change="change-1", **place):
    return timed.codepipeline.put_action_revision(
        **{"pipelineName": timed.name, "stageName": "Source", "actionName": "Fetch", **place},
        actionRevision={"revisionId": revision, "revisionChangeId": change, "created": timed.clock.now()},
    )


def test_a_put_revision_starts_an_execution_once(timed):
    fetch = timed.custom_source()
    timed.declare(("Deploy", [timed.work()]), sources=[fetch], source=False)
    first = put(timed, "7f3a")
    again = put(timed, "7f3a")
    other = put(timed, "7f3a", "change-2")
    assert [each["newRevision"] for each in (first, again, other)] == [True, False, True]
    assert again["pipelineExecutionId"] == first["pipelineExecutionId"]
    assert triggers(timed)[1:] == [("PutActionRevision", timed.caller())] * 2
    assert timed.action("Source", "Fetch")["currentRevision"] == {
        "revisionId": "7f3a", "revisionChangeId": "change-2", "created": timed.clock.now()
    }


def test_an_execution_fetches_the_revision_that_was_put(timed):
    old = timed.put_source("old")
    timed.put_source("new")
    timed.codepipeline.create_pipeline(pipeline=polling(timed, "false"))
    execution = put(timed, old)["pipelineExecutionId"]
    timed.clock.settle()
    assert fetched(timed, execution) == {"Source": old}


def test_revisions_are_put_to_sources_alone(timed, refused):
    timed.declare(("Sign", [declarations.approval()]))
    for place, code in (
        ({"stageName": "Sign", "actionName": "Approve"}, "ValidationException"),
        ({"stageName": "Absent"}, "StageNotFoundException"),
        ({"actionName": "Absent"}, "ActionNotFoundException"),
        ({"pipelineName": "absent"}, "PipelineNotFoundException"),
    ):
        assert refused(put, timed=timed, revision="7f3a", **place)[0] == code
    assert len(timed.executions()) == 1


# Overrides


def override(type, value, action="Fetch"):
    return {"actionName": action, "revisionType": type, "revisionValue": value}


def test_an_override_names_the_version_for_one_execution(timed):
    old = timed.put_source("old")
    new = timed.put_source("new")
    timed.codepipeline.create_pipeline(pipeline=polling(timed, "true"))
    timed.clock.settle()
    overridden = timed.begin(sourceRevisions=[override("S3_OBJECT_VERSION_ID", old)])
    plain = timed.begin()
    assert fetched(timed, overridden) == {"Source": old}
    assert fetched(timed, plain) == {"Source": new}
    newest = timed.put_source("newest")
    timed.clock.settle()
    assert triggers(timed)[3:] == [("PollForSourceChanges", "Fetch")]
    assert fetched(timed, timed.executions()[-1]["pipelineExecutionId"]) == {"Source": newest}


def test_an_override_names_another_object_where_that_is_allowed(timed, refused):
    timed.put_source()
    old = timed.put_source("old", "other.zip")
    new = timed.put_source("new", "other.zip")
    key, version = override("S3_OBJECT_KEY", "other.zip"), override("S3_OBJECT_VERSION_ID", old)
    timed.codepipeline.create_pipeline(pipeline=polling(timed, "false"))
    code, message = refused(timed.start, sourceRevisions=[key])
    assert (code, "AllowOverrideForS3ObjectKey" in message) == ("ValidationException", True)
    timed.codepipeline.update_pipeline(pipeline=polling(timed, "false", AllowOverrideForS3ObjectKey="true"))
    by_key = timed.begin(sourceRevisions=[key])
    by_both = timed.begin(sourceRevisions=[key, version])
    assert [fetched(timed, each)["Source"] for each in (by_key, by_both)] == [new, old]
    (entry,) = (each["input"] for each in timed.history("Fetch") if each["pipelineExecutionId"] == by_both)
    assert entry["configuration"]["S3ObjectKey"] == "source.zip"
    assert entry["resolvedConfiguration"]["S3ObjectKey"] == "other.zip"


def test_an_override_that_is_not_there_fails_the_source(timed):
    timed.put_source()
    timed.codepipeline.create_pipeline(pipeline=polling(timed, "false"))
    timed.clock.settle()
    execution = timed.begin(sourceRevisions=[override("S3_OBJECT_VERSION_ID", "absent")])
    assert timed.execution(execution)["status"] == "Failed"
    assert timed.latest("Source", "Fetch")["errorDetails"]["code"] == "RevisionUnavailable"
    timed.retry("Source", execution)
    timed.clock.settle()
    assert timed.execution(execution)["status"] == "Failed", "a retry is bound to the same revision"


@pytest.mark.parametrize(
    "overrides",
    [
        [override("S3_OBJECT_VERSION_ID", "a"), override("S3_OBJECT_VERSION_ID", "b")],
        [override("S3_OBJECT_VERSION_ID", "a", "Absent")],
        [override("S3_OBJECT_VERSION_ID", "a", "Approve")],
        [override("COMMIT_ID", "7f3a")],
        [override("IMAGE_DIGEST", "sha256:00")],
    ],
    ids=["twice", "unknown", "no-source", "commit", "image"],
)
def test_an_override_that_fits_no_source_is_refused(timed, refused, overrides):
    timed.declare(("Sign", [declarations.approval()]))
    assert refused(timed.start, sourceRevisions=overrides)[0] == "ValidationException"
    assert len(timed.executions()) == 1


def test_a_v1_pipeline_has_no_overrides(timed, refused):
    version = timed.put_source()
    timed.codepipeline.create_pipeline(pipeline={**polling(timed, "false"), "pipelineType": "V1"})
    assert refused(timed.start, sourceRevisions=[override("S3_OBJECT_VERSION_ID", version)])[0] == (
        "ValidationException"
    )
