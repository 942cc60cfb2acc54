# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Jobs whose artifacts lie in another store, where workers get and put them with credentials of its STS: moto's server
plays both. What a session's policy allows is judged by moto's own reading of policies."""

import os
import re
import subprocess
import urllib.parse
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.iam.access_control import IAMPolicy, PermissionResult
from support import declarations
from support.fleet import Fleet
from support.receiver import Answer, Receiver
from support.server import REGION, Server, executable
from support.store import read
from support.waiting import until
from support.world import TimedWorld, World

MIB = 1024 * 1024
ROLE = "arn:aws:iam::123456789012:role/workers"
READS = ("s3:GetObject",)
WRITES = ("s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")


class STS:
    """Passes requests on to moto, and keeps what was asked."""

    def __init__(self, store):
        self.store = store
        self.receiver = Receiver()
        self.receiver.answers["/"] = self._answer
        self.refusal = None
        self.receiver.start()

    def _answer(self, request):
        if self.refusal:
            return self.refusal
        passed = {name: request.headers[name] for name in ("authorization", "content-type", "x-amz-date")}
        forwarded = urllib.request.Request(f"http://127.0.0.1:{self.store.gate.target}/", request.body, passed)
        with urllib.request.urlopen(forwarded, timeout=20) as response:
            return Answer(response.status, (("Content-Type", "text/xml"),), response.read())

    @property
    def asked(self):
        """The fields of each request so far."""
        return [dict(urllib.parse.parse_qsl(each.body.decode())) for each in self.receiver.requests("/")]

    def place(self, prefix, **parameters):
        return self.store.place(prefix, role=ROLE, sts=self.receiver.url("/"), **parameters)


@pytest.fixture(scope="module")
def sts(store):
    running = STS(store)
    yield running
    running.receiver.stop()


@pytest.fixture(scope="module")
def home(store, sts, tmp_path_factory):
    """A server on a manual clock whose workers go to that store."""
    directory = tmp_path_factory.mktemp("home")
    running = Server(directory / "data", "--clock", "manual", "--artifacts", sts.place("direct", timeout=2)).start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def world(home, tmp_path):
    made = TimedWorld(home, tmp_path)
    yield made
    made.clear()


def worker(store, data):
    """The S3 client of a worker: the store's address, and the job's credentials."""
    keys = data["artifactCredentials"]
    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{store.gate.target}",
        aws_access_key_id=keys["accessKeyId"],
        aws_secret_access_key=keys["secretAccessKey"],
        aws_session_token=keys["sessionToken"],
        region_name=REGION,
        config=Config(s3={"addressing_style": "path"}),
    )


def places(artifacts):
    """Bucket and key of each, by name."""
    found = {each["name"]: each["location"]["s3Location"] for each in artifacts}
    return {name: {"Bucket": each["bucketName"], "Key": each["objectKey"]} for name, each in found.items()}


def allowed(policy, action, key):
    answer = IAMPolicy(policy).is_action_permitted(action, f"arn:aws:s3:::elsewhere/{key}")
    return answer == PermissionResult.PERMITTED


def test_workers_get_and_put_artifacts_in_the_store_itself(world, store, sts):
    made = world.work("Make", outputs=["Built"])
    taken = world.work("Ship", inputs=["Source", "Built"], runOrder=2)
    execution = world.declare(("Deploy", [made, taken]))
    job = world.take()
    action = job["data"]["pipelineContext"]["action"]["actionExecutionId"]
    source = places(job["data"]["inputArtifacts"])["Source"]
    built = places(job["data"]["outputArtifacts"])["Built"]
    assert source == {"Bucket": store.BUCKET, "Key": f"direct/{action}/input/Source"}
    assert built == {"Bucket": store.BUCKET, "Key": f"direct/{action}/output/Built"}
    s3 = worker(store, job["data"])
    code = s3.get_object(**source)["Body"].read()
    assert code == read(world.s3, world.bucket, "source.zip")
    package = os.urandom(100_000)
    s3.put_object(**built, Body=package, ContentType="application/x-made", Metadata={"made-by": "mia"})
    world.succeed(job)
    # What comes afterwards changes nothing.
    s3.put_object(**built, Body=b"late")
    job = world.take()
    found = places(job["data"]["inputArtifacts"])
    s3 = worker(store, job["data"])
    assert s3.get_object(**found["Source"])["Body"].read() == code
    answer = s3.get_object(**found["Built"])
    assert answer["Body"].read() == package
    assert (answer["ContentType"], answer["Metadata"]) == ("application/x-made", {"made-by": "mia"})
    world.succeed(job)
    world.clock.settle()
    assert world.status(execution) == "Succeeded"
    # History and the service's own address have it as they have every artifact.
    history = world.codepipeline.list_action_executions(pipelineName=world.name)["actionExecutionDetails"]
    (output,) = next(each for each in history if each["actionName"] == "Make")["output"]["outputArtifacts"]
    kept = output["s3location"]
    assert kept["bucket"] == world.bucket
    answer = world.s3.get_object(Bucket=kept["bucket"], Key=kept["key"])
    assert answer["Body"].read() == package
    assert (answer["ContentType"], answer["Metadata"]) == ("application/x-made", {"made-by": "mia"})


def test_a_session_reaches_exactly_the_jobs_objects(world, sts):
    world.declare(("Deploy", [world.work("Make", outputs=["Built", "Report"])]))
    job = world.take()
    asked = sts.asked[-1]
    assert asked["Action"] == "AssumeRole"
    assert asked["RoleArn"] == ROLE
    assert f"/{REGION}/sts/aws4_request" in sts.receiver.requests("/")[-1].headers["authorization"]
    assert asked["RoleSessionName"] == f"job-{job['id']}"
    assert asked["DurationSeconds"] == "900"
    policy = asked["Policy"]
    assert len(policy) <= 2048
    inputs = [each["Key"] for each in places(job["data"]["inputArtifacts"]).values()]
    outputs = [each["Key"] for each in places(job["data"]["outputArtifacts"]).values()]
    assert (len(inputs), len(outputs)) == (1, 2)
    for key in inputs:
        assert all(allowed(policy, action, key) for action in READS)
        assert not any(allowed(policy, action, key) for action in (*WRITES, "s3:DeleteObject"))
    for key in outputs:
        assert all(allowed(policy, action, key) for action in WRITES)
        assert not any(allowed(policy, action, key) for action in (*READS, "s3:DeleteObject"))
    (key,) = inputs
    others = [f"{key}2", key.replace("input", "output"), "direct/penstock-artifacts", "direct/blobs/aa/bb/cc", ""]
    others.append(key.replace(key.split("/")[1], str(uuid.uuid4())))
    for other in others:
        assert not any(allowed(policy, action, other) for action in (*READS, *WRITES, "s3:ListBucket"))


def test_more_names_than_a_policy_holds_are_named_by_the_jobs_own_folders(world, sts):
    names = [f"{number:02}-" + "n" * 97 for number in range(10)]
    first = [world.work(f"M{n}", inputs=[], outputs=names[n * 5 : n * 5 + 5]) for n in range(2)]
    world.declare(("Make", first), ("Ship", [world.work("Ship", inputs=names[:5], outputs=["Z" * 100, "Y" * 100])]))
    for job in world.take_all():
        world.succeed(job)
    world.clock.settle()
    job = world.take()
    policy = sts.asked[-1]["Policy"]
    assert len(policy) <= 2048
    inputs = [each["Key"] for each in places(job["data"]["inputArtifacts"]).values()]
    outputs = [each["Key"] for each in places(job["data"]["outputArtifacts"]).values()]
    assert all(allowed(policy, "s3:GetObject", key) and not allowed(policy, "s3:PutObject", key) for key in inputs)
    assert all(allowed(policy, "s3:PutObject", key) and not allowed(policy, "s3:GetObject", key) for key in outputs)
    other = inputs[0].replace(inputs[0].split("/")[1], str(uuid.uuid4()))
    assert not allowed(policy, "s3:GetObject", other)


def test_a_job_without_artifacts_gets_credentials_for_nothing(world, sts):
    world.declare(("Deploy", [world.work("Ship", inputs=[])]))
    job = world.take()
    assert job["data"]["artifactCredentials"]["sessionToken"]
    policy = sts.asked[-1]["Policy"]
    assert not any(allowed(policy, action, "direct/any") for action in (*READS, *WRITES))


def test_a_source_of_parts_and_one_of_nothing_arrive_as_they_are(world, store):
    world.create_custom_type()
    body = os.urandom(6 * MIB) + os.urandom(5 * MIB) + b"end"
    upload = world.s3.create_multipart_upload(Bucket=world.bucket, Key="source.zip")["UploadId"]
    pieces = [body[: 6 * MIB], body[6 * MIB : 11 * MIB], body[11 * MIB :]]
    parts = [
        {
            "PartNumber": number,
            "ETag": world.s3.upload_part(
                Bucket=world.bucket, Key="source.zip", UploadId=upload, PartNumber=number, Body=piece
            )["ETag"],
        }
        for number, piece in enumerate(pieces, 1)
    ]
    world.s3.complete_multipart_upload(
        Bucket=world.bucket, Key="source.zip", UploadId=upload, MultipartUpload={"Parts": parts}
    )
    world.declare(("Deploy", [world.work(outputs=["Empty"]), world.work("Next", inputs=["Empty"], runOrder=2)]),
                  type=False, source=False)
    job = world.take()
    s3 = worker(store, job["data"])
    source = places(job["data"]["inputArtifacts"])["Source"]
    assert s3.get_object(**source)["Body"].read() == body
    # Copied there part by part, as the other store counts them.
    assert s3.head_object(**source)["ETag"].endswith('-3"')
    s3.put_object(**places(job["data"]["outputArtifacts"])["Empty"], Body=b"")
    world.succeed(job)
    job = world.take()
    assert worker(store, job["data"]).get_object(**places(job["data"]["inputArtifacts"])["Empty"])["Body"].read() == b""


def test_an_output_of_parts_is_taken_whole(world, store):
    world.declare(("Deploy", [world.work(outputs=["Built"]), world.work("Next", inputs=["Built"], runOrder=2)]))
    job = world.take()
    body = os.urandom(20 * MIB)
    path = world.directory / "built"
    path.write_bytes(body)
    built = places(job["data"]["outputArtifacts"])["Built"]
    worker(store, job["data"]).upload_file(str(path), built["Bucket"], built["Key"])
    world.succeed(job)
    job = world.take()
    found = places(job["data"]["inputArtifacts"])["Built"]
    assert worker(store, job["data"]).get_object(**found)["Body"].read() == body


def test_a_job_that_goes_on_hands_in_its_outputs_at_the_end(world, store):
    world.declare(("Deploy", [world.work(outputs=["Built"]), world.work("Next", inputs=["Built"], runOrder=2)]))
    job = world.take()
    built = places(job["data"]["outputArtifacts"])["Built"]
    world.succeed(job, continuationToken="half")
    job = world.take()
    assert job["data"]["continuationToken"] == "half"
    assert places(job["data"]["outputArtifacts"])["Built"] == built
    worker(store, job["data"]).put_object(**built, Body=b"whole")
    world.succeed(job)
    job = world.take()
    found = places(job["data"]["inputArtifacts"])["Built"]
    assert worker(store, job["data"]).get_object(**found)["Body"].read() == b"whole"


def test_an_output_that_nobody_put_is_missing_where_it_is_read(world, store):
    """Of a store that heeds policies a session may not list, so there it is 403 and not 404."""
    world.declare(("Deploy", [world.work(outputs=["Built"]), world.work("Next", inputs=["Built"], runOrder=2)]))
    world.succeed(world.take())
    job = world.take()
    found = places(job["data"]["inputArtifacts"])["Built"]
    with pytest.raises(ClientError) as caught:
        worker(store, job["data"]).get_object(**found)
    assert caught.value.response["Error"]["Code"] == "NoSuchKey"


def test_details_renew_the_credentials(world, store):
    world.declare(("Deploy", [world.work()]))
    job = world.take()
    again = world.codepipeline.get_job_details(jobId=job["id"])["jobDetails"]["data"]
    first, second = (each["artifactCredentials"]["sessionToken"] for each in (job["data"], again))
    assert first != second
    assert again["inputArtifacts"] == job["data"]["inputArtifacts"]
    source = places(again["inputArtifacts"])["Source"]
    assert worker(store, again).get_object(**source)["Body"].read().startswith(b"PK")


def test_a_job_that_nobody_holds_has_credentials_that_write_nothing(world, sts):
    world.register_partner_type()
    connection = world.connect(world.name, "Deploy", "Check")
    world.declare(("Deploy", [declarations.action("Check", world.partner, outputs=["Built"])]))
    (job,) = world.codepipeline.poll_for_third_party_jobs(actionTypeId=world.partner)["jobs"]
    call = {"jobId": job["jobId"], "clientToken": connection["clientToken"]}
    details = world.codepipeline.get_third_party_job_details(**call)["jobDetails"]
    key = places(details["data"]["outputArtifacts"])["Built"]["Key"]
    assert allowed(sts.asked[-1]["Policy"], "s3:PutObject", key)
    # Visible again, it is nobody's.
    world.clock.advance("2m")
    world.codepipeline.get_third_party_job_details(**call)
    assert not allowed(sts.asked[-1]["Policy"], "s3:PutObject", key)


def test_no_key_of_this_store_is_named_to_workers_of_the_other(world):
    world.create_custom_type()
    world.put_source()
    declared = declarations.pipeline(world.name, world.bucket, ("Deploy", [world.work()]), pipelineType="V2")
    declared["artifactStore"]["encryptionKey"] = {"id": "alias/ours", "type": "KMS"}
    world.codepipeline.create_pipeline(pipeline=declared)
    world.clock.settle()
    assert "encryptionKey" not in world.take()["data"]


def test_reports_of_the_same_success_at_once_take_the_outputs_once(world, store):
    world.declare(("Deploy", [world.work(outputs=["Built"]), world.work("Next", inputs=["Built"], runOrder=2)]))
    job = world.take()
    worker(store, job["data"]).put_object(**places(job["data"]["outputArtifacts"])["Built"], Body=os.urandom(MIB))
    store.pause()
    with ThreadPoolExecutor(3) as pool:
        reports = [pool.submit(world.succeed, job) for _ in range(3)]
        store.resume()
        for each in reports:
            each.result()
    history = world.codepipeline.list_action_executions(pipelineName=world.name)["actionExecutionDetails"]
    kept = next(each for each in history if each["actionName"] == "Ship")["output"]["outputArtifacts"][0]["s3location"]
    versions = world.s3.list_object_versions(Bucket=kept["bucket"], Prefix=kept["key"])["Versions"]
    assert len(versions) == 1


def test_a_stranger_hands_in_nothing(world, store, refused):
    """Nothing is taken for a caller that may not end the job."""
    world.register_partner_type()
    connection = world.connect(world.name, "Deploy", "Check")
    action = declarations.action("Check", world.partner, outputs=["Built"])
    world.declare(("Deploy", [action]))
    (job,) = world.codepipeline.poll_for_third_party_jobs(actionTypeId=world.partner)["jobs"]
    call = {"jobId": job["jobId"], "clientToken": connection["clientToken"]}
    details = world.codepipeline.get_third_party_job_details(**call)["jobDetails"]
    world.codepipeline.acknowledge_third_party_job(nonce=details["nonce"], **call)
    built = places(details["data"]["outputArtifacts"])["Built"]
    worker(store, details["data"]).put_object(**built, Body=b"built")
    before = store.blobs("direct")
    stranger = {**call, "clientToken": "0" * 36}
    code, _ = refused(world.codepipeline.put_third_party_job_success_result, **stranger)
    assert code == "InvalidClientTokenException"
    assert store.blobs("direct") == before
    world.codepipeline.put_third_party_job_success_result(**call)
    assert len(store.blobs("direct")) == len(before) + 1


def test_while_the_sts_gives_nothing_jobs_wait_and_come_again(world, sts, refused):
    document = b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>"
    world.declare(("Deploy", [world.work()]))
    sts.refusal = Answer(403, (), document)
    try:
        assert refused(world.codepipeline.poll_for_jobs, actionTypeId=world.custom)[0] == "ServiceUnavailable"
        assert world.poll() == []
    finally:
        sts.refusal = None
    world.clock.advance("2m")
    (job,) = world.poll()
    assert job["data"]["artifactCredentials"]["accessKeyId"]
    log = world.server.data_dir.with_suffix(".log").read_text()
    assert f"the role {ROLE} cannot be assumed" in log
    assert "not you" in log


def test_while_the_store_is_away_a_success_is_not_taken_and_nothing_is_lost(world, store, refused):
    world.declare(("Deploy", [world.work(outputs=["Built"]), world.work("Next", inputs=["Built"], runOrder=2)]))
    job = world.take()
    worker(store, job["data"]).put_object(**places(job["data"]["outputArtifacts"])["Built"], Body=b"built")
    store.gate.close()
    try:
        assert refused(world.codepipeline.put_job_success_result, jobId=job["id"])[0] == "ServiceUnavailable"
    finally:
        store.gate.raise_()
    assert world.action("Deploy", "Ship")["latestExecution"]["status"] == "InProgress"
    world.succeed(job)
    job = world.take()
    found = places(job["data"]["inputArtifacts"])["Built"]
    assert worker(store, job["data"]).get_object(**found)["Body"].read() == b"built"


def test_what_is_not_of_jobs_stays(world, store):
    stays = [f"direct/{uuid.uuid4()}/precious", f"direct/{uuid.uuid4()}/input/a/b", "direct/input/a"]
    for key in stays:
        store.s3.put_object(Bucket=store.BUCKET, Key=key, Body=b"x")
    world.declare(("Deploy", [world.work()]))
    job = world.take()
    action = job["data"]["pipelineContext"]["action"]["actionExecutionId"]
    world.succeed(job)

    def is_collected():
        world.clock.advance("1h")
        return not store.objects(f"direct/{action}/")

    until(is_collected, what="the end of what was staged")
    assert set(stays) <= set(store.objects("direct/"))


def test_what_was_staged_goes_some_hours_after_its_action(world, store):
    world.declare(("Deploy", [world.work(outputs=["Built"]), world.work("Next", inputs=["Built"], runOrder=2)]))
    job = world.take()
    action = job["data"]["pipelineContext"]["action"]["actionExecutionId"]
    s3 = worker(store, job["data"])
    built = places(job["data"]["outputArtifacts"])["Built"]
    s3.put_object(**built, Body=b"built")
    s3.create_multipart_upload(**built)
    world.clock.advance("9h")
    assert len(store.objects(f"direct/{action}/")) == 2
    world.succeed(job)
    world.clock.advance("1h")
    assert len(store.objects(f"direct/{action}/")) == 2

    def is_gone():
        # Whether a collection is under way when the clock is moved is nobody's to say.
        world.clock.advance("1h")
        uploads = store.s3.list_multipart_uploads(Bucket=store.BUCKET).get("Uploads", [])
        mine = [each for each in uploads if each["Key"].startswith(f"direct/{action}/")]
        return not store.objects(f"direct/{action}/") and not mine

    until(is_gone, what="the end of what was staged")
    # The next action has what it needs.
    job = world.take()
    found = places(job["data"]["inputArtifacts"])["Built"]
    assert worker(store, job["data"]).get_object(**found)["Body"].read() == b"built"


def test_replicas_hand_out_and_take_the_same_objects(store, sts, cluster, tmp_path):
    fleet = Fleet(cluster, tmp_path, "--artifacts", sts.place("direct-fleet"), shares_files=False).start()
    try:
        first, second = fleet.replicas
        one = World(first, tmp_path)
        two = one.at(second)
        name = one.custom_pipeline(outputs=["Built"])
        job = one.acknowledged_job()
        again = two.codepipeline.get_job_details(jobId=job["id"])["jobDetails"]["data"]
        assert again["outputArtifacts"] == job["data"]["outputArtifacts"]
        worker(store, again).put_object(**places(again["outputArtifacts"])["Built"], Body=b"built")
        two.succeed(job)
        one.ended(one.created_execution(), "Succeeded", name)
    finally:
        fleet.kill()


# Mistakes of the operator


def started(directory, place):
    return subprocess.run(
        [executable(), "serve", "--data-dir", directory / "data", "--port", "0", "--artifacts", place],
        capture_output=True, text=True, timeout=60,
    )


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"sts": "http://127.0.0.1:1"}, "sts goes with a role"),
        ({"role": "workers"}, "role must be the ARN of a role"),
        ({"role": ROLE, "sts": "http://sts.example"}, "sts must begin with https://"),
    ],
)
def test_a_mistake_in_the_role_is_named(tmp_path, store, parameters, told):
    run = started(tmp_path, store.place("mistaken", **parameters))
    assert run.returncode == 78
    assert told in run.stderr


def test_a_role_that_cannot_be_assumed_keeps_the_server_from_starting(tmp_path, store, sts):
    document = b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>"
    sts.refusal = Answer(403, (), document)
    try:
        run = started(tmp_path, sts.place("refused"))
    finally:
        sts.refusal = None
    assert run.returncode == 78
    assert re.search(r"The role of s3://\S+ at \S+ cannot be assumed: \S+ answered 403, AccessDenied: not you", run.stderr)
    gone = store.place("refused", role=ROLE, sts="http://127.0.0.1:9", timeout=1)
    run = started(tmp_path, gone)
    assert run.returncode == 74
    assert re.search(r"The role of s3://\S+ at \S+ cannot be assumed: \S+ did not answer", run.stderr)
