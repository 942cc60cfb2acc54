# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Backups of a server that runs, and what becomes of them elsewhere."""

import base64
import contextlib
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import threading

import pytest
from support import declarations, upkeep
from support.server import Server, executable
from support.waiting import until
from support.world import World


def lived_in(server, directory):
    """A world in which much has happened and something goes on: a job that a worker has."""
    world = World(server, directory)
    world.custom_pipeline()
    world.create(("Sign", [declarations.approval()]), name=f"{world.name}-signed")
    world.succeed(world.acknowledged_job())
    world.s3.put_object(Bucket=world.bucket, Key="é/big", Body=os.urandom(1 << 20))
    world.s3.put_object(Bucket=world.bucket, Key="é/gone", Body=b"gone")
    world.s3.delete_object(Bucket=world.bucket, Key="é/gone")
    world.start()
    job = world.acknowledged_job()
    until(lambda: world.action("Sign", "Approve", f"{world.name}-signed").get("latestExecution"), what="the approval")
    return world, job


@pytest.fixture
def restored(tmp_path):
    """Restores a backup into a directory of its own, and starts a server on it."""
    servers = []

    def make(backup, key, *options, name="restored"):
        target = tmp_path / name
        upkeep.run("restore", "--from", backup, "--data-dir", target, "--master-key-file", key)
        servers.append(Server(target, *options).start())
        return servers[-1]

    yield make
    for server in servers:
        if server.process.poll() is None:
            assert server.stop() == 0


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A backup with its key, for tests that damage copies of it."""
    directory = tmp_path_factory.mktemp("kept")
    server = Server(directory / "data").start()
    lived_in(server, directory)
    upkeep.run("backup", "--data-dir", server.data_dir, "--to", directory / "backup")
    assert server.stop() == 0
    return directory / "backup", server.data_dir / "master-key"


def test_a_backup_of_a_running_server_reads_alike_elsewhere(own_server, tmp_path, restored):
    world, job = lived_in(own_server, tmp_path)
    before = upkeep.everything(world)
    backup = tmp_path / "backup"
    upkeep.run("backup", "--data-dir", own_server.data_dir, "--to", backup)
    assert own_server.stop() == 0

    elsewhere = world.at(restored(backup, own_server.data_dir / "master-key"))

    assert upkeep.everything(elsewhere) == before
    # The worker that had the job goes on with it, and with its credentials.
    elsewhere.succeed(job)
    until(lambda: elsewhere.executions()[-1]["status"] == "Succeeded", what="the end of the execution")
    upkeep.run("doctor", "--data-dir", elsewhere.server.data_dir)


def test_a_backup_has_neither_the_key_nor_anything_for_others_to_read(kept):
    backup, key = kept
    for path in [backup, *backup.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
        if path.is_file():
            assert key.read_bytes().strip() not in path.read_bytes()
    assert {path.name for path in backup.iterdir()} == {"manifest.json", "manifest.sha256", "rows", "blobs"}
    subprocess.run(["sha256sum", "--check", "--quiet", "manifest.sha256"], cwd=backup, check=True)


def test_backups_while_much_is_written_are_each_of_one_instant(own_server, tmp_path, restored):
    world, job = lived_in(own_server, tmp_path)
    stopped = threading.Event()
    failures = []

    def write(number):
        s3, api = own_server.client("s3"), own_server.client("codepipeline")
        try:
            turn = 0
            while not stopped.is_set():
                turn += 1
                s3.put_object(Bucket=world.bucket, Key=f"{number}/{turn % 5}", Body=os.urandom(5000))
                s3.delete_object(Bucket=world.bucket, Key=f"{number}/{(turn + 2) % 5}")
                if turn % 10 == 0:
                    api.start_pipeline_execution(name=world.name)
        except Exception as error:  # told by the test
            failures.append(error)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for writer in writers:
        writer.start()
    for number in range(4):
        upkeep.run("backup", "--data-dir", own_server.data_dir, "--to", tmp_path / f"backup-{number}")
    stopped.set()
    for writer in writers:
        writer.join()
    assert not failures

    for number in range(4):
        elsewhere = world.at(
            restored(tmp_path / f"backup-{number}", own_server.data_dir / "master-key", name=f"restored-{number}")
        )
        elsewhere.succeed(job)
        for each in elsewhere.s3.list_object_versions(Bucket=world.bucket)["Versions"]:
            elsewhere.s3.get_object(Bucket=world.bucket, Key=each["Key"], VersionId=each["VersionId"])["Body"].read()
        assert elsewhere.server.stop() == 0
        upkeep.run("doctor", "--data-dir", elsewhere.server.data_dir)


def test_a_backup_of_sqlite_is_restored_into_postgresql_and_one_of_that_into_sqlite(
    own_server, cluster, tmp_path, restored
):
    world, job = lived_in(own_server, tmp_path)
    before = upkeep.everything(world)
    key = own_server.data_dir / "master-key"
    upkeep.run("backup", "--data-dir", own_server.data_dir, "--to", tmp_path / "first")
    assert own_server.stop() == 0
    database = cluster.create_database()
    shared = ("--database", database, "--master-key-file", key)
    upkeep.run("restore", "--from", tmp_path / "first", "--data-dir", tmp_path / "shared", *shared)

    server = Server(tmp_path / "shared", *shared).start()
    try:
        there = world.at(server)
        assert upkeep.everything(there) == before
        upkeep.run("backup", "--data-dir", server.data_dir, "--database", database, "--to", tmp_path / "second")
        upkeep.run("doctor", "--data-dir", server.data_dir, *shared)
    finally:
        assert server.stop() == 0

    back = world.at(restored(tmp_path / "second", key))
    assert upkeep.everything(back) == before
    back.succeed(job)


# MARK: Keys


def test_a_restored_store_starts_with_its_own_master_key_and_no_other(kept, tmp_path):
    backup, key = kept
    other = tmp_path / "other-key"
    other.write_bytes(base64.b64encode(os.urandom(32)))
    target = tmp_path / "data"
    said = upkeep.run(
        "restore", "--from", backup, "--data-dir", target, "--master-key-file", other, status=upkeep.UNUSABLE
    )
    assert "master key" in said and not (target / "penstock.sqlite").exists()

    said = upkeep.run("restore", "--from", backup, "--data-dir", target)
    assert "master key" in said
    serve = ("serve", "--data-dir", target, "--port", "0")
    assert "master-key is missing" in upkeep.run(*serve, status=upkeep.UNUSABLE)
    assert "master key" in upkeep.run(*serve, "--master-key-file", other, status=upkeep.UNUSABLE)
    server = Server(target, "--master-key-file", key).start()
    assert server.stop() == 0


# MARK: Damage


def _truncate(path, by=1):
    os.truncate(path, path.stat().st_size - by)


def _newer(number):
    def change(manifest):
        manifest["schema"] = number

    return change


DAMAGES = {
    "a byte of a row is flipped": (
        lambda backup: upkeep.flip(upkeep.rows_file(backup, "job"), 20),
        ["-job", "row 1, at byte 0,", "not as it was written"],
    ),
    "the last byte of a table is flipped": (
        lambda backup: upkeep.flip(upkeep.rows_file(backup, "audit_entry"), -1),
        ["-audit_entry", "not as it was written"],
    ),
    "a length in a table is flipped": (
        lambda backup: upkeep.flip(upkeep.rows_file(backup, "pipeline"), 0),
        ["-pipeline", "ends in the middle of row 1"],
    ),
    "a table is cut short": (
        lambda backup: _truncate(upkeep.rows_file(backup, "setting")),
        ["-setting", "ends in the middle of row"],
    ),
    "a table is empty": (
        lambda backup: os.truncate(upkeep.rows_file(backup, "access_key"), 0),
        ["-access_key", "has 0 rows"],
    ),
    "a table is not there": (
        lambda backup: upkeep.rows_file(backup, "bucket").unlink(),
        ["-bucket", "is not there"],
    ),
    "two tables are damaged": (
        lambda backup: (_truncate(upkeep.rows_file(backup, "setting")), upkeep.rows_file(backup, "bucket").unlink()),
        ["-bucket", "-setting"],
    ),
    "the manifest lacks a table": (
        lambda backup: upkeep.edit_manifest(backup, lambda manifest: manifest["tables"].pop(0)),
        ["no table pipeline"],
    ),
    "content is not there": (
        lambda backup: upkeep.blob_files(backup)[0].unlink(),
        ["blobs/", "is not there"],
    ),
    "a byte of content is flipped": (
        lambda backup: upkeep.flip(upkeep.blob_files(backup)[0], 0),
        ["blobs/", "does not have the content that its name says"],
    ),
    "content is cut short": (
        lambda backup: _truncate(upkeep.blob_files(backup)[0]),
        ["blobs/", "bytes instead of"],
    ),
    "there is no manifest": (
        lambda backup: (backup / "manifest.json").unlink(),
        ["is not a backup", "manifest.json"],
    ),
    "a byte of the manifest is flipped": (
        lambda backup: upkeep.flip(backup / "manifest.json", 40),
        ["manifest.json does not have the hash"],
    ),
    "the manifest has no hash": (
        lambda backup: (backup / "manifest.sha256").unlink(),
        ["manifest.sha256 is not there"],
    ),
    "the format is unknown": (
        lambda backup: upkeep.edit_manifest(backup, lambda manifest: manifest.update(format=2)),
        ["format 2", "use a newer one"],
    ),
    "the schema is newer": (
        lambda backup: upkeep.edit_manifest(backup, _newer(1000)),
        ["schema 1000", "use a newer one"],
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_backup_is_refused_and_says_where(kept, tmp_path, damage):
    plant, words = DAMAGES[damage]
    backup = tmp_path / "backup"
    shutil.copytree(kept[0], backup)
    plant(backup)

    said = upkeep.run("restore", "--from", backup, "--data-dir", tmp_path / "data", status=upkeep.UNUSABLE)

    for word in words:
        assert word in said
    assert not (tmp_path / "data" / "penstock.sqlite").exists()
    assert not (tmp_path / "data" / "artifacts").exists()


# MARK: Places


def test_a_backup_is_restored_into_an_empty_place_only(kept, tmp_path):
    backup, key = kept
    target = tmp_path / "data"
    server = Server(target).start()
    arguments = ("restore", "--from", backup, "--data-dir", target)
    assert "Another Penstock server" in upkeep.run(*arguments, status=upkeep.IN_USE)
    assert server.stop() == 0
    assert "master key" in upkeep.run(*arguments, status=upkeep.UNUSABLE), "it has a key of its own"
    assert "has the content of another database" in upkeep.run(*arguments, "--master-key-file", key, status=upkeep.UNUSABLE)
    strange = tmp_path / "strange"
    strange.mkdir()
    (strange / "file").touch()
    assert "not Penstock's" in upkeep.run("restore", "--from", backup, "--data-dir", strange, status=upkeep.UNUSABLE)


def test_a_backup_never_takes_the_place_of_something(kept, tmp_path):
    (tmp_path / "there").mkdir()
    data = kept[1].parent
    said = upkeep.run("backup", "--data-dir", data, "--to", tmp_path / "there", status=upkeep.CONFIGURATION)
    assert "is there already" in said
    said = upkeep.run("backup", "--data-dir", tmp_path, "--to", tmp_path / "new", status=upkeep.UNUSABLE)
    assert "no database" in said


def test_a_backup_that_misses_content_is_given_up_and_leaves_nothing(kept, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(kept[1].parent, data)
    lost = upkeep.blob_files(data / "artifacts")[0]
    lost.unlink()
    (tmp_path / "backups").mkdir()

    said = upkeep.run("backup", "--data-dir", data, "--to", tmp_path / "backups" / "new", status=upkeep.UNUSABLE)

    assert lost.parent.name + lost.name in said and "is not there" in said
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_restore_that_was_killed_goes_on(kept, tmp_path):
    backup, key = kept
    target = tmp_path / "data"
    command = [executable(), "restore", "--from", backup, "--data-dir", target, "--master-key-file", key]
    process = subprocess.Popen(command)
    until(lambda: (target / "penstock.sqlite").exists(), what="the database")
    process.kill()
    killed = process.wait() != 0
    if killed:
        serve = ("serve", "--data-dir", target, "--port", "0", "--master-key-file", key)
        said = upkeep.run(*serve, status=upkeep.UNUSABLE)
        assert "still being moved" in said
        upkeep.run(*command[1:])
    server = Server(target).start()
    assert server.stop() == 0
    upkeep.run("doctor", "--data-dir", target)


def test_a_backup_of_an_older_schema_is_brought_to_the_newest(kept, tmp_path):
    older, backup, target = (tmp_path / name for name in ("older", "backup", "data"))
    upkeep.run("restore", "--from", kept[0], "--data-dir", older, "--master-key-file", kept[1])
    with contextlib.closing(sqlite3.connect(older / "penstock.sqlite")) as database:
        # What the seventh step brought; the sixth brought nothing here.
        database.executescript(
            "ALTER TABLE blob DROP COLUMN generation; DROP TABLE condemned_blob; UPDATE schema SET version = 5"
        )
    upkeep.run("backup", "--data-dir", older, "--to", backup)
    assert json.loads((backup / "manifest.json").read_text())["schema"] == 5
    upkeep.run("restore", "--from", backup, "--data-dir", target, "--master-key-file", kept[1])
    upkeep.run("doctor", "--data-dir", target)
    server = Server(target).start()
    assert server.stop() == 0


def test_the_manifest_says_what_there_is(kept):
    manifest = json.loads((kept[0] / "manifest.json").read_text())
    assert manifest["format"] == 1
    assert manifest["blobs"]["count"] == len(upkeep.blob_files(kept[0]))
    for table in manifest["tables"]:
        assert (kept[0] / table["file"]).stat().st_size == table["bytes"]


def test_content_of_a_fleet_that_lost_its_database_is_kept_when_that_is_said(own_fleet, cluster, tmp_path):
    world = World(own_fleet.replicas[0], tmp_path)
    version = world.put_source()
    replica = own_fleet.replicas[0]
    key = ("--master-key-file", replica.options[replica.options.index("--master-key-file") + 1])
    old = replica.options[replica.options.index("--database") + 1]
    upkeep.run("backup", "--data-dir", replica.data_dir, "--database", old, "--to", tmp_path / "backup")
    assert own_fleet.stop() == [0, 0]
    database = ("--database", cluster.create_database())
    restore = ("restore", "--from", tmp_path / "backup", "--data-dir", replica.data_dir, *database, *key)
    before = upkeep.blob_files(own_fleet.artifacts)
    refused = upkeep.run(*restore, status=upkeep.UNUSABLE)
    assert "has the content of the database that the backup is of" in refused and "--keep-content" in refused
    upkeep.run(*restore, "--keep-content")
    assert upkeep.blob_files(own_fleet.artifacts) == before
    server = Server(replica.data_dir, *database, *key).start()
    again = world.at(server)
    again.s3.get_object(Bucket=world.bucket, Key="source.zip", VersionId=version)["Body"].read()
    assert server.stop() == 0


def test_a_backup_is_not_restored_beside_content_of_another_database(own_fleet, kept, cluster, tmp_path):
    World(own_fleet.replicas[0], tmp_path).put_source()
    assert own_fleet.stop() == [0, 0]
    said = upkeep.run(
        "restore", "--from", kept[0], "--data-dir", own_fleet.replicas[0].data_dir, "--database",
        cluster.create_database(), "--keep-content", status=upkeep.UNUSABLE)
    assert "has the content of another database" in said
