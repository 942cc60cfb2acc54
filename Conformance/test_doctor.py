# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""What the doctor finds: nothing where nothing is wrong, and each damage by its name."""

import base64
import contextlib
import os
import re
import shutil
import sqlite3
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from support import declarations, upkeep
from support.server import ROOT, Server
from support.world import World
from test_moves import name_of

FOUND = 1


class Patient:
    """A data directory that no server works with, to be damaged."""

    def __init__(self, directory, memory):
        self.directory = directory
        # What was so at other times.
        self.memory = memory

    def sql(self, statement, *values):
        with sqlite3.connect(self.directory / "penstock.sqlite") as database:
            changed = database.execute(statement, values).rowcount
        database.close()
        assert changed != 0, f"nothing was damaged by {statement}"

    def blob(self):
        """The file of something that is named."""
        with sqlite3.connect(self.directory / "penstock.sqlite") as database:
            ((name,),) = database.execute('SELECT hex(hash) FROM blob WHERE "references" > 0 LIMIT 1')
        database.close()
        return self.directory / "artifacts" / "blobs" / name[:2].lower() / name[2:].lower()

    def examine(self, *options, status=0):
        """The kinds of what is found, each with its lines."""
        said = upkeep.run("doctor", "--data-dir", self.directory, *options, status=status)
        found = {}
        for severity, kind, text in re.findall(r"^(error|warning|note) ([a-z-]+): (.*)$", said, re.MULTILINE):
            found.setdefault(kind, []).append((severity, text))
        return found, said


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    """A directory in which one execution runs and others have ended, and what its pipeline's head was before."""
    directory = tmp_path_factory.mktemp("healthy")
    server = Server(directory / "data").start()
    world = World(server, directory)
    world.create_custom_type()
    world.put_source()
    work = declarations.action("Ship", world.custom)
    world.create(("First", [work]), ("Second", [work]))
    world.create(("Sign", [declarations.approval()]), name=f"{world.name}-signed")
    for _ in range(2):
        world.succeed(world.acknowledged_job())
    world.start()
    job = world.acknowledged_job()
    with sqlite3.connect(server.data_dir / "penstock.sqlite") as database:
        ((head,),) = database.execute("SELECT head FROM pipeline WHERE name = ?", (world.name,))
    database.close()
    world.succeed(job)
    world.acknowledged_job()
    world.hold("First")
    assert server.stop() == 0
    return server.data_dir, {"head": head, "name": world.name}


@pytest.fixture
def patient(healthy, tmp_path):
    directory, memory = healthy
    shutil.copytree(directory, tmp_path / "data")
    (tmp_path / "data").chmod(0o700)
    return Patient(tmp_path / "data", memory)


def age(path, days):
    past = time.time() - days * 86400
    os.utime(path, (past, past))


def write(path, content=b"x"):
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def damage_page(patient):
    """Empties a page that holds entries of an index."""
    file = patient.directory / "penstock.sqlite"
    with sqlite3.connect(file) as database:
        ((page,),) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'job_of_pipeline'")
        ((size,),) = database.execute("PRAGMA page_size")
    database.close()
    with open(file, "r+b") as content:
        content.seek((page - 1) * size)
        content.write(bytes(size))


def lose_executions(patient):
    patient.sql("DELETE FROM live_execution")


def store_elsewhere(patient):
    """As it is where content is in another store."""
    patient.sql("INSERT INTO setting (name, value) VALUES ('artifacts-in-foreign-store', x'30')")
    patient.sql("UPDATE blob SET generation = randomblob(16)")


