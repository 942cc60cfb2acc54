# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""What time does to pipelines, jobs and tokens, at the very second: on a clock that the tests move."""

import sqlite3
import uuid
from datetime import timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from conftest import TimedWorld
from support import declarations
from support.server import Server

DAY = timedelta(days=1)
# Every minute of a working day's nine hours, in UTC.
OFFICE_HOURS = "0 * 9-17 ? * MON-FRI *"


def window(cron=OFFICE_HOURS, **members):
    return declarations.rule("Window", "DeploymentWindow", {"Cron": cron}, **members)


def to_weekday(clock, weekday, hour):
    """Moves the clock to the next such day (Monday is 0) at the hour; returns the instant."""
    now = clock.now()
    midnight = now.replace(hour=0, minute=0, second=0)
    return clock.set(midnight + DAY * ((weekday - now.weekday() - 1) % 7 + 1) + timedelta(hours=hour))


# Approvals


def test_an_approval_expires_after_seven_days(timed, refused):
    execution = timed.declare(("Sign", [declarations.approval()]))
    asked = timed.clock.now()
    token = timed.latest("Sign", "Approve")["token"]
    timed.clock.advance("6d23h59m59s")
    assert timed.latest("Sign", "Approve")["status"] == "InProgress"
    timed.clock.advance("1s")
    assert timed.execution(execution)["status"] == "Failed"
    latest = timed.latest("Sign", "Approve")
    assert latest["errorDetails"] == {
        "code": "JobFailed",
        "message": "Approval was not given within 10080 minutes",
    }
    assert "token" not in latest
    assert latest["lastStatusChange"] == asked + 7 * DAY
    assert refused(timed.answer, stage="Sign", action="Approve", token=token) == (
        "ApprovalAlreadyCompletedException",
        "The approval request that you responded to is already complete or has expired.",
    )


def test_an_approval_expires_when_its_declaration_says_so_and_a_retry_asks_anew(timed):
    execution = timed.declare(("Sign", [declarations.approval(timeoutInMinutes=5)]))
    first = timed.latest("Sign", "Approve")["token"]
    timed.clock.advance("5m")
    assert timed.inside("Sign") == (execution, "Failed")
    timed.retry("Sign", execution)
    second = timed.latest("Sign", "Approve")["token"]
    assert second != first
    timed.clock.advance("4m59s")
    timed.answer("Sign", "Approve", second)
    assert timed.execution(execution)["status"] == "Succeeded"


def test_an_expired_approval_lets_in_who_waited(timed):
    first = timed.declare(("Sign", [declarations.approval()]))
    timed.clock.advance("1d")
    second = timed.begin()
    timed.clock.advance("10d")
    assert timed.execution(first)["status"] == "Failed"
    # It entered when the first had expired, and so has days left when the clock stops.
    assert timed.inside("Sign") == (second, "InProgress")
    waited = timed.history("Approve")[-1]["startTime"] - timed.history("Approve")[0]["startTime"]
    assert waited == 7 * DAY


# Jobs


def test_a_job_that_nobody_acknowledges_is_handed_out_again(timed, refused):
    timed.declare(("Deploy", [timed.work()]))
    (first,) = timed.poll()
    timed.clock.advance("59s")
    assert timed.poll() == []
    timed.clock.advance("1s")
    (second,) = timed.poll()
    assert second["id"] == first["id"]
    assert second["nonce"] != first["nonce"]
    acknowledge = timed.codepipeline.acknowledge_job
    assert refused(acknowledge, jobId=first["id"], nonce=first["nonce"])[0] == "InvalidNonceException"
    assert acknowledge(jobId=second["id"], nonce=second["nonce"])["status"] == "InProgress"
    timed.clock.advance("1h")
    assert timed.poll() == []


