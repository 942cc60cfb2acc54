# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""What becomes of events that targets do not take: tried again, kept in order, given up, told to operators."""

import json
import threading

import pytest
from support import targets
from support.receiver import Answer
from support.server import Server
from support.targets import BEGUN, ToldWorld

DEPLOYS = BEGUN.index("Deploy STARTED")


def deploying(world):
    return world.declare(("Deploy", [world.work()]))


def attempts(world, target):
    """How often the target was told of each event, in the order of the first attempts."""
    counts = {}
    for request in world.requests(target):
        count = int(request.headers["penstock-attempt"])
        assert count == counts.get(request.headers["webhook-id"], 0) + 1
        counts[request.headers["webhook-id"]] = count
    return list(counts.values())


# Trying again


def test_what_is_not_taken_is_tried_again_later_and_later_and_what_follows_waits(telling):
    world = telling("flaky")
    world.refuse("flaky")
    deploying(world)
    assert attempts(world, "flaky") == [1]
    # Each delay is between half of twice the one before and the whole of it.
    for count, span in ((2, "1s"), (3, "2s"), (4, "4s")):
        world.clock.advance(span)
        assert attempts(world, "flaky") == [count]
        world.clock.settle()
        assert attempts(world, "flaky") == [count]
    state = world.state_of("flaky")
    assert (state["waiting"], state["pipelines"], state["failing"]) == (len(BEGUN), 1, 1)
    assert state["reason"] == f"{world.receiver.url('')} answered 500"
    world.accept("flaky")
    world.clock.advance("8s")
    assert attempts(world, "flaky") == [5] + [1] * (len(BEGUN) - 1)
    assert world.told("flaky")[4:] == BEGUN
    state = world.state_of("flaky")
    assert (state["waiting"], state["failing"], "reason" in state) == (0, 0, False)


def test_a_target_that_asks_to_be_left_alone_is_left_alone(telling):
    world = telling("flaky")
    world.refuse("flaky", 503, (("Retry-After", "120"),))
    deploying(world)
    world.clock.advance("1m59s")
    assert attempts(world, "flaky") == [1]
    world.accept("flaky")
    world.clock.advance("1s")
    assert world.told("flaky")[1:] == BEGUN


def test_a_target_that_fails_delays_itself_alone_and_one_pipeline_alone(telling):
    world, other = telling("flaky"), telling("flaky")
    world.refuse("flaky")
    deploying(world)
    deploying(other)
    assert world.told("steady") == BEGUN
    assert other.told("flaky") == BEGUN
    assert world.told("flaky") == ["STARTED"]
    world.accept("flaky")
    world.clock.advance("1s")
    assert world.told("flaky")[1:] == BEGUN


def test_a_target_that_says_nothing_has_not_got_it(telling):
    world = telling("silent")
    is_over = threading.Event()

    def wait(_):
        is_over.wait(timeout=20)
        return Answer()

    world.receiver.answers["/silent"] = wait
    deploying(world)
    world.clock.settle()
    assert "it took" in world.state_of("silent")["reason"]
    is_over.set()
    world.clock.advance("1s")
    assert world.told("silent") == ["STARTED", *BEGUN]


def test_events_of_a_deleted_pipeline_are_delivered(telling):
    world = telling("flaky")
    world.refuse("flaky")
    deploying(world)
    world.codepipeline.delete_pipeline(name=world.name)
    world.accept("flaky")
    world.clock.advance("1s")
    assert world.told("flaky")[1:] == BEGUN


# Giving up


def test_an_event_is_given_up_after_the_last_attempt_and_the_next_one_has_its_own(telling):
    world = telling("brief")
    world.refuse("brief")
    deploying(world)
    world.clock.advance("3s")
    letters = world.dead_letters("brief")
    assert [each["subject"] for each in letters] == [f"{world.name} STARTED"]
    assert (letters[0]["attempts"], letters[0]["targetName"]) == (3, "brief")
    assert letters[0]["reason"] == f"{world.receiver.url('')} answered 500"
    assert targets.words(json.loads(letters[0]["event"])) == "STARTED"
    first, second = attempts(world, "brief")
    assert (first, second < 3) == (3, True)
    world.accept("brief")
    world.clock.advance("1h")
    assert world.told("brief")[-len(BEGUN) + 1:] == BEGUN[1:]
    assert world.told("steady") == BEGUN


def test_dead_letters_are_delivered_again_or_dropped(telling):
    world = telling("brief")
    world.refuse("brief")
    deploying(world)
    world.clock.advance("1h")
    letters = world.dead_letters("brief")
    assert [each["subject"] for each in letters] == [f"{world.name} STARTED"] + [
        f"{world.name}/{each}" for each in BEGUN[1:]
    ]
    world.accept("brief")
    before = len(world.requests("brief"))
    third, first = letters[2], letters[0]
    for letter in (third, first):
        world.server.penstock("events", "redeliver", letter["deadLetterId"])
    again = world.requests("brief")[before:]
    assert [each.headers["webhook-id"] for each in again] == [third["eventId"], first["eventId"]]
    assert [each.headers["penstock-attempt"] for each in again] == ["1", "1"]
    assert [each["deadLetterId"] for each in world.dead_letters("brief")] == [
        each["deadLetterId"] for each in letters if each not in (third, first)
    ]
    world.server.penstock("events", "drop", letters[1]["deadLetterId"])
    world.server.penstock("events", "redeliver", "--target", "brief")
    assert len(world.requests("brief")) == before + len(letters) - 1
    assert world.dead_letters("brief") == []
    gone = world.server.penstock("events", "redeliver", first["deadLetterId"], check=False)
    assert gone.returncode != 0
    assert f"There is no dead letter '{first['deadLetterId']}'" in gone.stderr


