# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Content of artifacts in another S3-compatible store, which moto's server plays: clients see one address as ever."""

import hashlib
import os
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError, IncompleteReadError, ResponseStreamingError
from support.fleet import Fleet
from support.server import Server
from support.store import read
from support.waiting import until
from support.world import TimedWorld, World

MIB = 1024 * 1024
UNAVAILABLE = ("ServiceUnavailable", 503)


@pytest.fixture(scope="module")
def home(store, tmp_path_factory):
    """A server on a manual clock whose content is in that store."""
    directory = tmp_path_factory.mktemp("home")
    running = Server(directory / "data", "--clock", "manual", "--artifacts", store.place("home", timeout=2)).start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def world(home, tmp_path):
    made = TimedWorld(home, tmp_path)
    yield made
    made.clear()


def refusal(function, **arguments):
    with pytest.raises(ClientError) as caught:
        function(**arguments)
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


# What clients see


def test_a_pipeline_hands_on_what_its_actions_make(world, store, refused):
    made = world.work("Make", outputs=["Built"])
    taken = world.work("Ship", inputs=["Source", "Built"], runOrder=2)
    before = store.blobs("home")
    execution = world.declare(("Deploy", [made, taken]))
    job = world.take()
    s3 = world.server.client("s3", world.server.session_of_job(job["data"]))
    (source,) = (each["location"]["s3Location"] for each in job["data"]["inputArtifacts"])
    (built,) = (each["location"]["s3Location"] for each in job["data"]["outputArtifacts"])
    assert source["bucketName"] == built["bucketName"] == world.bucket
    code = read(s3, source["bucketName"], source["objectKey"])
    assert code.startswith(b"PK")
    package = os.urandom(100_000) + code
    place = {"Bucket": built["bucketName"], "Key": built["objectKey"]}
    s3.put_object(**place, Body=package)
    world.succeed(job)
    assert refused(s3.put_object, **place, Body=b"late")[0] == "AccessDenied"
    job = world.take()
    s3 = world.server.client("s3", world.server.session_of_job(job["data"]))
    places = [each["location"]["s3Location"] for each in job["data"]["inputArtifacts"]]
    assert [read(s3, each["bucketName"], each["objectKey"]) for each in places] == [code, package]
    world.succeed(job)
    world.clock.settle()
    assert world.status(execution) == "Succeeded"
    # The source and its copy are one content; what the late writer sent is there until it is collected.
    new = store.blobs("home").keys() - before.keys()
    digests = {re.fullmatch(r"home/blobs/(..)/(.{62})/[0-9a-f-]{36}", key).expand(r"\1\2") for key in new}
    assert {hashlib.sha256(each).hexdigest() for each in (code, package)} <= digests
    assert len(digests) <= 3
    assert list((world.server.data_dir / "artifacts").rglob("*")) == [world.server.data_dir / "artifacts" / "incoming"]


def test_versions_ranges_copies_and_parts_are_as_ever(world, store):
    s3, bucket = world.s3, world.bucket
    first = s3.put_object(Bucket=bucket, Key="k/é +%", Body=b"0123456789")
    second = s3.put_object(Bucket=bucket, Key="k/é +%", Body=b"another")
    assert first["VersionId"] != second["VersionId"]
    assert first["ETag"].strip('"') == hashlib.md5(b"0123456789").hexdigest()
    assert read(s3, bucket, "k/é +%", VersionId=first["VersionId"]) == b"0123456789"
    assert read(s3, bucket, "k/é +%") == b"another"
    assert read(s3, bucket, "k/é +%", VersionId=first["VersionId"], Range="bytes=2-5") == b"2345"
    assert read(s3, bucket, "k/é +%", VersionId=first["VersionId"], Range="bytes=-3") == b"789"
    assert read(s3, bucket, "k/é +%", VersionId=first["VersionId"], Range="bytes=9-") == b"9"
    s3.put_object(Bucket=bucket, Key="empty", Body=b"")
    assert read(s3, bucket, "empty") == b""

    parts = [os.urandom(6 * MIB), os.urandom(5 * MIB), os.urandom(1000)]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    with ThreadPoolExecutor(3) as pool:
        tags = pool.map(
            lambda number: s3.upload_part(
                Bucket=bucket, Key="parts", UploadId=upload, PartNumber=number, Body=parts[number - 1]
            )["ETag"],
            (1, 2, 3),
        )
    listed = [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, 1)]
    s3.complete_multipart_upload(Bucket=bucket, Key="parts", UploadId=upload, MultipartUpload={"Parts": listed})
    before = store.blobs("home")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "parts"})
    assert store.blobs("home") == before
    whole = b"".join(parts)
    assert read(s3, bucket, "copy") == whole
    seam = len(parts[0])
    assert read(s3, bucket, "parts", Range=f"bytes={seam - 10}-{seam + 9}") == whole[seam - 10 : seam + 10]
    assert read(s3, bucket, "parts", PartNumber=2) == parts[1]


