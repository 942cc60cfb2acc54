# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Source actions whose objects are in another S3-compatible store: a second server plays it, or a few lines do."""

import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import TimedWorld
from support import declarations
from support.server import REGION, Server, executable

KEY = "releases/äpfel + %20.zip"
INTERVAL = "66s"


class Answers(BaseHTTPRequestHandler):
    """Answers every request with what the test has prepared, in order, and with 404 from then on."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self.server.requests.append((self.command, self.path))
        status, headers, body = self.server.answers.pop(0) if self.server.answers else (404, {}, b"")
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)
        if headers.get("Content-Length", str(len(body))) != str(len(body)):
            self.close_connection = True

    do_GET = do_HEAD

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def scripted():
    """A store that answers as told."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.answers, server.requests = [], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture(scope="module")
def abroad(tmp_path_factory):
    """The other store, with a versioned bucket and one without versions."""
    running = Server(tmp_path_factory.mktemp("abroad") / "data").start()
    s3 = running.client("s3")
    for bucket in ("abroad-versioned", "abroad-plain"):
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket="abroad-versioned", VersioningConfiguration={"Status": "Enabled"})
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def home(abroad, scripted, tmp_path_factory):
    """The server under test, on a manual clock."""
    directory = tmp_path_factory.mktemp("home")
    keys = abroad.credentials()
    (directory / "secret").write_text(keys["aws_secret_access_key"] + "\n")
    (directory / "secret").chmod(0o600)
    known = {
        "endpoint": abroad.endpoint,
        "allowInsecureHTTP": True,
        "region": REGION,
        "accessKeyId": keys["aws_access_key_id"],
    }
    stores = [
        {**known, "buckets": ["abroad-stranger"], "secretAccessKey": "not-the-secret-of-that-key"},
        {**known, "buckets": ["abroad-others"], "secretAccessKeyFile": "secret", "accounts": ["111111111111"]},
        {**known, "buckets": ["abroad-*"], "secretAccessKeyFile": "secret"},
        {
            **known,
            "buckets": ["scripted"],
            "secretAccessKey": "any",
            "endpoint": f"http://127.0.0.1:{scripted.server_port}/store",
        },
    ]
    file = directory / "foreign.json"
    file.write_text(json.dumps({"stores": stores}))
    running = Server(directory / "data", "--clock", "manual", "--foreign-buckets", str(file)).start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def world(home, tmp_path, scripted):
    scripted.answers.clear()
    scripted.requests.clear()
    made = TimedWorld(home, tmp_path)
    yield made
    made.clear()


def create(world, bucket, key=KEY, **configuration):
    source = declarations.s3_source(bucket, key, **configuration)
    declared = declarations.pipeline(world.name, world.bucket, ("Sign", [declarations.approval()]))
    declared["stages"][0]["actions"] = [source]
    world.codepipeline.create_pipeline(pipeline=declared)
    world.clock.settle()


def put(abroad, bucket, content, key=KEY, **members):
    answer = abroad.client("s3").put_object(Bucket=bucket, Key=key, Body=content, **members)
    return answer.get("VersionId") or answer["ETag"].strip('"')


def triggers(world):
    return [each["trigger"]["triggerType"] for each in world.executions()]


def revisions(world):
    return [each["sourceRevisions"][0]["revisionId"] for each in world.executions() if each["sourceRevisions"]]


def taken(world):
    """The content of the newest output of the source action."""
    (output,) = world.history("Fetch")[-1]["output"]["outputArtifacts"]
    place = output["s3location"]
    return world.s3.get_object(Bucket=place["bucket"], Key=place["key"])["Body"].read()


@pytest.mark.parametrize("bucket", ["abroad-versioned", "abroad-plain"])
def test_a_pipeline_starts_for_what_is_there_and_for_each_change(world, abroad, bucket):
    first = put(abroad, bucket, b"one", Metadata={"codepipeline-artifact-revision-summary": "The first"})
    create(world, bucket)
    assert triggers(world) == ["PollForSourceChanges"]
    assert world.executions()[0]["trigger"]["triggerDetail"] == "Fetch"
    assert revisions(world) == [first]
    assert world.executions()[0]["sourceRevisions"][0]["revisionSummary"] == "The first"
    assert taken(world) == b"one"
    put(abroad, bucket, b"two")
    third = put(abroad, bucket, b"three")
    world.clock.advance("53s")
    assert len(triggers(world)) == 1
    world.clock.advance("13s")
    assert triggers(world) == ["PollForSourceChanges"] * 2
    assert revisions(world) == [first, third]
    assert taken(world) == b"three"
    variables = world.history("Fetch")[-1]["output"]["outputVariables"]
    assert (variables["BucketName"], variables["ObjectKey"]) == (bucket, KEY)
    assert variables["VersionId"] == (third if bucket == "abroad-versioned" else "null")
    world.clock.advance("10m")
    assert len(triggers(world)) == 2


def test_what_somebody_started_is_not_started_again_by_the_poll(world, abroad):
    put(abroad, "abroad-versioned", b"one")
    create(world, "abroad-versioned")
    world.clock.advance("1s")
    second = put(abroad, "abroad-versioned", b"two")
    world.begin()
    assert revisions(world)[-1] == second
    world.clock.advance(INTERVAL)
    assert triggers(world) == ["PollForSourceChanges", "StartPipelineExecution"]


