# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""A clock that stands still until it is moved: `penstock serve --clock manual`, `penstock clock`."""

import urllib.request
from datetime import datetime, timedelta, timezone

from support import declarations


def refused(server, *arguments):
    """Runs a command that must fail; returns what it said."""
    run = server.penstock(*arguments, check=False)
    assert (run.returncode != 0, run.stdout) == (True, "")
    return run.stderr


def test_the_clock_stands_still_and_is_moved(timed):
    before = timed.clock.now()
    assert timed.clock.now() == before
    assert timed.clock.advance("1d2h3m4s") == before + timedelta(days=1, hours=2, minutes=3, seconds=4)
    assert timed.clock.set(before + timedelta(days=2)) == before + timedelta(days=2)
    assert timed.clock.settle() == before + timedelta(days=2)
    text = timed.server.penstock("clock", "now").strip()
    assert text == (before + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_the_clock_is_never_set_back(timed):
    now = timed.clock.now()
    earlier = (now - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    said = refused(timed.server, "clock", "set", earlier)
    assert f"The clock stands at {now:%Y-%m-%dT%H:%M:%SZ} and is never set back, as to {earlier}" in said
    assert timed.clock.now() == now


def test_what_is_no_span_and_no_instant_is_refused_before_anything_is_sent(timed):
    for span in ("7", "d7", "1m1h", "1h1h", "-1h", "1.5h", ""):
        assert "duration" in refused(timed.server, "clock", "advance", "--", span), span
    for instant in ("tomorrow", "2026-12-01", "1795000000"):
        assert "is not an instant such as 2026-12-01T00:00:00Z" in refused(timed.server, "clock", "set", instant)


def test_real_time_is_told_and_not_moved(server):
    told = server.penstock("clock", "now", "--output", "json")
    assert told["manual"] is False
    assert abs(datetime.now(timezone.utc).timestamp() - told["now"]) < 60
    for arguments in (("advance", "1s"), ("set", "9000-01-01T00:00:00Z")):
        said = refused(server, "clock", *arguments)
        assert "ConflictException" in said
        assert "penstock serve --clock manual" in said


def test_a_restart_goes_on_where_the_clock_stood(own_timed):
    moved = own_timed.clock.advance("400d")
    assert own_timed.server.stop() == 0
    own_timed.server.start()
    assert own_timed.clock.now() == moved
    own_timed.server.kill()
    own_timed.server.start()
    assert own_timed.clock.now() == moved


def test_data_from_the_future_is_not_served_on_real_time(own_timed):
    own_timed.clock.advance("1d")
    own_timed.server.stop()
    run = own_timed.server.penstock("serve", "--data-dir", own_timed.server.data_dir, "--port", "0", check=False)
    assert run.returncode == 78
    assert "time never goes backwards" in run.stderr


def test_a_shared_database_has_no_manual_clock(server, tmp_path):
    key = tmp_path / "key"
    database = ("--database", "postgres://nobody@127.0.0.1:1/none", "--master-key-file", key)
    run = server.penstock("serve", "--data-dir", tmp_path / "data", "--clock", "manual", *database, check=False)
    assert run.returncode == 78
    assert "each have a time of their own" in run.stderr


def test_deadlines_that_a_killed_server_left_are_kept_at_their_own_times(own_timed):
    execution = own_timed.declare(declarations.stage("Deploy", own_timed.work(), onFailure={"result": "RETRY"}))
    begun = own_timed.clock.now()
    own_timed.take()
    own_timed.server.kill()
    own_timed.server.start()
    own_timed.reconnect()
    own_timed.clock.advance("7d")
    assert own_timed.execution(execution)["status"] == "Failed"
    attempts = [(each["startTime"], each["lastUpdateTime"]) for each in own_timed.history("Ship")]
    day = timedelta(days=1)
    assert attempts == [(begun, begun + day), (begun + day, begun + 2 * day)]


def test_signatures_go_by_real_time_and_stored_times_by_the_clock(timed):
    timed.clock.advance("3650d")
    execution = timed.declare(("Sign", [declarations.approval()]))
    answer = timed.codepipeline.get_pipeline_execution(pipelineName=timed.name, pipelineExecutionId=execution)
    date = datetime.strptime(answer["ResponseMetadata"]["HTTPHeaders"]["date"], "%a, %d %b %Y %H:%M:%S GMT")
    assert abs(datetime.now(timezone.utc) - date.replace(tzinfo=timezone.utc)) < timedelta(minutes=1)
    (started,) = timed.executions()
    assert started["startTime"] == timed.clock.now()
    url = timed.s3.generate_presigned_url("get_object", Params={"Bucket": timed.bucket, "Key": "source.zip"})
    with urllib.request.urlopen(url) as answer:
        assert answer.status == 200


def test_a_clock_command_is_one_of_the_operators(manual_server):
    guest = manual_server.create_key("--name", "guest", "--account", "999988887777", "--administrator")
    env = manual_server.environment_of(guest)
    assert manual_server.penstock("clock", "now", env=env)
    run = manual_server.penstock("clock", "advance", "1s", check=False, env=env)
    assert run.returncode != 0
    assert "AccessDeniedException" in run.stderr
