# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""What is shown of pipelines and executions, member by member, from the start to the end."""

from datetime import timedelta

from support import declarations


# The state


def test_a_stage_that_nobody_has_entered_shows_what_it_consists_of(timed):
    timed.declare(("Deploy", [timed.work("Build"), timed.work()]), sources=[timed.custom_source()], source=False)
    assert timed.stage("Deploy") == {
        "stageName": "Deploy",
        "inboundExecutions": [],
        "inboundTransitionState": {"enabled": True},
        "actionStates": [{"actionName": "Build"}, {"actionName": "Ship"}],
    }


def test_one_execution_from_its_start_to_its_end_and_another_one_behind_it(timed, refused):
    sign = declarations.approval("SignOff")
    first = timed.declare(("Release", [sign]), sources=[timed.custom_source()], source=False)
    assert timed.execution(first)["artifactRevisions"] == []
    assert timed.inside("Source") == (first, "InProgress")
    assert timed.latest("Source", "Fetch")["status"] == "InProgress"
    assert timed.inside("Release") is None
    revision = {"revision": "7f3a", "changeIdentifier": "change-1", "revisionSummary": "Basket"}
    timed.succeed(timed.fetch(), currentRevision=revision)
    (shown,) = timed.execution(first)["artifactRevisions"]
    assert (shown["name"], shown["revisionId"], shown["revisionSummary"]) == ("Source", "7f3a", "Basket")
    assert shown["revisionChangeIdentifier"] == "change-1"
    assert timed.inside("Source") == (first, "Succeeded")
    assert timed.action("Source", "Fetch")["currentRevision"]["revisionId"] == "7f3a"
    token = timed.latest("Release", "SignOff")["token"]
    second = timed.begin()
    timed.succeed(timed.fetch(), currentRevision=revision)
    assert timed.inside("Source") == (second, "Succeeded")
    behind = {"pipelineExecutionId": second, "status": "InProgress"}
    assert timed.stage("Release")["inboundExecutions"] == [behind]
    assert timed.stage("Release")["inboundExecution"] == behind
    assert timed.inside("Release") == (first, "InProgress")
    timed.stop(first)
    assert timed.execution(first)["status"] == "Stopping"
    assert timed.inside("Release") == (first, "Stopping")
    timed.answer("Release", "SignOff", token)
    assert timed.execution(first)["status"] == "Stopped"
    assert timed.inside("Release") == (second, "InProgress")
    assert timed.stage("Release")["inboundExecutions"] == []
    assert "inboundExecution" not in timed.stage("Release")
    assert refused(timed.retry, stage="Release", execution=first)[0] == "NotLatestPipelineExecutionException"


def test_who_enters_a_stage_finds_it_as_if_nobody_had_been_there(timed):
    actions = [timed.work("Build"), timed.work(runOrder=2)]
    first = timed.declare(("Deploy", actions))
    for _ in range(2):
        timed.succeed(timed.take(first))
    assert timed.latest("Deploy", "Ship")["status"] == "Succeeded"
    revision = timed.action("Source", "Fetch")["currentRevision"]
    timed.begin()
    assert timed.latest("Deploy", "Build")["status"] == "InProgress"
    assert timed.action("Deploy", "Ship") == {"actionName": "Ship"}
    assert timed.action("Source", "Fetch")["currentRevision"] == revision


def test_a_queue_is_shown_with_its_head_first(timed):
    first = timed.declare(("Deploy", [timed.work()]), executionMode="QUEUED")
    queue = [timed.begin() for _ in range(3)]
    stage = timed.stage("Deploy")
    assert [each["pipelineExecutionId"] for each in stage["inboundExecutions"]] == queue
    assert stage["inboundExecution"] == {"pipelineExecutionId": queue[0], "status": "InProgress"}
    assert stage["latestExecution"] == {"pipelineExecutionId": first, "status": "InProgress"}


# Executions


def test_an_execution_shows_what_it_is_and_nothing_that_it_is_not(timed):
    version = timed.put_source()
    execution = timed.declare(("Deploy", [timed.work()]), source=False)
    shown = timed.execution(execution)
    (revision,) = shown.pop("artifactRevisions")
    assert (revision["name"], revision["revisionId"]) == ("Source", version)
    assert shown == {
        "pipelineName": timed.name,
        "pipelineVersion": 1,
        "pipelineExecutionId": execution,
        "status": "InProgress",
        "trigger": {"triggerType": "PollForSourceChanges", "triggerDetail": "Fetch"},
        "executionMode": "SUPERSEDED",
    }


def test_a_summary_of_an_execution_shows_when_it_began_and_when_it_changed_last(timed):
    execution = timed.declare(("Deploy", [timed.work()]))
    begun = timed.clock.now()
    job = timed.take()
    timed.clock.advance("1h")
    timed.fail(job, "3 tests failed")
    (summary,) = timed.executions()
    assert summary.pop("sourceRevisions")
    assert summary == {
        "pipelineExecutionId": execution,
        "status": "Failed",
        "statusSummary": "Action 'Ship' in stage 'Deploy' failed: 3 tests failed",
        "startTime": begun,
        "lastUpdateTime": begun + timedelta(hours=1),
        "trigger": {"triggerType": "PollForSourceChanges", "triggerDetail": "Fetch"},
        "executionMode": "SUPERSEDED",
    }


def test_a_stop_without_a_reason_shows_none(timed):
    execution = timed.declare(("Deploy", [timed.work()]))
    timed.stop(execution, abandon=True)
    assert "stopTrigger" not in timed.executions()[0]


