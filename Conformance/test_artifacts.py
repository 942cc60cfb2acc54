# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""What actions hand on to each other: under which names, in which attempt, byte for byte."""

import re

from support import declarations


def place_of(artifact):
    return artifact["location"]["s3Location"]["objectKey"]


def building(timed):
    """A pipeline in which one action makes what the next one takes; returns its first execution."""
    make = timed.work("Make", outputs=["Built"])
    return timed.declare(("Deploy", [make, timed.work(inputs=["Source", "Built"], runOrder=2)]))


def test_a_source_hands_on_its_object_byte_for_byte(timed):
    body = b"no archive at all"
    timed.s3.put_object(Bucket=timed.bucket, Key="folder/code.tar", Body=body)
    source = declarations.s3_source(timed.bucket, "folder/code.tar")
    timed.declare(("Deploy", [timed.work()]), sources=[source], source=False)
    data = timed.take()["data"]
    place = data["inputArtifacts"][0]["location"]["s3Location"]
    store = timed.server.client("s3", timed.server.session_of_job(data))
    assert store.get_object(Bucket=place["bucketName"], Key=place["objectKey"])["Body"].read() == body
    assert re.fullmatch(f"{timed.name}/Source/[0-9A-Za-z]{{7}}.tar", place["objectKey"])


def test_a_retry_makes_what_it_makes_under_another_name_and_readers_have_the_newest(timed):
    execution = building(timed)
    made = timed.take()
    timed.succeed(made)
    shipped = timed.take()
    timed.fail(shipped)
    keys = [place_of(each) for each in shipped["data"]["inputArtifacts"]]
    assert keys[1] == place_of(made["data"]["outputArtifacts"][0])
    timed.retry("Deploy", execution)
    again = timed.take(execution)
    assert [place_of(each) for each in again["data"]["inputArtifacts"]] == keys
    timed.fail(again)
    timed.retry("Deploy", execution, "ALL_ACTIONS")
    remade = timed.take(execution)
    timed.succeed(remade)
    newest = place_of(remade["data"]["outputArtifacts"][0])
    assert newest not in keys
    assert [place_of(each) for each in timed.take(execution)["data"]["inputArtifacts"]] == [keys[0], newest]


def test_a_history_names_what_was_taken_and_what_was_made(timed):
    building(timed)
    made = timed.take()
    timed.succeed(made)
    shipped = timed.take()
    timed.fail(shipped)
    source, built = (
        {"bucket": place["bucketName"], "key": place["objectKey"]}
        for place in (each["location"]["s3Location"] for each in shipped["data"]["inputArtifacts"])
    )
    source, built = {"name": "Source", "s3location": source}, {"name": "Built", "s3location": built}
    taken = {each["actionName"]: each["input"]["inputArtifacts"] for each in timed.history()}
    given = {each["actionName"]: each["output"]["outputArtifacts"] for each in timed.history()}
    assert taken == {"Fetch": [], "Make": [source], "Ship": [source, built]}
    assert given == {"Fetch": [source], "Make": [built], "Ship": []}


def test_what_was_never_made_is_not_handed_on(timed):
    make = timed.work("Make", outputs=["Built"])
    execution = timed.declare(("Deploy", [make, timed.work(inputs=["Built"], runOrder=2)]))
    timed.fail(timed.take())
    (made,) = timed.history("Make")
    assert made["output"]["outputArtifacts"] == []
    assert timed.jobs() == []
    assert timed.inside("Deploy") == (execution, "Failed")


def test_a_worker_is_told_of_the_key_of_the_store(timed):
    key = {"id": "arn:aws:kms:eu-central-1:000000000000:key/artifacts", "type": "KMS"}
    store = {"type": "S3", "location": timed.bucket, "encryptionKey": key}
    timed.declare(("Deploy", [timed.work()]), artifactStore=store)
    assert timed.take()["data"]["encryptionKey"] == key
