# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Content that goes from files into another store, from there to the next, and back, with the rows that name it."""

import collections
import contextlib
import os
import re
import shutil
import sqlite3
import subprocess

import pytest
from support import upkeep
from support.content import query, served, sqlite
from support.server import REGION, executable
from support.store import read
from support.waiting import until
from support.world import World
from test_backups import lived_in
from test_moves import entries, moved

MIB = 1024 * 1024


def test_content_goes_into_a_store_on_to_another_and_back_with_its_rows(
    own_server, store, cluster, tmp_path, serving
):
    world, job = lived_in(own_server, tmp_path)
    body = os.urandom(MIB) * 65
    world.s3.put_object(Bucket=world.bucket, Key="parts", Body=body)
    before = upkeep.everything(world)
    home, key = own_server.data_dir, own_server.data_dir / "master-key"
    assert own_server.stop() == 0
    # What nothing names does not come along, and is not promised to be there.
    query(home, 'INSERT INTO blob (hash, size_bytes, "references", changed) VALUES (randomblob(32), 5, 0, 0)')
    named = query(home, 'SELECT count(*) FROM blob WHERE "references" > 0')[0][0]
    shared = cluster.create_database()
    one, two = store.place("move-one"), store.place("move-two")

    there = moved("--from", sqlite(home), "--to", shared, "--to-artifacts", one)

    assert there["blob"][:2] == (str(named), str(named))
    assert len(store.blobs("move-one")) == named
    (large,) = (each for each, size in store.blobs("move-one").items() if size == len(body))
    assert store.s3.head_object(Bucket=store.BUCKET, Key=large)["ETag"].endswith('-2"')
    assert len({each.rpartition("/")[2] for each in store.blobs("move-one")}) == 1
    on_shared = ("--data-dir", home, "--database", shared, "--master-key-file", key)
    refused = upkeep.run("serve", *on_shared, "--port", "0", status=upkeep.CONFIGURATION)
    assert "name it with --artifacts" in refused
    doctor = ("doctor", *on_shared)
    assert "note content-elsewhere" in upkeep.run(*doctor)
    assert "content-elsewhere" not in upkeep.run(*doctor, "--artifacts", one)

    # On to another store, of the same kind of rows, with a put and a removal in between.
    server = serving(home, *on_shared[2:], "--artifacts", one)
    there = world.at(server)
    assert upkeep.everything(there) == before
    there.s3.put_object(Bucket=world.bucket, Key="later", Body=b"later")
    assert server.stop() == 0
    other = cluster.create_database()
    moved(
        "--from", shared, "--from-artifacts", one, "--to", other, "--to-artifacts", two,
        "--to-data-dir", tmp_path / "second",
    )
    assert len(store.blobs("move-two")) == named + 1
    generations = [{each.rpartition("/")[2] for each in store.blobs(name)} for name in ("move-one", "move-two")]
    assert not generations[0] & generations[1]
    server = serving(tmp_path / "second", "--database", other, "--artifacts", two, "--master-key-file", key)
    there = world.at(server)
    assert read(there.s3, world.bucket, "later") == b"later"
    there.s3.delete_object(
        Bucket=world.bucket, Key="later",
        VersionId=there.s3.head_object(Bucket=world.bucket, Key="later")["VersionId"],
    )
    assert upkeep.everything(there) == before
    assert server.stop() == 0
    shown = upkeep.run(
        "doctor", "--data-dir", tmp_path / "second", "--database", other, "--artifacts", two,
        "--master-key-file", key,
    )
    assert "All is as it is promised to be." in shown

    # And back into files of an embedded server.
    moved("--from", other, "--from-artifacts", two, "--to", sqlite(tmp_path / "back"))
    assert len(upkeep.blob_files(tmp_path / "back" / "artifacts")) == named
    assert list((tmp_path / "back" / "artifacts" / "incoming").iterdir()) == []
    server = serving(tmp_path / "back", "--master-key-file", key)
    there = world.at(server)
    assert upkeep.everything(there) == before
    there.succeed(job)
    assert server.stop() == 0
    upkeep.run("doctor", "--data-dir", tmp_path / "back", "--master-key-file", key)