def test_what_is_larger_than_the_store_takes_at_once_is_put_in_parts(world, store, tmp_path):
    body = os.urandom(MIB) * 129
    world.s3.put_object(Bucket=world.bucket, Key="large", Body=body)
    assert hashlib.sha256(read(world.s3, world.bucket, "large")).digest() == hashlib.sha256(body).digest()
    (key,) = (key for key, size in store.blobs("home").items() if size == len(body))
    # Three parts, as the other store counts them.
    assert store.s3.head_object(Bucket=store.BUCKET, Key=key)["ETag"].endswith('-3"')
    assert "Uploads" not in store.s3.list_multipart_uploads(Bucket=store.BUCKET)


def test_content_goes_some_hours_after_the_last_object_that_had_it(world, store):
    before = store.blobs("home").keys()
    body = os.urandom(1000)
    versions = [world.s3.put_object(Bucket=world.bucket, Key=key, Body=body)["VersionId"] for key in ("a", "b")]
    (blob,) = store.blobs("home").keys() - before
    world.s3.delete_object(Bucket=world.bucket, Key="a", VersionId=versions[0])
    world.clock.advance("10h")
    assert read(world.s3, world.bucket, "b") == body
    world.s3.delete_object(Bucket=world.bucket, Key="b", VersionId=versions[1])
    world.clock.advance("5h")
    assert blob in store.blobs("home")
    world.clock.advance("3h")
    until(lambda: blob not in store.blobs("home"), what="the end of the content")
    world.s3.put_object(Bucket=world.bucket, Key="c", Body=body)
    (again,) = (key for key in store.blobs("home") if key.startswith(blob.rpartition("/")[0]))
    assert again != blob
    assert read(world.s3, world.bucket, "c") == body


# A store that fails