def test_an_acknowledged_job_times_out(timed, refused):
    execution = timed.declare(("Deploy", [timed.work()]))
    job = timed.take()
    timed.clock.advance("23h59m59s")
    assert timed.execution(execution)["status"] == "InProgress"
    timed.clock.advance("1s")
    assert timed.execution(execution)["status"] == "Failed"
    assert timed.latest("Deploy", "Ship")["errorDetails"] == {
        "code": "JobFailed",
        "message": "The action timed out after 1440 minutes",
    }
    assert refused(timed.codepipeline.put_job_success_result, jobId=job["id"]) == (
        "InvalidJobStateException",
        f"Job '{job['id']}' is in state TimedOut and cannot be completed",
    )


def test_progress_does_not_give_a_job_more_time(timed):
    execution = timed.declare(("Deploy", [timed.work()]))
    for hour in range(3):
        timed.succeed(timed.take(), continuationToken=f"hour-{hour}")
        timed.clock.advance("8h")
    assert timed.execution(execution)["status"] == "Failed"
    assert timed.poll() == []
    assert len(timed.history("Ship")) == 1


def test_the_details_of_a_job_outlive_it_by_an_hour(timed, refused):
    timed.declare(("Deploy", [timed.work()]))
    job = timed.take()
    timed.succeed(job)
    details = timed.codepipeline.get_job_details
    timed.clock.advance("59m59s")
    assert details(jobId=job["id"])["jobDetails"]["id"] == job["id"]
    timed.clock.advance("1s")
    assert refused(details, jobId=job["id"])[0] == "JobNotFoundException"


def test_a_repeated_result_is_accepted_for_a_quarter_of_an_hour(timed, refused):
    timed.declare(("Deploy", [timed.work()]))
    job = timed.take()
    timed.succeed(job)
    timed.clock.advance("14m59s")
    timed.succeed(job)
    timed.clock.advance("1s")
    assert refused(timed.succeed, job=job)[0] == "InvalidJobStateException"


def test_a_silent_job_is_named_to_operators(timed):
    timed.declare(("Deploy", [timed.work()]))
    job = timed.take()
    listed = ("jobs", "--silent", "--pipeline", timed.name, "--output", "json")
    timed.clock.advance("9m59s")
    assert timed.server.penstock(*listed)["jobs"] == []
    timed.clock.advance("1s")
    (silent,) = timed.server.penstock(*listed)["jobs"]
    assert silent["jobId"] == job["id"]
    assert "has not reported since" in timed.latest("Deploy", "Ship")["summary"]


def test_a_partners_job_times_out_after_an_hour(timed):
    _, connection = timed.partner_pipeline()
    timed.clock.settle()
    timed.acknowledged_partner_job(connection["clientToken"])
    timed.clock.advance("59m59s")
    assert timed.inside("Test")[1] == "InProgress"
    timed.clock.advance("1s")
    assert timed.latest("Test", "Check")["errorDetails"] == {
        "code": "JobFailed", "message": "The action timed out after 60 minutes"
    }


# Credentials and tokens


def test_the_credentials_of_a_job_expire_by_the_clock(timed):
    timed.declare(("Deploy", [timed.work()]))
    job = timed.take()
    place = job["data"]["inputArtifacts"][0]["location"]["s3Location"]
    read = {"Bucket": place["bucketName"], "Key": place["objectKey"]}
    s3 = timed.server.client("s3", timed.server.session_of_job(job["data"]))
    timed.clock.advance("14m59s")
    assert s3.get_object(**read)["ContentLength"] > 0
    timed.clock.advance("1s")
    with pytest.raises(s3.exceptions.ClientError, match="ExpiredToken"):
        s3.get_object(**read)
    fresh = timed.codepipeline.get_job_details(jobId=job["id"])["jobDetails"]["data"]
    assert timed.server.client("s3", timed.server.session_of_job(fresh)).get_object(**read)["ContentLength"] > 0