def test_rows_move_and_content_stays_in_its_store(own_abroad, store, cluster, tmp_path, serving):
    server = own_abroad("stays")
    s3 = server.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="k", Body=b"kept")
    assert server.stop() == 0
    before = store.objects("stays/")
    shared, again, back = cluster.create_database(), cluster.create_database(), tmp_path / "back"
    # Neither way takes a directory of the database, which has no content in files.
    for source, target in [(sqlite(server.data_dir), shared), (shared, again), (again, sqlite(back))]:
        said = upkeep.run("migrate-store", "--from", source, "--to", target)
        assert "DIFFERS" not in said and "do not start a server on it again: both have the same content" in said
        assert store.objects("stays/") == before
    options = ("--artifacts", store.place("stays"), "--master-key-file", server.data_dir / "master-key")
    for directory, place in [(server.data_dir, ("--database", again, *options)), (back, options)]:
        upkeep.run("doctor", "--data-dir", directory, *place)
    served(serving(back, *options), {"k": b"kept"})
    upkeep.run("doctor", "--data-dir", back, *options)


def test_a_move_that_is_killed_goes_on_and_sends_nothing_twice(many, store, cluster, tmp_path, serving):
    home, objects = tmp_path / "home", many[1]
    shutil.copytree(many[0], home)
    key = home / "master-key"
    query(
        home,
        """
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
        INSERT INTO audit_entry (at, account, region, principal, operation, resource, outcome, request_id)
        SELECT i, '000000000000', 'eu-central-1', 'p', 'o', 'r', 'ok', 'q' FROM n
        """,
    )
    shared, place = cluster.create_database(), store.place("cut")
    arguments = ("migrate-store", "--from", sqlite(home), "--to", shared, "--to-artifacts", place)
    there = ("--database", shared, "--artifacts", place, "--master-key-file", key)

    def killed_when(look):
        process = subprocess.Popen([executable(), *arguments], stdout=subprocess.DEVNULL)
        until(lambda: process.poll() is not None or look(), deadline=120, what="some of the move")
        process.kill()
        assert process.wait() != 0
        serve = ("serve", "--data-dir", home, *there, "--port", "0")
        assert "still being moved" in upkeep.run(*serve, status=upkeep.UNUSABLE)

    # As soon as the prefix is marked; in the middle of the content; in the middle of the rows.
    killed_when(lambda: store.objects("cut/"))
    killed_when(lambda: len(store.blobs("cut")) > 100)
    sent = store.blobs("cut")
    assert len(sent) < len(objects)
    killed_when(lambda: entries(cluster, shared) >= 8000)
    assert len(store.blobs("cut")) == len(objects)

    said = moved(*arguments[1:])

    assert said["blob"][1] == str(len(objects)) and int(said["audit_entry"][1]) > 40000
    puts = collections.Counter(
        target.partition("?")[0] for method, target in store.requests if method == "PUT" and "/cut/blobs/" in target
    )
    assert len(puts) == len(objects)
    # All that was there when the second attempt ended was sent once; what was on the way then, once more at the most.
    assert {puts[f"/{store.BUCKET}/{key}"] for key in sent} == {1}
    assert sum(puts.values()) <= len(objects) + 2 * 8
    assert len({each.rpartition("/")[2] for each in puts}) == 1
    upkeep.run("doctor", "--data-dir", home, *there)
    served(serving(home, *there), objects)


def test_a_move_goes_on_with_the_place_and_the_way_that_it_began_with(source, store, tmp_path):
    directory, _ = source
    target = tmp_path / "target"
    arguments = ("migrate-store", "--from", sqlite(directory), "--to", sqlite(target))
    absent = upkeep.blob_files(directory / "artifacts")[0]
    absent.rename(tmp_path / "absent")
    upkeep.run(*arguments, "--to-artifacts", store.place("begun"), status=upkeep.UNUSABLE)
    (tmp_path / "absent").rename(absent)
    for others in [("--to-artifacts", store.place("elsewhere")), ()]:
        said = upkeep.run(*arguments, *others, status=upkeep.UNUSABLE)
        assert "takes content to s3://" in said and "/begun/" in said
    assert not store.objects("elsewhere/")
    moved(*arguments[1:], "--to-artifacts", store.place("begun"))
    # A prefix that another attempt has marked is not taken by this one.
    said = upkeep.run(
        "migrate-store", "--from", sqlite(directory), "--to", sqlite(tmp_path / "again"),
        "--to-artifacts", store.place("begun"), status=upkeep.UNUSABLE,
    )
    assert "holds the content of another database" in said
    assert not (tmp_path / "again" / "penstock.sqlite").exists()


