# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Targets that are no endpoints of one's own: programs, buses, topics."""

import json
from urllib.parse import parse_qs

from support import signatures, targets
from support.receiver import Answer
from support.targets import BEGUN


# Programs


def test_a_program_gets_events_on_its_standard_input(telling, telling_server):
    world = telling("program")
    world.declare(("Deploy", [world.work()]))
    world.succeed(world.take())
    world.clock.settle()
    directory = telling_server.data_dir.parent
    ids = (directory / "order").read_text().split()
    documents = [json.loads((directory / f"{id}.document").read_text()) for id in ids]
    assert [targets.words(each) for each in documents if targets.pipeline_of(each) == world.name] == [
        *BEGUN, "Deploy/Ship SUCCEEDED", "Deploy SUCCEEDED", "SUCCEEDED"
    ]
    last = documents[-1]
    environment = dict(
        line.split("=", 1) for line in (directory / f"{ids[-1]}.environment").read_text().splitlines()
    )
    assert environment.pop("PATH")
    assert environment == {
        "PENSTOCK_TARGET": "program",
        "PENSTOCK_EVENT_ID": last["id"],
        "PENSTOCK_EVENT_TYPE": last["detail-type"],
        "PENSTOCK_ATTEMPT": "1",
    }
    assert (directory / f"{ids[-1]}.directory").read_text() == "/\n"


def test_a_program_that_fails_is_quoted_and_run_again(telling, telling_server):
    refuse = telling_server.data_dir.parent / "refuse"
    refuse.touch()
    world = telling("program")
    world.declare(("Deploy", [world.work()]))
    world.clock.settle()
    state = world.state_of("program")
    assert (state["failing"], state["reason"]) == (1, "/bin/sh ended with 3: no ink")
    refuse.unlink()
    world.clock.advance("1s")
    ids = (refuse.parent / "order").read_text().split()
    documents = [json.loads((refuse.parent / f"{id}.document").read_text()) for id in ids]
    told = [each for each in documents if targets.pipeline_of(each) == world.name]
    assert [targets.words(each) for each in told] == BEGUN
    assert "PENSTOCK_ATTEMPT=2\n" in (refuse.parent / f"{told[0]['id']}.environment").read_text()
    assert world.state_of("program")["waiting"] == 0


# Services of AWS, and what stands in for them


def test_a_bus_is_put_events(telling):
    world = telling("bus")
    answered = {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}
    world.receiver.answers["/bus"] = lambda _: Answer(body=json.dumps(answered).encode())
    execution = world.declare(("Deploy", [world.work()]))
    world.fail(world.take(execution), "no space left")
    world.clock.settle()
    entries = []
    for request in world.receiver.requests("/bus"):
        headers = signatures.verified(request, "events")
        assert headers["x-amz-target"] == "AWSEvents.PutEvents"
        assert headers["content-type"] == "application/x-amz-json-1.1"
        (entry,) = request.document["Entries"]
        detail = json.loads(entry["Detail"])
        if detail["pipeline"] == world.name:
            entries.append((entry, detail))
    told = [targets.words({"detail": detail}) for _, detail in entries]
    assert told == [*BEGUN, "Deploy/Ship FAILED", "Deploy FAILED", "FAILED"]
    last, detail = entries[-1]
    assert {member: last[member] for member in last if member != "Detail"} == {
        "Time": int(world.clock.now().timestamp()),
        "Source": "org.example.shop",
        "Resources": [f"arn:aws:codepipeline:eu-central-1:000000000000:{world.name}"],
        "DetailType": "CodePipeline Pipeline Execution State Change",
        "EventBusName": "ours",
    }
    assert detail["additionalAttributes"]["failedActions"][0]["additionalInformation"] == "no space left"


def test_a_bus_that_refuses_an_entry_in_a_successful_answer_has_not_got_it(telling):
    world = telling("bus")
    refusal = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "slowly"}]}
    world.receiver.answers["/bus"] = lambda _: Answer(body=json.dumps(refusal).encode())
    world.declare(("Deploy", [world.work()]))
    world.clock.settle()
    assert world.state_of("bus")["reason"].endswith("refused the event: ThrottlingException")
    taken = {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}
    world.receiver.answers["/bus"] = lambda _: Answer(body=json.dumps(taken).encode())
    world.clock.advance("1s")
    assert world.state_of("bus")["waiting"] == 0


def test_a_topic_is_published_to(telling):
    world = telling("topic")
    execution = world.declare(("Deploy", [world.work()]))
    world.succeed(world.take(execution))
    world.clock.settle()
    messages = []
    for request in world.receiver.requests("/topic"):
        signatures.verified(request, "sns")
        fields = {name: values[0] for name, values in parse_qs(request.body.decode(), strict_parsing=True).items()}
        assert (fields["Action"], fields["Version"]) == ("Publish", "2010-03-31")
        assert fields["TopicArn"] == targets.RELEASES
        message = json.loads(fields["Message"])
        if targets.pipeline_of(message) == world.name:
            messages.append((fields["Subject"], message))
    assert [subject for subject, _ in messages] == [f"{world.name} STARTED", f"{world.name} SUCCEEDED"]
    assert [targets.words(message) for _, message in messages] == ["STARTED", "SUCCEEDED"]
    assert messages[0][1]["source"] == "aws.codepipeline"
