# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Where artifacts are kept in another store: mistakes, keys and rights, which a second Penstock looks at as stores do."""

import json
import os
import subprocess

import pytest
from botocore.exceptions import ClientError
from support import upkeep
from support.server import REGION, Server, executable
from support.store import read
from support.waiting import until
from support.world import TimedWorld, World

MIB = 1024 * 1024


# Mistakes of the operator


def started(directory, *options, **environment):
    """Runs a server that is not expected to start."""
    env = {"PATH": os.environ["PATH"], "HOME": str(directory), **environment}
    return subprocess.run(
        [executable(), "serve", "--data-dir", directory / "data", "--port", "0", *map(str, options)],
        capture_output=True, text=True, timeout=60, env=env,
    )


def test_a_directory_that_never_had_content_keeps_a_server_of_a_database_that_names_some_from_starting(
    own_fleet, tmp_path
):
    World(own_fleet.replicas[0], tmp_path).put_source()
    astray = tmp_path / "astray"
    astray.mkdir()
    shared = own_fleet.replicas[0].options
    done = started(astray, *shared)
    assert done.returncode == upkeep.UNUSABLE
    assert f"{astray}/data/artifacts has none. Mount or link the directory" in done.stderr

    # Whoever has lost it may go on without.
    (astray / "data" / "artifacts" / "blobs").mkdir(parents=True)
    server = Server(astray / "data", *shared).start()
    assert server.stop() == 0


def test_that_content_is_missing_stands_in_the_log(own_server, tmp_path, refused):
    world = World(own_server, tmp_path)
    world.put_source()
    for file in (own_server.data_dir / "artifacts" / "blobs").glob("*/*"):
        file.unlink()
    assert refused(world.s3.get_object, Bucket=world.bucket, Key="source.zip")[0] == "SlowDown"
    log = own_server.data_dir.with_suffix(".log").read_text()
    assert "A request to the artifact store failed" in log and "content of the object is missing" in log


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("/srv/artifacts", "It must begin with s3://."),
        ("s3://elsewhere/a?endpoint=http://store.example&region=r", "endpoint must begin with https://"),
        ("s3://elsewhere/a?secret=hunter2", "secret is not known here."),
        ("s3://AKIA:hunter2@elsewhere/a", "It must not have a key in it"),
        ("s3://elsewhere/a?region=eu-west-1", "there is no "),
    ],
)
def test_a_mistake_in_the_place_is_named(tmp_path, place, told):
    run = started(tmp_path, "--artifacts", place)
    assert run.returncode == 78
    assert "--artifacts, cannot be used" in run.stderr
    assert told in run.stderr
    assert "hunter2" not in run.stderr


def test_a_place_that_cannot_be_used_keeps_the_server_from_starting(tmp_path, store):
    missing = store.place("a").replace(store.BUCKET, "no-such-bucket")
    run = started(tmp_path, "--artifacts", missing)
    assert run.returncode == 78
    assert f"s3://no-such-bucket/a/ at {store.gate.endpoint} cannot be read: there is no bucket" in run.stderr
    store.gate.close()
    try:
        run = started(tmp_path, "--artifacts", store.place("a", timeout=1))
    finally:
        store.gate.raise_()
    assert run.returncode == 74
    assert f"The artifacts in s3://{store.BUCKET}/a/ at {store.gate.endpoint} cannot be reached" in run.stderr


def test_content_is_looked_for_where_it_is(tmp_path, store, own_abroad):
    server = own_abroad("mine")
    s3 = server.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="k", Body=b"k")
    assert server.stop() == 0
    directory = tmp_path / "mine"

    def run(data, *options):
        return subprocess.run(
            [executable(), "serve", "--data-dir", data, "--port", "0", *options],
            capture_output=True, text=True, timeout=60,
        )

    left_out = run(directory)
    assert left_out.returncode == 78
    assert "The artifacts of this database are in another store: name it with --artifacts." in left_out.stderr
    elsewhere = run(directory, "--artifacts", store.place("not-mine"))
    assert elsewhere.returncode == 74
    assert "has nothing of this database's" in elsewhere.stderr
    others = run(tmp_path / "other", "--artifacts", store.place("mine"))
    assert others.returncode == 74
    assert "holds the artifacts of another database" in others.stderr
    files = Server(tmp_path / "files").start()
    files.client("s3").create_bucket(Bucket="bucket")
    files.client("s3").put_object(Bucket="bucket", Key="k", Body=b"k")
    assert files.stop() == 0
    moved = run(tmp_path / "files", "--artifacts", store.place("moved"))
    assert moved.returncode == 78
    assert f"are files in {tmp_path / 'files'}/artifacts" in moved.stderr
    server.start()
    assert read(server.client("s3"), "bucket", "k") == b"k"