DAMAGES = {
    "damaged-file": damage_page,
    "unfinished-move": lambda patient: patient.sql("CREATE TABLE unfinished_move (source TEXT)"),
    "other-schema": lambda patient: patient.sql("UPDATE schema SET version = version - 1"),
    "unreadable-row": lambda patient: patient.sql("UPDATE stage_run SET details = x'ff'"),
    "broken-rule": lambda patient: patient.sql(
        "UPDATE pipeline SET head = ? WHERE name = ?", patient.memory["head"], patient.memory["name"]
    ),
    "missing-execution": lose_executions,
    "stray-execution": lambda patient: patient.sql(
        "UPDATE live_execution SET pipeline = (SELECT max(number) + min(number) FROM pipeline) - pipeline"
    ),
    "missing-version": lambda patient: patient.sql("DELETE FROM pipeline_version"),
    "history-differs": lambda patient: patient.sql("DELETE FROM action_execution WHERE status = 'InProgress'"),
    "action-without-job": lambda patient: patient.sql("DELETE FROM job WHERE ended_at IS NULL"),
    "job-without-action": lose_executions,
    "missing-timer": lambda patient: patient.sql("DELETE FROM timer"),
    "stray-timer": lambda patient: patient.sql(
        "INSERT INTO timer (key, pipeline, due, details) SELECT ?, pipeline, due, details FROM timer LIMIT 1",
        f"action/{uuid.uuid4()}",
    ),
    "event-queue-length": lambda patient: patient.sql(
        "INSERT INTO event_queue (target, pipeline, length, due) SELECT 'hook', id, 2, 0 FROM pipeline LIMIT 1"
    ),
    "number-reused": lambda patient: patient.sql(
        "UPDATE sqlite_sequence SET seq = 0 WHERE name = 'object_version'"
    ),
    "wrong-latest-version": lambda patient: patient.sql("UPDATE object_version SET is_latest = 0"),
    "wrong-reference-count": lambda patient: patient.sql('UPDATE blob SET "references" = "references" + 1'),
    "missing-blob": lambda patient: patient.blob().unlink(),
    "damaged-blob": lambda patient: upkeep.flip(patient.blob(), 0),
    "other-place": lambda patient: patient.sql("UPDATE blob SET generation = randomblob(16)"),
    "content-elsewhere": store_elsewhere,
    "stray-file": lambda patient: write(patient.directory / "artifacts" / "blobs" / "ab" / "mine"),
    "temporary-file": lambda patient: age(write(patient.directory / "artifacts" / "incoming" / "old"), days=2),
    "open-permissions": lambda patient: patient.directory.chmod(0o755),
    "missing-key": lambda patient: (patient.directory / "master-key").unlink(),
    "other-key": lambda patient: write(patient.directory / "master-key", base64.b64encode(os.urandom(32))),
    "unreadable-secret": lambda patient: patient.sql("UPDATE access_key SET sealed_secret = x'01020304'"),
}
REPAIRED = ["number-reused", "open-permissions", "stray-timer", "temporary-file", "wrong-reference-count"]
# The service takes care of it, so it is no reason for a status.
NOTED = ["temporary-file", "content-elsewhere"]


def test_where_nothing_is_wrong_nothing_is_found(patient):
    found, said = patient.examine()
    assert found == {}
    assert "All is as it is promised to be." in said


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damage_is_found_and_called_by_its_name(patient, kind):
    DAMAGES[kind](patient)
    found, said = patient.examine(status=0 if kind in NOTED else FOUND)
    assert kind in found, said


def test_every_kind_of_finding_is_in_the_manual_and_is_planted_here():
    manual = (ROOT / "docs" / "operating" / "backup.md").read_text()
    table = manual[manual.index("## What the doctor finds") :]
    assert sorted(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)) == sorted(DAMAGES)


@pytest.mark.parametrize("kind", REPAIRED)
def test_what_can_be_repaired_is_when_it_is_asked_for(patient, kind):
    DAMAGES[kind](patient)
    before, _ = patient.examine(status=0 if kind in NOTED else FOUND)
    again, _ = patient.examine(status=0 if kind in NOTED else FOUND)
    assert before == again, "looking repairs nothing"

    _, said = patient.examine("--repair")
    assert said.count(f"repaired {kind}: ") == len(before[kind])

    found, _ = patient.examine()
    assert found == {}


def test_what_cannot_be_repaired_stays_and_is_told(patient):
    DAMAGES["missing-blob"](patient)
    DAMAGES["stray-timer"](patient)
    _, said = patient.examine("--repair", status=FOUND)
    assert "repaired stray-timer" in said and "repaired missing-blob" not in said
    found, _ = patient.examine(status=FOUND)
    assert list(found) == ["missing-blob"]


@pytest.mark.parametrize("damage", ["missing-blob", "damaged-blob"])
def test_objects_that_have_lost_content_are_named(patient, damage):
    blob = patient.blob()
    DAMAGES[damage](patient)
    with sqlite3.connect(patient.directory / "penstock.sqlite") as database:
        versions = database.execute("SELECT bucket, key, version_id FROM object_version ORDER BY sequence").fetchall()
    database.close()
    found, _ = patient.examine(status=FOUND)
    ((_, text),) = found[damage]
    assert text.startswith(str(blob))
    named = re.findall(r"object (\S+?)/(\S+) version (\w+)", text)
    assert named and all((bucket, key.encode(), version) in versions for bucket, key, version in named), text


def test_of_many_objects_some_are_named_and_the_others_counted(own_server, tmp_path):
    world = World(own_server, tmp_path)
    for number in range(10):
        world.s3.put_object(Bucket=world.bucket, Key=f"copy-{number}", Body=b"content")
    upload = world.s3.create_multipart_upload(Bucket=world.bucket, Key="parts")["UploadId"]
    world.s3.upload_part(Bucket=world.bucket, Key="parts", UploadId=upload, PartNumber=1, Body=b"others")
    own_server.stop()
    patient = Patient(own_server.data_dir, {})
    for file in (patient.directory / "artifacts" / "blobs").glob("*/*"):
        file.unlink()
    found, _ = patient.examine(status=FOUND)
    texts = sorted(text for _, text in found["missing-blob"])
    (copies,) = (text for text in texts if "copy-" in text)
    assert copies.count(f"object {world.bucket}/copy-") == 3 and " and 7 more" in copies
    assert any(f"part 1 of the upload {upload}" in text for text in texts)