def test_while_the_store_is_away_what_needs_it_is_told_to_come_back(world, store):
    s3, bucket = world.s3, world.bucket
    s3.put_object(Bucket=bucket, Key="kept", Body=b"kept")
    store.gate.close()
    try:
        start = time.monotonic()
        assert refusal(s3.get_object, Bucket=bucket, Key="kept") == UNAVAILABLE
        assert refusal(s3.put_object, Bucket=bucket, Key="new", Body=b"new") == UNAVAILABLE
        assert time.monotonic() - start < 10
        # What is rows alone goes on.
        assert s3.head_object(Bucket=bucket, Key="kept")["ContentLength"] == 4
        s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "kept"})
        assert [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["copy", "kept"]
        world.create_custom_type()
        world.create(("Deploy", [world.work()]))
        assert world.stage("Deploy")["stageName"] == "Deploy"
    finally:
        store.gate.raise_()
    assert read(s3, bucket, "copy") == b"kept"
    s3.put_object(Bucket=bucket, Key="new", Body=b"new")
    assert read(s3, bucket, "new") == b"new"
    log = world.server.data_dir.with_suffix(".log").read_text()
    assert f"s3://{store.BUCKET}/home/ at {store.gate.endpoint}" in log


def test_a_store_that_does_not_answer_costs_its_deadline_and_no_more(world, store):
    world.s3.put_object(Bucket=world.bucket, Key="kept", Body=b"kept")
    store.pause()
    try:
        start = time.monotonic()
        assert refusal(world.s3.get_object, Bucket=world.bucket, Key="kept") == UNAVAILABLE
        # Three attempts of two seconds, and what is waited in between.
        assert 2 <= time.monotonic() - start < 9
    finally:
        store.resume()
    assert read(world.s3, world.bucket, "kept") == b"kept"


def test_a_download_goes_on_when_its_connection_to_the_store_breaks(world, store):
    body = os.urandom(MIB) * 40
    world.s3.put_object(Bucket=world.bucket, Key="k", Body=body)
    stream = world.s3.get_object(Bucket=world.bucket, Key="k")["Body"]
    got = stream.read(MIB)
    store.gate.cut()
    assert got + stream.read() == body


def test_a_download_that_cannot_go_on_breaks_off_and_is_never_taken_for_whole(world, store):
    world.s3.put_object(Bucket=world.bucket, Key="k", Body=os.urandom(MIB) * 40)
    stream = world.s3.get_object(Bucket=world.bucket, Key="k")["Body"]
    stream.read(MIB)
    store.gate.close()
    try:
        with pytest.raises((IncompleteReadError, ResponseStreamingError)):
            stream.read()
    finally:
        store.gate.raise_()


def test_content_that_somebody_changed_there_is_never_taken_for_whole(world, store):
    before = store.blobs("home").keys()
    body = os.urandom(300_000)
    world.s3.put_object(Bucket=world.bucket, Key="k", Body=body)
    (key,) = store.blobs("home").keys() - before
    store.s3.put_object(Bucket=store.BUCKET, Key=key, Body=body[:-1] + bytes([body[-1] ^ 1]))
    with pytest.raises((IncompleteReadError, ResponseStreamingError)):
        read(world.s3, world.bucket, "k")
    store.s3.delete_object(Bucket=store.BUCKET, Key=key)
    assert refusal(world.s3.get_object, Bucket=world.bucket, Key="k")[1] == 503
    # Whoever has it may put it again.
    world.s3.put_object(Bucket=world.bucket, Key="other", Body=body)
    assert read(world.s3, world.bucket, "k") == body


def test_what_was_answered_is_there_after_a_kill(own_abroad, store):
    server = own_abroad("killed")
    server.client("s3").create_bucket(Bucket="bucket")
    acknowledged, stop = {}, []

    def write(number):
        s3, count = server.client("s3"), 0
        while not stop:
            key, body = f"{number}-{count}", os.urandom(2000)
            try:
                s3.put_object(Bucket="bucket", Key=key, Body=body)
            except Exception:
                return
            acknowledged[key] = body
            count += 1

    with ThreadPoolExecutor(4) as pool:
        for number in range(4):
            pool.submit(write, number)
        until(lambda: len(acknowledged) > 40, what="some puts")
        server.kill()
        stop.append(True)
    server.start()
    s3 = server.client("s3")
    assert all(read(s3, "bucket", key) == body for key, body in acknowledged.items())
    s3.put_object(Bucket="bucket", Key="after", Body=b"after")
    assert read(s3, "bucket", "after") == b"after"


# Several servers


def test_replicas_share_no_files(store, cluster, tmp_path):
    fleet = Fleet(cluster, tmp_path, "--artifacts", store.place("fleet"), shares_files=False).start()
    try:
        first, second = fleet.replicas
        one = World(first, tmp_path)
        two = one.at(second)
        body = os.urandom(MIB)
        one.s3.put_object(Bucket=one.bucket, Key="k", Body=body)
        assert read(two.s3, one.bucket, "k") == body
        execution_name = one.custom_pipeline(outputs=["Built"])
        job = one.acknowledged_job()
        s3 = second.client("s3", second.session_of_job(job["data"]))
        (source,) = (each["location"]["s3Location"] for each in job["data"]["inputArtifacts"])
        (built,) = (each["location"]["s3Location"] for each in job["data"]["outputArtifacts"])
        package = read(s3, source["bucketName"], source["objectKey"]) + body
        upload = s3.create_multipart_upload(Bucket=built["bucketName"], Key=built["objectKey"])["UploadId"]
        parts = []
        for number in (1, 2):
            # Each part by another replica.
            turn = (first, second)[number % 2].client("s3", first.session_of_job(job["data"]))
            tag = turn.upload_part(
                Bucket=built["bucketName"], Key=built["objectKey"], UploadId=upload, PartNumber=number,
                Body=package * 6 if number == 1 else b"end",
            )["ETag"]
            parts.append({"PartNumber": number, "ETag": tag})
        s3.complete_multipart_upload(
            Bucket=built["bucketName"], Key=built["objectKey"], UploadId=upload, MultipartUpload={"Parts": parts}
        )
        two.succeed(job)
        one.ended(one.created_execution(), "Succeeded", execution_name)
        for world in (one, two):
            assert read(world.s3, built["bucketName"], built["objectKey"]) == package * 6 + b"end"
        # One of them dies, and the other has everything.
        first.kill()
        assert read(two.s3, one.bucket, "k") == body
        assert list(first.data_dir.glob("artifacts/*")) == [first.data_dir / "artifacts" / "incoming"]
    finally:
        fleet.kill()


def test_replicas_put_the_same_content_at_once(store, cluster, tmp_path):
    fleet = Fleet(cluster, tmp_path, "--artifacts", store.place("at-once"), shares_files=False).start()
    try:
        clients = [each.client("s3") for each in fleet.replicas]
        clients[0].create_bucket(Bucket="at-once-bucket")
        for round in range(10):
            body = os.urandom(50_000)
            with ThreadPoolExecutor(4) as pool:
                done = [
                    pool.submit(clients[n % 2].put_object, Bucket="at-once-bucket", Key=f"{round}-{n}", Body=body)
                    for n in range(4)
                ]
                for each in done:
                    each.result()
            for n in range(4):
                assert read(clients[(n + 1) % 2], "at-once-bucket", f"{round}-{n}") == body
        assert len(store.blobs("at-once")) == 10
    finally:
        fleet.kill()


def test_no_secret_is_in_the_command_line_or_the_log(world, store):
    command = subprocess.check_output(["ps", "-ww", "-o", "args=", "-p", str(world.server.process.pid)], text=True)
    assert "--artifacts" in command
    assert "not-a-secret" not in command
    assert "not-a-secret" not in world.server.data_dir.with_suffix(".log").read_text()