def test_a_prefix_of_another_database_is_left_alone(source, own_abroad, store, tmp_path, serving):
    directory, objects = source
    other = own_abroad("others")
    other.client("s3").create_bucket(Bucket="theirs")
    other.client("s3").put_object(Bucket="theirs", Key="k", Body=b"theirs")
    before = store.objects("others/")
    arguments = ("--from", sqlite(directory), "--to", sqlite(tmp_path / "target"), "--to-artifacts")

    said = upkeep.run("migrate-store", *arguments, store.place("others"), status=upkeep.UNUSABLE)

    assert "holds the content of another database" in said
    assert store.objects("others/") == before
    assert read(other.client("s3"), "theirs", "k") == b"theirs"
    # Nothing was begun, so the right place may be named next.
    moved(*arguments, store.place("free"))
    place = ("--artifacts", store.place("free"))
    server = serving(tmp_path / "target", "--master-key-file", directory / "master-key", *place)
    served(server, objects)
    upkeep.run("doctor", "--data-dir", tmp_path / "target", "--master-key-file", directory / "master-key", *place)


def test_a_place_that_cannot_be_used_is_told_before_anything_is_begun(source, store, tmp_path):
    directory, _ = source
    arguments = ("migrate-store", "--from", sqlite(directory), "--to", sqlite(tmp_path / "target"), "--to-artifacts")
    missing = store.place("a").replace(store.BUCKET, "no-such-bucket")
    assert "there is no bucket" in upkeep.run(*arguments, missing, status=upkeep.CONFIGURATION)
    said = upkeep.run(*arguments, store.place("a", secret="s"), status=upkeep.CONFIGURATION)
    assert "--to-artifacts, cannot be used" in said and "secret is not known here" in said
    store.gate.close()
    try:
        said = upkeep.run(*arguments, store.place("a", timeout=1), status=upkeep.UNUSABLE)
    finally:
        store.gate.raise_()
    assert "cannot be reached" in said
    assert not (tmp_path / "target" / "penstock.sqlite").exists()


def test_where_the_source_has_its_content_is_looked_at(source, own_abroad, store, tmp_path):
    directory, _ = source
    target = ("--to", sqlite(tmp_path / "target"))
    of_files = ("migrate-store", "--from", sqlite(directory), *target)
    said = upkeep.run(*of_files, "--from-artifacts", store.place("nowhere"), status=upkeep.CONFIGURATION)
    assert "is files, and not in s3://" in said
    server = own_abroad("looked-at")
    server.client("s3").create_bucket(Bucket="bucket")
    server.client("s3").put_object(Bucket="bucket", Key="k", Body=b"k")
    assert server.stop() == 0
    abroad = ("migrate-store", "--from", sqlite(server.data_dir), *target)
    said = upkeep.run(*abroad, "--to-artifacts", store.place("unused"), status=upkeep.CONFIGURATION)
    assert "is in another store" in said
    said = upkeep.run(*abroad, "--from-artifacts", store.place("nowhere"), status=upkeep.UNUSABLE)
    assert "has nothing of the database" in said
    assert not (tmp_path / "target" / "penstock.sqlite").exists()
    for arguments, told in [
        (("--from", "host=x", "--to", "host=y", "--from-artifacts", "s3://aaa"), "--to-data-dir must name"),
        (("--from", "host=x", "--to", "host=y", "--to-artifacts", "s3://aaa"), "--from-data-dir must say"),
        ((*abroad[1:], "--from-artifacts", "s3://aaa", "--to-artifacts", "s3://aaa"), "without them content stays"),
    ]:
        assert told in upkeep.run("migrate-store", *arguments, status=64)


def test_rows_of_a_schema_that_knows_no_other_store_wait_for_a_server(source, store, tmp_path, serving):
    directory, objects = source
    with contextlib.closing(sqlite3.connect(directory / "penstock.sqlite")) as database:
        # What the seventh step brought; the sixth brought nothing here.
        database.executescript(
            "ALTER TABLE blob DROP COLUMN generation; DROP TABLE condemned_blob; UPDATE schema SET version = 5"
        )
    arguments = ("--from", sqlite(directory), "--to", sqlite(tmp_path / "target"))
    place = ("--to-artifacts", store.place("schema"))
    said = upkeep.run("migrate-store", *arguments, *place, status=upkeep.UNUSABLE)
    assert "have schema 5, and only from 7 on" in said
    assert not store.objects("schema/") and not (tmp_path / "target" / "penstock.sqlite").exists()
    assert serving(directory).stop() == 0
    moved(*arguments, *place)
    assert len(store.blobs("schema")) == len(objects)


def test_a_move_that_is_finished_says_so_when_it_is_run_again(source, store, cluster, tmp_path):
    directory, objects = source
    places = {"finished": sqlite(tmp_path / "target"), "finished-shared": cluster.create_database()}
    for prefix, target in places.items():
        arguments = ("--from", sqlite(directory), "--to", target, "--to-artifacts")
        moved(*arguments, store.place(prefix))
        before = store.objects(f"{prefix}/")
        assert len(before) == len(objects) + 1
        said = upkeep.run("migrate-store", *arguments, store.place(prefix), status=upkeep.UNUSABLE)
        assert "the move is finished" in said and "start a server" in said
        said = upkeep.run("migrate-store", *arguments, store.place(f"{prefix}-not"), status=upkeep.UNUSABLE)
        assert "in use already" in said and not store.objects(f"{prefix}-not/")
        assert store.objects(f"{prefix}/") == before