def test_content_is_not_read_where_sizes_are_enough(patient):
    DAMAGES["damaged-blob"](patient)
    found, _ = patient.examine("--skip-content")
    assert found == {}


def test_a_running_server_is_looked_at_and_not_repaired(own_server, tmp_path):
    world = World(own_server, tmp_path)
    world.custom_pipeline()
    world.acknowledged_job()
    said = upkeep.run("doctor", "--data-dir", own_server.data_dir)
    assert "All is as it is promised to be." in said
    said = upkeep.run("doctor", "--data-dir", own_server.data_dir, "--repair", status=upkeep.IN_USE)
    assert "Another Penstock server" in said


def test_nothing_is_found_while_much_happens(own_server, tmp_path):
    worlds = []
    for mode in ["SUPERSEDED", "QUEUED", "PARALLEL"]:
        world = World(own_server, tmp_path)
        world.create_custom_type()
        world.put_source()
        stages = [(name, [world.work()]) for name in ("First", "Second")]
        world.create(*stages, executionMode=mode, pipelineType="V2")
        worlds.append(world)
    stopped = threading.Event()

    def live(world):
        """Executions that start, pass and fail, and objects that come and go, until the test stops it."""
        turn, errors = 0, world.codepipeline.exceptions
        while not stopped.is_set():
            turn += 1
            for job in world.poll():
                world.codepipeline.acknowledge_job(jobId=job["id"], nonce=job["nonce"])
                (world.succeed if turn % 5 else world.fail)(job)
            world.put_source(str(turn), key=f"{turn % 7}.zip")
            world.s3.delete_object(Bucket=world.bucket, Key=f"{(turn + 3) % 7}.zip")
            if turn % 3 == 0:
                with contextlib.suppress(errors.ConcurrentPipelineExecutionsLimitExceededException):
                    world.start()

    with ThreadPoolExecutor(len(worlds)) as pool:
        lives = [pool.submit(live, world) for world in worlds]
        try:
            for _ in range(10):
                upkeep.run("doctor", "--data-dir", own_server.data_dir)
        finally:
            stopped.set()
        for each in lives:
            each.result()
    assert own_server.stop() == 0
    upkeep.run("doctor", "--data-dir", own_server.data_dir)


def test_postgresql_is_looked_at_and_repaired_alike(own_server, cluster, tmp_path):
    world = World(own_server, tmp_path)
    world.custom_pipeline()
    world.acknowledged_job()
    key = own_server.data_dir / "master-key"
    assert own_server.stop() == 0
    database = cluster.create_database()
    upkeep.run("migrate-store", "--from", f"sqlite:{own_server.data_dir}", "--to", database)
    arguments = ("doctor", "--data-dir", own_server.data_dir, "--database", database)
    upkeep.run(*arguments)
    name = name_of(database)
    cluster.sql('UPDATE blob SET "references" = 7', name)
    cluster.sql("SELECT setval(pg_get_serial_sequence('object_version', 'sequence'), 1, false)", name)
    cluster.sql(
        f"""
        INSERT INTO timer (key, pipeline, due, account, region, pipeline_name, execution)
        SELECT 'job/{uuid.uuid4()}', pipeline, due, account, region, pipeline_name, execution FROM timer LIMIT 1
        """,
        name,
    )
    said = upkeep.run(*arguments, status=FOUND)
    for kind in ["wrong-reference-count", "number-reused", "stray-timer"]:
        assert kind in said
    upkeep.run(*arguments, "--repair")
    assert "All is as it is promised to be." in upkeep.run(*arguments, "--master-key-file", key)


def test_what_postgresql_does_not_check_of_a_job_the_doctor_does(own_server, cluster, tmp_path):
    world = World(own_server, tmp_path)
    world.custom_pipeline()
    world.acknowledged_job()
    assert own_server.stop() == 0
    database = cluster.create_database()
    upkeep.run("migrate-store", "--from", f"sqlite:{own_server.data_dir}", "--to", database)
    arguments = ("doctor", "--data-dir", own_server.data_dir, "--database", database)
    cluster.sql("CREATE TABLE kept AS SELECT * FROM job", name_of(database))
    for damage in ["status = 'Lost'", "dispatch = -1", "visible_at = created_at", "ended_at = created_at"]:
        cluster.sql(f"UPDATE job SET {damage} WHERE ended_at IS NULL", name_of(database))
        said = upkeep.run(*arguments, status=FOUND)
        assert "unreadable-row" in said and "job" in said, damage
        cluster.sql(
            """
            UPDATE job SET status = kept.status, dispatch = kept.dispatch, visible_at = kept.visible_at,
                ended_at = kept.ended_at FROM kept WHERE job.id = kept.id
            """,
            name_of(database),
        )
    upkeep.run(*arguments)


def test_where_there_is_nothing_to_look_at_that_is_said(tmp_path):
    assert "no database" in upkeep.run("doctor", "--data-dir", tmp_path, status=upkeep.UNUSABLE)