def test_an_event_that_fails_when_it_is_old_is_given_up(telling):
    world = telling("aged")
    world.refuse("aged")
    deploying(world)
    world.clock.advance("59m59s")
    assert world.dead_letters("aged") == []
    world.clock.advance("15m1s")
    assert len(world.dead_letters("aged")) == len(BEGUN), "all of them are as old"


def test_what_comes_to_a_full_queue_is_given_up_at_once(telling):
    world = telling("narrow")
    world.refuse("narrow")
    deploying(world)
    world.clock.settle()
    letters = world.dead_letters("narrow")
    assert [each["subject"] for each in letters] == [f"{world.name}/{each}" for each in BEGUN[2:]]
    assert {each["attempts"] for each in letters} == {0}
    world.accept("narrow")
    world.clock.advance("1s")
    assert world.told("narrow")[1:] == BEGUN[:2]


# Addresses


def test_addresses_that_are_not_public_are_refused_in_any_spelling(telling):
    world = telling("public")
    deploying(world)
    world.clock.settle()
    for target in ("public", "number"):
        letters = world.dead_letters(target)
        assert len(letters) == len(BEGUN)
        assert letters[0]["reason"] == (
            "127.0.0.1 is at 127.0.0.1 (loopback), which is refused; the target's allowPrivateAddresses would allow it"
        )
        assert world.receiver.requests(f"/{target}") == []


def test_redirects_are_not_followed(telling):
    world = telling("moved")
    secret = world.receiver.url("/secret")
    world.refuse("moved", 307, (("Location", secret),))
    deploying(world)
    world.clock.settle()
    reason = world.dead_letters("moved")[0]["reason"]
    assert reason.endswith("answered 307, which asks to go elsewhere; redirects are not followed")
    assert world.receiver.requests("/secret") == []


# Operators


def test_targets_are_listed_without_paths_and_secrets(telling):
    world = telling()
    where = world.receiver.url("")
    summaries = {name: world.state_of(name)["summary"] for name in ("hook", "program", "bus", "topic")}
    assert summaries == {
        "hook": f"http {where}",
        "program": "executable /bin/sh",
        "bus": f"eventbridge {where} ours",
        "topic": f"sns {where} {targets.RELEASES}",
    }


def test_events_are_the_operators(telling_server):
    guest = telling_server.create_key("--name", "guest", "--account", "999988887777", "--administrator")
    env = telling_server.environment_of(guest)
    for command in (("targets",), ("dead-letters",), ("redeliver", "1"), ("drop", "1")):
        run = telling_server.penstock("events", *command, check=False, env=env)
        assert run.returncode != 0
        assert "AccessDeniedException" in run.stderr


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"allowPrivateAddresses": False}, "targets[0].url must begin with https://"),
        ({"url": "ftp://127.0.0.1/hook"}, "targets[0].url must begin with https:// or http://"),
        ({"secret": "short"}, "targets[0].secret must have at least 16 bytes"),
        ({"states": ["BROKEN"]}, "targets[0].states[0] must be one of"),
        ({"form": "letter"}, "targets[0].form must be event or notification"),
        ({"retries": 3}, "targets[0].retries is not known here"),
    ],
    ids=["insecure", "scheme", "secret", "state", "form", "unknown"],
)
def test_a_file_that_cannot_be_used_is_told_with_its_place(server, receiver, tmp_path, change, problem):
    file = tmp_path / "events.json"
    file.write_text(json.dumps({"targets": [targets.http(receiver, "hook", **change)]}))
    run = server.penstock(
        "serve", "--data-dir", tmp_path / "data", "--port", "0", "--events-config", file, check=False
    )
    assert (run.returncode, run.stdout) == (78, "")
    assert problem in run.stderr
    assert not (tmp_path / "data").exists()


# Crashes


@pytest.fixture
def own_server(receiver, tmp_path):
    """A server with one target, that the test may kill."""
    file = tmp_path / "events.json"
    file.write_text(json.dumps({"targets": [targets.http(receiver, "crash")]}))
    running = Server(tmp_path / "data", "--clock", "manual", "--events-config", file).start()
    yield running
    receiver.answers.clear()
    if running.process.poll() is None:
        running.kill()


def test_an_event_that_a_killed_server_was_telling_is_told_again(own_server, receiver, tmp_path):
    world = ToldWorld(own_server, tmp_path, receiver, "crash")
    is_created = threading.Event()

    def kill(request):
        if targets.words(request.document) == "Deploy STARTED" and len(world.heard("crash")) == DEPLOYS + 1:
            assert is_created.wait(timeout=20)
            own_server.kill()
        return Answer()

    receiver.answers["/crash"] = kill
    world.create_custom_type()
    world.put_source()
    world.create(("Deploy", [world.work()]))
    is_created.set()
    own_server.process.wait(timeout=20)
    own_server.start()
    world.reconnect()
    world.clock.advance("10m")
    assert world.told("crash") == BEGUN[: DEPLOYS + 1] + BEGUN[DEPLOYS:]
    ids = [each.headers["webhook-id"] for each in world.requests("crash")]
    assert (ids[DEPLOYS], len(set(ids))) == (ids[DEPLOYS + 1], len(BEGUN))
    assert own_server.stop() == 0