def test_a_prefix_that_another_takes_meanwhile_is_not_served_from(many, store, tmp_path):
    directory, _ = many
    target = tmp_path / "target"
    arguments = ("--from", sqlite(directory), "--to", sqlite(target), "--to-artifacts", store.place("met"))
    process = subprocess.Popen(
        [executable(), "migrate-store", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    until(lambda: process.poll() is not None or len(store.blobs("met")) > 20, what="some of the content")
    store.s3.put_object(Bucket=store.BUCKET, Key="met/penstock-artifacts", Body=b"somebody\n")
    _, said = process.communicate(timeout=120)
    assert process.returncode == upkeep.UNUSABLE and "was taken by another database" in said
    serve = ("serve", "--data-dir", target, "--artifacts", store.place("met"), "--port", "0")
    key = ("--master-key-file", directory / "master-key")
    assert "still being moved" in upkeep.run(*serve, *key, status=upkeep.UNUSABLE)


def test_a_first_move_asks_for_no_object(source, store, tmp_path):
    directory, objects = source
    moved("--from", sqlite(directory), "--to", sqlite(tmp_path / "target"), "--to-artifacts", store.place("first"))

    def requests(asked):
        return sum(method == asked and "/first/blobs/" in target for method, target in store.requests)

    until(lambda: requests("PUT") == len(objects), what="the log of the store")
    assert requests("HEAD") == 0


def test_a_file_of_the_same_name_and_size_is_read(abroad, source, store, tmp_path, serving):
    directory, objects = source
    target = tmp_path / "target"
    # The files as they were before they went into the store, one of them damaged meanwhile.
    shutil.copytree(directory, target)
    for each in target.glob("penstock.sqlite*"):
        each.unlink()
    file = max(upkeep.blob_files(target / "artifacts"), key=lambda path: path.stat().st_size)
    content = file.read_bytes()
    upkeep.flip(file, 0)
    place = ("--from-artifacts", store.place(abroad.prefix))
    moved("--from", sqlite(abroad.directory), *place, "--to", sqlite(target))
    assert file.read_bytes() == content
    served(serving(target), objects)


# Damage


def damaged_row(directory, change, *values):
    """Changes the row of content that an object has, and returns its hash."""
    ((name,),) = query(directory, 'SELECT lower(hex(hash)) FROM blob WHERE "references" > 0 LIMIT 1')
    query(directory, f"{change} WHERE hash = ?", *values, bytes.fromhex(name))
    return name


def test_content_that_is_named_as_an_object_and_is_a_file_is_not_left_behind(source, store, tmp_path):
    directory, objects = source
    name = damaged_row(directory, "UPDATE blob SET generation = ?", os.urandom(16))
    place = store.place("named-elsewhere")
    said = upkeep.run(
        "migrate-store", "--from", sqlite(directory), "--to", sqlite(tmp_path / "target"), "--to-artifacts", place,
        status=upkeep.UNUSABLE,
    )
    assert f"{name} is named as an object of another store" in said
    backup = tmp_path / "backup"
    upkeep.run("backup", "--data-dir", directory, "--to", backup)
    said = upkeep.run(
        "restore", "--from", backup, "--data-dir", tmp_path / "restored", "--artifacts", place,
        status=upkeep.UNUSABLE,
    )
    assert f"{name} is named as an object of another store" in said
    assert not store.objects("named-elsewhere/")
    for each in ("target", "restored"):
        assert not (tmp_path / each / "penstock.sqlite").exists()


COUNTS = {
    "counts 0 rows that name it, and there are 1": 'UPDATE blob SET "references" = 0',
    "counts 2 rows that name it, and there are 1": 'UPDATE blob SET "references" = 2',
    "has no row, and 1 rows name it": "DELETE FROM blob",
}


@pytest.mark.parametrize("told", COUNTS)
def test_content_whose_count_is_wrong_is_not_left_behind(source, store, tmp_path, told):
    directory, objects = source
    name = damaged_row(directory, COUNTS[told])
    prefix = f"counts-{list(COUNTS).index(told)}"
    arguments = ("--from", sqlite(directory), "--to", sqlite(tmp_path / "target"))
    place = ("--to-artifacts", store.place(prefix))

    said = upkeep.run("migrate-store", *arguments, *place, status=upkeep.UNUSABLE)

    assert f"{name} {told}" in said and "penstock doctor --repair" in said
    assert not store.objects(f"{prefix}/") and not (tmp_path / "target" / "penstock.sqlite").exists()
    upkeep.run("doctor", "--data-dir", directory, "--repair")
    moved(*arguments, *place)
    assert len(store.blobs(prefix)) == len(objects)


def test_a_store_that_goes_away_is_told_with_the_content_that_it_did_not_take(many, store, tmp_path):
    directory, objects = many
    arguments = ("--from", sqlite(directory), "--to", sqlite(tmp_path / "target"), "--to-artifacts")
    place = store.place("goes-away", timeout=1)
    process = subprocess.Popen(
        [executable(), "migrate-store", *arguments, place], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: process.poll() is not None or len(store.blobs("goes-away")) > 20, what="some of the content")
    store.gate.close()
    try:
        _, said = process.communicate(timeout=120)
    finally:
        store.gate.raise_()
    assert process.returncode == upkeep.UNUSABLE
    assert re.search(r"The content [0-9a-f]{64} cannot be copied: s3://", said), said
    moved(*arguments, place)
    assert len(store.blobs("goes-away")) == len(objects)


DAMAGES = {
    "is not there": lambda path: path.unlink(),
    "bytes instead of": lambda path: os.truncate(path, path.stat().st_size - 1),
    "does not have the content that its name says": lambda path: upkeep.flip(path, 0),
}


@pytest.mark.parametrize("told", DAMAGES)
def test_damaged_files_are_named_and_go_nowhere(source, store, tmp_path, told):
    directory, objects = source
    damaged = max(upkeep.blob_files(directory / "artifacts"), key=lambda path: path.stat().st_size)
    content = damaged.read_bytes()
    DAMAGES[told](damaged)
    prefix = f"damaged-{list(DAMAGES).index(told)}"
    arguments = ("--from", sqlite(directory), "--to", sqlite(tmp_path / "target"))
    place = ("--to-artifacts", store.place(prefix))

    said = upkeep.run("migrate-store", *arguments, *place, status=upkeep.UNUSABLE)

    name = damaged.parent.name + damaged.name
    assert name in said and told in said
    assert not any(name[2:] in key for key in store.blobs(prefix))
    # Once it is put right, the move goes on.
    damaged.write_bytes(content)
    moved(*arguments, *place)
    assert len(store.blobs(prefix)) == len(objects)


# Another Penstock as the store


def test_another_penstock_is_moved_into_with_the_rights_that_are_documented(own_server, tmp_path, serving):
    world = World(own_server, tmp_path)
    objects = {"large": os.urandom(MIB) * 66, "small": b"small"}
    world.s3.create_bucket(Bucket="bucket")
    for key, body in objects.items():
        world.s3.put_object(Bucket="bucket", Key=key, Body=body)
    assert own_server.stop() == 0
    other = serving(tmp_path / "other")
    other.client("s3").create_bucket(Bucket="elsewhere")
    (tmp_path / "policy.json").write_text(
        """
        {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Resource": "arn:aws:s3:::elsewhere/a/*",
             "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]},
            {"Effect": "Allow", "Resource": "arn:aws:s3:::elsewhere",
             "Action": ["s3:ListBucket", "s3:ListBucketMultipartUploads"]}]}
        """
    )
    keys = other.create_key("--name", "artifacts", "--policy", tmp_path / "policy.json")
    profile = "[penstock]\naws_access_key_id={}\naws_secret_access_key={}\n"
    place = f"s3://elsewhere/a?endpoint={other.endpoint}&region={REGION}&profile=penstock&credentials={tmp_path}/keys"
    target = tmp_path / "target"
    arguments = ("--from", sqlite(own_server.data_dir), "--to", sqlite(target), "--to-artifacts", place)
    (tmp_path / "keys").write_text(profile.format(keys["aws_access_key_id"], "wrong-secret"))
    said = upkeep.run("migrate-store", *arguments, status=upkeep.CONFIGURATION)
    assert f"the key {keys['aws_access_key_id']} is not known, or may not do it" in said
    assert "wrong-secret" not in said and not (target / "penstock.sqlite").exists()
    (tmp_path / "keys").write_text(profile.format(keys["aws_access_key_id"], keys["aws_secret_access_key"]))

    moved(*arguments)

    shutil.copy(own_server.data_dir / "master-key", target)
    served(serving(target, "--artifacts", place), objects)
    assert "promised to be." in upkeep.run("doctor", "--data-dir", target, "--artifacts", place)
    assert other.stop() == 0