def test_an_operator_sets_how_long_a_job_is_hidden_and_its_credentials_last(tmp_path):
    options = ("--job-visibility", "10s", "--job-credentials-lifetime", "1h")
    server = Server(tmp_path / "data", "--clock", "manual", *options).start()
    timed = TimedWorld(server, tmp_path)
    timed.declare(("Deploy", [timed.work()]))
    (first,) = timed.poll()
    place = first["data"]["inputArtifacts"][0]["location"]["s3Location"]
    read = {"Bucket": place["bucketName"], "Key": place["objectKey"]}
    s3 = server.client("s3", server.session_of_job(first["data"]))
    timed.clock.advance("9s")
    assert timed.poll() == []
    timed.clock.advance("1s")
    (second,) = timed.poll()
    assert second["id"] == first["id"]
    timed.clock.advance("59m49s")
    assert s3.get_object(**read)["ContentLength"] > 0
    timed.clock.advance("1s")
    with pytest.raises(s3.exceptions.ClientError, match="ExpiredToken"):
        s3.get_object(**read)
    assert server.stop() == 0


def test_a_token_for_the_next_page_is_good_for_a_day(timed):
    timed.declare(("Sign", [declarations.approval()]))
    timed.begin()
    listing = timed.codepipeline.list_pipeline_executions
    token = listing(pipelineName=timed.name, maxResults=1)["nextToken"]
    timed.clock.advance("23h59m59s")
    assert len(listing(pipelineName=timed.name, nextToken=token)["pipelineExecutionSummaries"]) == 1
    timed.clock.advance("1s")
    with pytest.raises(timed.codepipeline.exceptions.InvalidNextTokenException):
        listing(pipelineName=timed.name, nextToken=token)


def test_a_request_token_is_remembered_for_a_day(timed):
    timed.declare(("Sign", [declarations.approval()]))
    token = str(uuid.uuid4())
    first = timed.begin(clientRequestToken=token)
    timed.clock.advance("23h59m59s")
    assert timed.start(clientRequestToken=token) == first
    timed.clock.advance("1s")
    assert timed.start(clientRequestToken=token) != first


def test_a_rotated_client_token_counts_for_another_day(timed, refused):
    _, connection = timed.partner_pipeline()
    timed.clock.settle()
    details = timed.acknowledged_partner_job(connection["clientToken"])
    timed.server.penstock("connections", "rotate", connection["clientId"])
    read = {"jobId": details["id"], "clientToken": connection["clientToken"]}
    timed.clock.advance("59m59s")
    assert timed.codepipeline.get_third_party_job_details(**read)["jobDetails"]["id"] == details["id"]
    timed.clock.advance("23h")
    assert timed.inside("Test")[1] == "Failed", "the action's hour is over before the token's day"
    failure = {"type": "JobFailed", "message": "late"}
    late = timed.codepipeline.put_third_party_job_failure_result
    assert refused(late, **read, failureDetails=failure)[0] == "InvalidJobStateException"
    timed.clock.advance("1s")
    assert refused(late, **read, failureDetails=failure)[0] == "InvalidClientTokenException"


# Transitions


def test_who_waits_at_a_disabled_transition_for_thirty_days_is_stopped(timed):
    first = timed.declare(("Deploy", [timed.work()]))
    timed.succeed(timed.take(first))
    timed.hold("Deploy")
    execution = timed.begin()
    assert timed.waiting("Deploy") == [execution]
    timed.clock.advance("29d23h59m59s")
    assert timed.execution(execution)["status"] == "InProgress"
    timed.clock.advance("1s")
    assert timed.execution(execution)["status"] == "Stopped"
    assert "Deploy" in timed.execution(execution)["statusSummary"]
    timed.release("Deploy")
    assert timed.jobs() == []
    assert timed.inside("Deploy") == (first, "Succeeded")


def test_who_is_let_go_in_time_is_not_stopped(timed):
    timed.succeed(timed.take(timed.declare(("Deploy", [timed.work()]))))
    timed.hold("Deploy")
    execution = timed.begin()
    timed.clock.advance("29d")
    timed.release("Deploy")
    timed.succeed(timed.take(execution))
    timed.clock.advance("5d")
    assert timed.execution(execution)["status"] == "Succeeded"


# Sources