def test_executions_are_selected_by_the_stage_that_they_succeeded_in(timed):
    first = timed.declare(("Build", [timed.work("Make")]), ("Deploy", [timed.work()]))
    timed.succeed(timed.take())
    timed.fail(timed.take())
    second = timed.begin()
    timed.fail(timed.take(second))
    third = timed.begin()
    timed.succeed(timed.take(third))

    def succeeded(stage):
        filter = {"succeededInStage": {"stageName": stage}}
        listed = timed.codepipeline.list_pipeline_executions(pipelineName=timed.name, filter=filter)
        return [each["pipelineExecutionId"] for each in listed["pipelineExecutionSummaries"]]

    assert succeeded("Build") == [third, first], "the newest first, though one has failed later"
    assert succeeded("Deploy") == []
    timed.update(variables=[{"name": "Size", "defaultValue": "s"}])
    assert succeeded("Build") == [], "those of the version in force"


# Histories


def listing(timed, **arguments):
    return timed.codepipeline.list_action_executions(pipelineName=timed.name, **arguments)


def attempts(timed, **filter):
    """The attempts that a filter selects, as execution, action and status."""
    details = listing(timed, filter=filter)["actionExecutionDetails"]
    return [(each["pipelineExecutionId"], each["actionName"], each["status"]) for each in details]


def retried(timed):
    """A pipeline with two executions, of which the first was retried; returns both."""
    first = timed.declare(("Deploy", [timed.work("Build"), timed.work(runOrder=2)]))
    for result in (timed.succeed, timed.fail):
        timed.clock.advance("1m")
        result(timed.take())
    timed.clock.advance("1m")
    timed.retry("Deploy", first)
    timed.fail(timed.take())
    timed.clock.advance("1m")
    return first, timed.begin()


def test_attempts_are_selected_by_their_execution_all_or_the_latest(timed):
    first, second = retried(timed)
    every = [
        (first, "Ship", "Failed"), (first, "Ship", "Failed"), (first, "Build", "Succeeded"),
        (first, "Fetch", "Succeeded"),
    ]
    latest = {"pipelineExecutionId": first, "startTimeRange": "Latest"}
    assert set(attempts(timed, pipelineExecutionId=first)) == set(every)
    assert len(attempts(timed, pipelineExecutionId=first)) == 4
    assert attempts(timed, pipelineExecutionId=first)[:2] == every[:2], "the newest first"
    assert attempts(timed, latestInPipelineExecution={**latest, "startTimeRange": "All"}) == (
        attempts(timed, pipelineExecutionId=first)
    )
    assert len(attempts(timed, latestInPipelineExecution=latest)) == 3
    assert set(attempts(timed, latestInPipelineExecution=latest)) == set(every)
    assert attempts(timed, pipelineExecutionId=second, latestInPipelineExecution=latest) == []
    assert len(attempts(timed, pipelineExecutionId=first, latestInPipelineExecution=latest)) == 3
    assert len(attempts(timed)) == 6


def test_a_filter_of_an_execution_that_never_was_is_refused(timed, refused):
    first, _ = retried(timed)
    unknown = "00000000-0000-4000-8000-000000000000"
    latest = {"pipelineExecutionId": first, "startTimeRange": "Latest"}
    for filter in (
        {"pipelineExecutionId": unknown},
        {"pipelineExecutionId": unknown, "latestInPipelineExecution": latest},
        {"latestInPipelineExecution": {**latest, "pipelineExecutionId": unknown}},
    ):
        assert refused(listing, timed=timed, filter=filter)[0] == "PipelineExecutionNotFoundException"


def test_a_token_is_good_for_the_listing_that_it_came_with(timed, refused):
    first, second = retried(timed)
    plain = {"pipelineExecutionId": first}
    every = {"latestInPipelineExecution": {"pipelineExecutionId": first, "startTimeRange": "All"}}
    latest = {"latestInPipelineExecution": {"pipelineExecutionId": first, "startTimeRange": "Latest"}}
    token = listing(timed, filter=every, maxResults=1)["nextToken"]
    ids = [each["actionExecutionId"] for each in listing(timed, filter=plain)["actionExecutionDetails"]]
    rest = listing(timed, filter=plain, nextToken=token)["actionExecutionDetails"]
    assert [each["actionExecutionId"] for each in rest] == ids[1:]
    for filter in ({"pipelineExecutionId": second}, latest, {}):
        assert refused(listing, timed=timed, filter=filter, nextToken=token)[0] == "InvalidNextTokenException"


def test_an_attempt_that_runs_has_no_result_yet(timed):
    execution = timed.declare(("Deploy", [timed.work(roleArn="arn:aws:iam::000000000000:role/deploy")]))
    job = timed.take()
    (entry,) = timed.history("Ship")
    place = job["data"]["inputArtifacts"][0]["location"]["s3Location"]
    assert entry == {
        "pipelineExecutionId": execution,
        "actionExecutionId": job["data"]["pipelineContext"]["action"]["actionExecutionId"],
        "pipelineVersion": 1,
        "stageName": "Deploy",
        "actionName": "Ship",
        "startTime": timed.clock.now(),
        "lastUpdateTime": timed.clock.now(),
        "status": "InProgress",
        "input": {
            "actionTypeId": timed.custom,
            "configuration": {},
            "resolvedConfiguration": {},
            "roleArn": "arn:aws:iam::000000000000:role/deploy",
            "region": "eu-central-1",
            "inputArtifacts": [
                {"name": "Source", "s3location": {"bucket": place["bucketName"], "key": place["objectKey"]}}
            ],
        },
        "output": {"outputArtifacts": [], "outputVariables": {}},
    }