def test_a_version_that_is_asked_for_is_taken_and_moves_no_cursor(world, abroad):
    first = put(abroad, "abroad-versioned", b"one")
    put(abroad, "abroad-versioned", b"two")
    create(world, "abroad-versioned")
    world.update(pipelineType="V2")
    world.clock.advance("1s")
    world.begin(
        sourceRevisions=[{"actionName": "Fetch", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": first}]
    )
    assert taken(world) == b"one"
    world.clock.advance(INTERVAL)
    assert triggers(world) == ["PollForSourceChanges", "StartPipelineExecution"]


def test_a_source_that_does_not_poll_is_started_by_hand_alone(world, abroad):
    put(abroad, "abroad-plain", b"one")
    create(world, "abroad-plain", PollForSourceChanges="false")
    assert triggers(world) == ["CreatePipeline"]
    assert taken(world) == b"one"
    put(abroad, "abroad-plain", b"two")
    world.clock.advance("10m")
    assert triggers(world) == ["CreatePipeline"]


@pytest.mark.parametrize(
    ("bucket", "key", "code", "message"),
    [
        (
            "abroad-plain", "none.zip", "ConfigurationError",
            "The object with key 'none.zip' does not exist in the S3 bucket 'abroad-plain'",
        ),
        ("abroad-missing", KEY, "ConfigurationError", "The S3 bucket 'abroad-missing' does not exist"),
        ("abroad-stranger", KEY, "PermissionError", "Access to the S3 bucket 'abroad-stranger' is denied"),
        ("abroad-others", KEY, "PermissionError", "Access to the S3 bucket 'abroad-others' is denied"),
    ],
)
def test_what_cannot_be_had_starts_nothing_and_is_shown(world, bucket, key, code, message):
    create(world, bucket, key)
    assert triggers(world) == []
    latest = world.latest("Source", "Fetch")
    assert latest["status"] == "Failed"
    assert latest["errorDetails"] == {"code": code, "message": message}
    assert "actionExecutionId" not in latest
    world.begin()
    assert world.history("Fetch")[-1]["status"] == "Failed"
    assert world.history("Fetch")[-1]["output"]["executionResult"]["errorDetails"] == {
        "code": code,
        "message": message,
    }


def test_an_object_that_appears_starts_the_pipeline(world, abroad):
    create(world, "abroad-plain", f"{world.name}.zip")
    assert triggers(world) == []
    put(abroad, "abroad-plain", b"one", f"{world.name}.zip")
    world.clock.advance(INTERVAL)
    assert triggers(world) == ["PollForSourceChanges"]
    assert world.latest("Source", "Fetch")["status"] == "Succeeded"


HEAD = {"ETag": '"tag"', "Content-Length": "7"}
FULL = (200, {"ETag": '"tag"'}, b"content")


def test_a_store_that_stumbles_is_asked_again(world, scripted):
    scripted.answers += [(503, {}, b""), (500, {}, b""), (200, HEAD, b""), (200, HEAD, b""), (503, {}, b""), FULL]
    create(world, "scripted", "a/b.zip")
    assert triggers(world) == ["PollForSourceChanges"]
    assert revisions(world) == ["tag"]
    assert taken(world) == b"content"
    assert {path for _, path in scripted.requests} == {"/store/scripted/a/b.zip"}
    assert [method for method, _ in scripted.requests] == ["HEAD", "HEAD", "HEAD", "HEAD", "GET", "GET"]


def test_content_that_is_cut_off_is_no_artifact(world, scripted):
    scripted.answers += [(200, HEAD, b""), (200, HEAD, b""), (200, HEAD, b"cut"), (200, HEAD, b""), FULL]
    create(world, "scripted")
    world.clock.advance("1m")
    assert taken(world) == b"content"


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        (
            (301, {"x-amz-bucket-region": "us-east-1"}, b""), "ConfigurationError",
            "The S3 bucket 'scripted' is in another region, us-east-1",
        ),
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), "ConfigurationError", "answered 302"),
        ((200, {}, b"no store"), "ConfigurationError", "an ETag is missing"),
        (
            (200, {"ETag": '"tag"', "Content-Length": str((7 << 30) + 1)}, b""), "ConfigurationError",
            f"has more than {7 << 30} bytes",
        ),
    ],
)
def test_what_a_store_answers_wrongly_is_told(world, scripted, answer, code, message):
    scripted.answers.append(answer)
    create(world, "scripted", "a.zip")
    details = world.latest("Source", "Fetch")["errorDetails"]
    assert details["code"] == code
    assert message in details["message"]
    assert triggers(world) == []


@pytest.mark.parametrize(
    ("store", "place"),
    [
        ({}, "stores[0].buckets is missing"),
        ({"buckets": ["b"]}, "stores[0].endpoint is missing"),
        (
            {"buckets": ["b"], "endpoint": "http://store.example", "accessKeyId": "k", "secretAccessKey": "s",
             "region": REGION},
            "stores[0].endpoint must begin with https://",
        ),
        (
            {"buckets": ["b"], "endpoint": "https://store.example", "accessKeyId": "k", "region": REGION},
            "stores[0].secretAccessKey is missing, and so is secretAccessKeyFile",
        ),
        (
            {"buckets": ["b"], "endpoint": "https://store.example", "accessKeyId": "k", "secretAccessKey": "s",
             "region": REGION, "bukets": []},
            "stores[0].bukets is not known here",
        ),
        (
            {"buckets": ["b"], "accounts": ["12"], "endpoint": "https://store.example"},
            "stores[0].accounts[0] must be twelve digits, or *",
        ),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_place(tmp_path, store, place):
    file = tmp_path / "foreign.json"
    file.write_text(json.dumps({"stores": [store]}))
    run = subprocess.run(
        [executable(), "serve", "--data-dir", tmp_path / "data", "--port", "0", "--foreign-buckets", file],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert run.returncode != 0
    assert place in run.stderr
    assert str(file) in run.stderr