def test_a_source_that_led_to_nothing_for_thirty_days_is_polled_no_more(timed):
    timed.declare(("Sign", [declarations.approval(timeoutInMinutes=5)]))
    timed.clock.advance("29d")
    timed.put_source("soon enough")
    timed.clock.settle()
    assert len(timed.executions()) == 2
    timed.clock.advance("30d")
    timed.put_source("too late")
    timed.clock.settle()
    assert len(timed.executions()) == 2
    metadata = timed.codepipeline.get_pipeline(name=timed.name)["metadata"]
    assert metadata["pollingDisabledAt"] == timed.clock.now()


# Deployment windows


def test_a_deployment_window_opens(timed):
    saturday = to_weekday(timed.clock, 5, 12)
    gate = declarations.condition("FAIL", window())
    execution = timed.declare(declarations.stage("Deploy", timed.work(), beforeEntry=gate))
    assert timed.inside("Deploy") == (execution, "InProgress")
    assert timed.jobs() == []
    state = timed.stage("Deploy")["beforeEntryConditionState"]["conditionStates"][0]
    assert state["latestExecution"]["status"] == "InProgress"
    opening = saturday + 2 * DAY - timedelta(hours=3)
    timed.clock.set(opening - timedelta(seconds=1))
    assert timed.jobs() == []
    timed.clock.advance("1s")
    assert timed.take(execution)
    assert timed.history("Ship")[0]["startTime"] == opening
    (rule,) = timed.rules()
    assert (rule["status"], rule["lastUpdateTime"]) == ("Succeeded", opening)


def test_an_open_deployment_window_lets_pass_at_once(timed):
    to_weekday(timed.clock, 2, 9)
    gate = declarations.condition("FAIL", window())
    execution = timed.declare(declarations.stage("Deploy", timed.work(), beforeEntry=gate))
    assert timed.take(execution)


def test_a_deployment_window_that_stays_closed_fails_at_the_timeout_of_its_rule(timed):
    to_weekday(timed.clock, 6, 0)
    gate = declarations.condition("FAIL", window(timeoutInMinutes=60))
    execution = timed.declare(declarations.stage("Deploy", timed.work(), beforeEntry=gate))
    timed.clock.advance("59m59s")
    assert timed.inside("Deploy") == (execution, "InProgress")
    timed.clock.advance("1s")
    assert timed.inside("Deploy") == (execution, "Failed")
    assert [each["status"] for each in timed.rules()] == ["Failed"]
    assert timed.history("Ship") == []


def test_a_window_is_waited_for_for_seven_days(timed):
    gate = declarations.condition("FAIL", window("0 0 0 30 2 ? *"))
    execution = timed.declare(declarations.stage("Deploy", timed.work(), beforeEntry=gate))
    timed.clock.advance("6d23h59m59s")
    assert timed.inside("Deploy") == (execution, "InProgress")
    timed.clock.advance("1s")
    assert timed.inside("Deploy") == (execution, "Failed")
    (rule,) = timed.rules()
    assert rule["output"]["executionResult"]["errorDetails"] == {
        "code": "JobFailed", "message": "The rule timed out after 10080 minutes"
    }


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("UTC+05:30", timezone(timedelta(hours=5, minutes=30))),
        ("UTC-03:00", timezone(-timedelta(hours=3))),
        ("Asia/Tokyo", ZoneInfo("Asia/Tokyo")),
        ("PST", ZoneInfo("America/Los_Angeles")),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_window_opens_by_the_time_of_its_zone(timed, name, zone):
    monday = to_weekday(timed.clock, 5, 12) + 2 * DAY
    opening = monday.replace(hour=9, tzinfo=zone)
    rule = window()
    rule["configuration"]["TimeZone"] = name
    gate = declarations.condition("FAIL", rule)
    execution = timed.declare(declarations.stage("Deploy", timed.work(), beforeEntry=gate))
    timed.clock.set((opening - timedelta(seconds=1)).astimezone(timezone.utc))
    assert timed.jobs() == []
    timed.clock.advance("1s")
    assert timed.take(execution)