def test_a_backup_leaves_content_in_its_store_and_a_restored_server_finds_it_there(own_abroad, store, tmp_path):
    server = own_abroad("backed-up")
    s3 = server.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="k", Body=b"kept")
    backup, restored = tmp_path / "backup", tmp_path / "restored"
    upkeep.run("backup", "--data-dir", server.data_dir, "--to", backup)
    assert server.stop() == 0
    assert not list(backup.glob("blobs/*/*"))
    key = server.data_dir / "master-key"
    upkeep.run("restore", "--from", backup, "--data-dir", restored, "--master-key-file", key)
    upkeep.run("doctor", "--data-dir", restored)
    again = Server(restored, "--artifacts", store.place("backed-up")).start()
    try:
        assert read(again.client("s3"), "bucket", "k") == b"kept"
    finally:
        again.kill()


# Another Penstock as the store, which looks at signatures and rights


@pytest.fixture
def abroad(tmp_path):
    """The other store, and a profile of a key that may do everything."""
    running = Server(tmp_path / "abroad").start()
    running.client("s3").create_bucket(Bucket="elsewhere")
    yield running
    if running.process.poll() is None:
        running.kill()


def place_abroad(abroad, file, profile="penstock"):
    return f"s3://elsewhere/a?endpoint={abroad.endpoint}&region={REGION}&credentials={file}&profile={profile}"


def write_key(file, keys, secret=None):
    secret = secret or keys["aws_secret_access_key"]
    text = f"[penstock]\naws_access_key_id={keys['aws_access_key_id']}\naws_secret_access_key={secret}\n"
    draft = file.with_suffix(".new")
    draft.write_text(text)
    draft.rename(file)


def test_a_key_that_the_store_does_not_know_is_told_at_the_start(abroad, tmp_path):
    keys = abroad.credentials()
    file = tmp_path / "keys"
    write_key(file, keys, secret="wrong-secret")
    run = started(tmp_path, "--artifacts", place_abroad(abroad, file))
    assert run.returncode == 78
    assert f"the key {keys['aws_access_key_id']} is not known, or may not do it" in run.stderr
    assert "SignatureDoesNotMatch" in run.stderr
    assert "wrong-secret" not in run.stderr
    environment = {"AWS_ACCESS_KEY_ID": "AKIANOBODY", "AWS_SECRET_ACCESS_KEY": "wrong-secret"}
    place = f"s3://elsewhere/a?endpoint={abroad.endpoint}&region={REGION}"
    run = started(tmp_path, "--artifacts", place, **environment)
    assert run.returncode == 78
    assert "the key AKIANOBODY is not known" in run.stderr


def test_rights_that_suffice_are_those_that_are_documented(abroad, tmp_path):
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
                "Resource": "arn:aws:s3:::elsewhere/a/*",
            },
            {"Effect": "Allow", "Action": "s3:ListBucketMultipartUploads", "Resource": "arn:aws:s3:::elsewhere"},
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::elsewhere"},
        ],
    }
    (tmp_path / "policy.json").write_text(json.dumps(policy))
    keys = abroad.create_key("--name", "artifacts", "--policy", tmp_path / "policy.json")
    write_key(tmp_path / "keys", keys)
    home = Server(
        tmp_path / "home", "--clock", "manual", "--artifacts", place_abroad(abroad, tmp_path / "keys")
    ).start()
    try:
        world = TimedWorld(home, tmp_path)
        body = os.urandom(MIB) * 65
        version = world.s3.put_object(Bucket=world.bucket, Key="k", Body=body)["VersionId"]
        assert read(world.s3, world.bucket, "k") == body
        world.s3.delete_object(Bucket=world.bucket, Key="k", VersionId=version)
        world.clock.advance("8h")
        listed = abroad.client("s3").list_objects_v2(Bucket="elsewhere")
        assert [each["Key"] for each in listed["Contents"]] == ["a/penstock-artifacts"]
        assert "could not be removed" not in home.data_dir.with_suffix(".log").read_text()
    finally:
        home.kill()


def test_a_key_may_be_exchanged_while_the_server_runs(abroad, tmp_path):
    old, new = (abroad.create_key("--name", name, "--administrator") for name in ("old", "new"))
    write_key(tmp_path / "keys", old)
    home = Server(tmp_path / "home", "--artifacts", place_abroad(abroad, tmp_path / "keys")).start()
    try:
        s3 = home.client("s3")
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="k", Body=b"old")
        write_key(tmp_path / "keys", new)
        abroad.penstock("keys", "disable", old["aws_access_key_id"])

        def is_out():
            try:
                abroad.client("sts", abroad.session_of(old)).get_caller_identity()
            except ClientError:
                return True

        until(is_out, what="the end of the old key")
        assert read(s3, "bucket", "k") == b"old"
        s3.put_object(Bucket="bucket", Key="k", Body=b"new")
        assert read(s3, "bucket", "k") == b"new"
    finally:
        home.kill()