def test_a_closed_window_is_overridden(timed):
    to_weekday(timed.clock, 5, 12)
    gate = declarations.condition("FAIL", window())
    execution = timed.declare(declarations.stage("Deploy", timed.work(), beforeEntry=gate))
    timed.codepipeline.override_stage_condition(
        pipelineName=timed.name, stageName="Deploy", pipelineExecutionId=execution, conditionType="BEFORE_ENTRY"
    )
    timed.succeed(timed.take(execution))
    assert timed.execution(execution)["status"] == "Succeeded"
    assert [each["status"] for each in timed.rules()] == ["Abandoned"]
    timed.clock.advance("7d")
    assert [each["status"] for each in timed.rules()] == ["Abandoned"]


def test_a_week_of_windows_lets_one_execution_through_after_the_other(timed):
    to_weekday(timed.clock, 4, 18)
    gate = declarations.condition("FAIL", window())
    sign = declarations.stage("Sign", declarations.approval(timeoutInMinutes=1440), beforeEntry=gate)
    first = timed.declare(sign, executionMode="QUEUED")
    second = timed.begin()
    friday = timed.clock.now()
    timed.clock.advance("10d")
    assert [each["status"] for each in timed.executions()] == ["Failed", "Failed"]
    monday = friday + timedelta(days=2, hours=15)
    approvals = timed.history("Approve")
    assert [each["pipelineExecutionId"] for each in approvals] == [first, second]
    # The second enters when the first has expired, on Tuesday at nine, when the window is open.
    assert [each["startTime"] for each in approvals] == [monday, monday + DAY]
    assert [each["lastUpdateTime"] for each in approvals] == [monday + DAY, monday + 2 * DAY]


# History


def test_executions_are_forgotten_a_year_after_their_end_but_not_what_can_go_on(timed, refused):
    first = timed.declare(("Ship", [timed.work()]))
    timed.succeed(timed.take(first))
    second = timed.begin()
    timed.succeed(timed.take(second))
    third = timed.begin()
    timed.fail(timed.take(third))
    timed.clock.advance("365d")
    assert [row["pipelineExecutionId"] for row in timed.executions()] == [first, second, third]
    timed.clock.advance("1s")
    assert [row["pipelineExecutionId"] for row in timed.executions()] == [second, third]
    assert {row["pipelineExecutionId"] for row in timed.history()} == {third, second}
    assert refused(timed.execution, id=first)[0] == "PipelineExecutionNotFoundException"
    timed.retry("Ship", third)
    timed.succeed(timed.take(third))
    assert timed.execution(third)["status"] == "Succeeded"


@pytest.mark.parametrize(("limit", "days"), [("10d", 10), ("never", None)])
def test_an_operator_sets_how_long_history_is_kept(tmp_path, limit, days):
    server = Server(tmp_path / "data", "--clock", "manual", "--forget-history-after", limit).start()
    world = TimedWorld(server, tmp_path)
    executions = [world.declare(("Ship", [world.work()]))]
    for _ in range(2):
        world.succeed(world.take())
        executions.append(world.begin())
    world.clock.advance("9d")
    assert [row["pipelineExecutionId"] for row in world.executions()] == executions
    world.clock.advance("2d")
    kept = [row["pipelineExecutionId"] for row in world.executions()]
    assert kept == (executions[1:] if days else executions)
    assert server.stop() == 0


@pytest.mark.parametrize(("options", "forgets"), [(("--forget-audit-after", "10d"), True), ((), False)])
def test_the_audit_trail_is_kept_for_ever_unless_an_operator_sets_how_long(tmp_path, options, forgets):
    server = Server(tmp_path / "data", "--clock", "manual", *options).start()
    world = TimedWorld(server, tmp_path)

    def trail():
        database = sqlite3.connect(f"file:{server.data_dir / 'penstock.sqlite'}?mode=ro", uri=True)
        try:
            return [row for (row,) in database.execute("SELECT operation FROM audit_entry ORDER BY number")]
        finally:
            database.close()

    world.put_source()
    made = trail()
    assert "PutObject" in made
    # A move is recorded with the time that it begins at.
    world.clock.advance("10d")
    assert trail() == [*made, "AdvanceClock"]
    world.clock.advance("1s")
    assert trail() == (["AdvanceClock"] if forgets else [*made, "AdvanceClock", "AdvanceClock"])
    assert server.stop() == 0
