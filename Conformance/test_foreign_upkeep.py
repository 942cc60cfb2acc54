# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""The doctor, backups and restores where content is in another store."""

import contextlib
import sqlite3
import subprocess

import pytest
from support import upkeep
from support.content import query, served, sqlite
from support.server import executable
from support.waiting import until

OBJECT_DAMAGES = {
    "missing-blob": (lambda abroad: abroad.lose(), "is not there"),
    "cut": (lambda abroad: abroad.put(abroad.content()[:-1]), "bytes instead of"),
    "changed": (
        lambda abroad: abroad.put(abroad.content()[:-1] + bytes([abroad.content()[-1] ^ 1])),
        "does not have the content that its name says",
    ),
}


@pytest.mark.parametrize("damage", OBJECT_DAMAGES)
def test_damaged_objects_are_found_and_go_nowhere(abroad, store, tmp_path, damage):
    plant, told = OBJECT_DAMAGES[damage]
    key = abroad.key()
    name = "".join(key.split("/")[-3:-1])
    place = store.place(abroad.prefix)
    doctor = ("doctor", "--data-dir", abroad.directory, "--artifacts", place)
    assert "All is as it is promised to be." in upkeep.run(*doctor)
    assert "All is as it is promised to be." in upkeep.run(*doctor, "--skip-content")
    plant(abroad)

    said = upkeep.run(*doctor, status=1)

    kind = "missing-blob" if damage == "missing-blob" else "damaged-blob"
    assert f"error {kind}: s3://{store.BUCKET}/{key} " in said and told in said
    assert said.count("error ") == 1
    seen_by_size = damage != "changed"
    assert (told in upkeep.run(*doctor, "--skip-content", status=int(seen_by_size))) == seen_by_size
    assert "note content-elsewhere" in upkeep.run("doctor", "--data-dir", abroad.directory)
    for ending in [("--to-artifacts", store.place(f"{abroad.prefix}-on")), ()]:
        target = tmp_path / f"target-{len(ending)}"
        said = upkeep.run(
            "migrate-store", "--from", sqlite(abroad.directory), "--from-artifacts", place, "--to", sqlite(target),
            *ending, status=upkeep.UNUSABLE,
        )
        assert name in said and told in said
    said = upkeep.run(
        "backup", "--data-dir", abroad.directory, "--artifacts", place, "--to", tmp_path / "backup",
        status=upkeep.UNUSABLE,
    )
    assert name in said and told in said and not (tmp_path / "backup").exists()


def test_the_doctor_compares_what_database_and_place_say(abroad, store, source):
    place = ("--artifacts", store.place(abroad.prefix))
    said = upkeep.run("doctor", "--data-dir", source[0], *place, status=1)
    assert "error other-place" in said and "leave --artifacts out" in said
    query(abroad.directory, 'UPDATE blob SET "references" = "references" + 1')
    said = upkeep.run("doctor", "--data-dir", abroad.directory, *place, "--repair")
    assert said.count("error ") == said.count("error wrong-reference-count") == said.count("repaired ") > 1
    assert "All is as it is promised to be." in upkeep.run("doctor", "--data-dir", abroad.directory, *place)
    empty = ("--artifacts", store.place("empty"))
    said = upkeep.run("doctor", "--data-dir", abroad.directory, *empty, status=1)
    assert "error other-place" in said and "does not say whose content it has" in said
    abroad.mark("somebody\n")
    said = upkeep.run("doctor", "--data-dir", abroad.directory, *place, status=1)
    assert "the content of another database" in said
    query(abroad.directory, "UPDATE blob SET generation = NULL WHERE hash IN (SELECT hash FROM blob LIMIT 1)")
    said = upkeep.run("doctor", "--data-dir", abroad.directory, status=1)
    assert "error missing-blob" in said and "names no object of the store" in said


def test_the_doctor_tells_of_the_rows_where_the_store_does_not_answer(abroad, store):
    query(abroad.directory, "UPDATE object_version SET is_latest = 0")
    store.gate.close()
    try:
        said = upkeep.run(
            "doctor", "--data-dir", abroad.directory, "--artifacts", store.place(abroad.prefix, timeout=1), status=1
        )
    finally:
        store.gate.raise_()
    assert "error content-elsewhere: " in said and "cannot be reached" in said
    assert "error wrong-latest-version: " in said


def test_the_doctor_makes_no_row_of_content_that_no_row_finds_in_the_store(abroad, store):
    ((name,),) = query(abroad.directory, "SELECT lower(hex(hash)) FROM blob LIMIT 1")
    query(abroad.directory, "DELETE FROM blob WHERE hash = ?", bytes.fromhex(name))
    for _ in range(2):
        said = upkeep.run(
            "doctor", "--data-dir", abroad.directory, "--artifacts", store.place(abroad.prefix), "--repair", status=1
        )
        assert f"error wrong-reference-count: blob {name} has no row" in said and "repaired " not in said
        assert "delete the versions of objects that have it" in said


# Backups


def test_a_backup_has_the_content_of_a_store_that_is_named_and_is_restored_anywhere(
    abroad, source, store, cluster, tmp_path, serving
):
    _, objects = source
    key = abroad.directory / "master-key"
    place = store.place(abroad.prefix)
    server = serving(abroad.directory, "--artifacts", place)
    backup, bare = tmp_path / "backup", tmp_path / "bare"
    said = upkeep.run("backup", "--data-dir", abroad.directory, "--to", bare)
    assert f"{len(objects)} blobs are in another store" in said and upkeep.blob_files(bare) == []
    said = upkeep.run("backup", "--data-dir", abroad.directory, "--artifacts", place, "--to", backup)
    assert f"{len(objects)} blobs of" in said and len(upkeep.blob_files(backup)) == len(objects)
    assert {path.name for path in backup.iterdir()} == {"manifest.json", "manifest.sha256", "rows", "blobs"}
    assert server.stop() == 0

    # Into files, and as a backup of files into a store.
    for number, backup_of_files in enumerate([backup, tmp_path / "of-files"]):
        files = tmp_path / f"files-{number}"
        upkeep.run("restore", "--from", backup_of_files, "--data-dir", files, "--master-key-file", key)
        server = serving(files)
        if number == 0:
            upkeep.run("backup", "--data-dir", files, "--to", tmp_path / "of-files")
        served(server, objects)
        upkeep.run("doctor", "--data-dir", files)
    shared, again = cluster.create_database(), store.place(f"{abroad.prefix}-restored")
    for backup_of, prefix in [(backup, "restored"), (tmp_path / "of-files", "restored-files")]:
        shared, there = cluster.create_database(), store.place(f"{abroad.prefix}-{prefix}")
        directory = tmp_path / prefix
        options = ("--database", shared, "--artifacts", there, "--master-key-file", key)
        upkeep.run("restore", "--from", backup_of, "--data-dir", directory, *options)
        assert len(store.blobs(f"{abroad.prefix}-{prefix}")) == len(objects)
        served(serving(directory, *options), objects)
        upkeep.run("doctor", "--data-dir", directory, *options)
    # A prefix that has an owner is no place for a backup, and what is not in it cannot be brought anywhere.
    again = ("restore", "--data-dir", tmp_path / "no", "--artifacts", there, "--from")
    assert "holds the content of another database" in upkeep.run(*again, backup, status=upkeep.UNUSABLE)
    assert "stayed in another store" in upkeep.run(*again, bare, status=upkeep.CONFIGURATION)
    assert not (tmp_path / "no" / "penstock.sqlite").exists()
    said = upkeep.run(
        "backup", "--data-dir", source[0], "--artifacts", place, "--to", tmp_path / "none",
        status=upkeep.CONFIGURATION,
    )
    assert "is files, and not in s3://" in said and not (tmp_path / "none").exists()


def test_a_backup_is_given_up_where_content_is_named_and_counts_nothing(abroad, source, store, tmp_path):
    place = ("--artifacts", store.place(abroad.prefix))
    for directory, options in [(abroad.directory, place), (source[0], ())]:
        ((name,),) = query(directory, "SELECT lower(hex(hash)) FROM blob LIMIT 1")
        query(directory, 'UPDATE blob SET "references" = 0 WHERE hash = ?', bytes.fromhex(name))
        backup = ("backup", "--data-dir", directory, *options, "--to", tmp_path / f"backup-{len(options)}")
        said = upkeep.run(*backup, status=upkeep.UNUSABLE)
        assert f"{name} counts no row that names it" in said and "penstock doctor --repair" in said
        upkeep.run("doctor", "--data-dir", directory, *options, "--repair")
        assert f"{len(source[1])} blobs of" in upkeep.run(*backup)


def test_a_backup_of_a_schema_that_knows_no_other_store_goes_through_files(source, store, tmp_path):
    directory, objects = source
    with contextlib.closing(sqlite3.connect(directory / "penstock.sqlite")) as database:
        database.executescript(
            "ALTER TABLE blob DROP COLUMN generation; DROP TABLE condemned_blob; UPDATE schema SET version = 5"
        )
    backup = tmp_path / "backup"
    upkeep.run("backup", "--data-dir", directory, "--to", backup)
    restore = ("restore", "--from", backup, "--data-dir", tmp_path / "target")
    place = store.place("old-backup")
    said = upkeep.run(*restore, "--artifacts", place, status=upkeep.UNUSABLE)
    assert "has schema 5" in said and "restore it into files" in said and not store.objects("old-backup/")
    upkeep.run(*restore)
    upkeep.run(
        "migrate-store", "--from", sqlite(tmp_path / "target"), "--to", sqlite(tmp_path / "moved"),
        "--to-artifacts", place,
    )
    assert len(store.blobs("old-backup")) == len(objects)


def test_of_much_damaged_content_the_first_is_told_and_the_rest_counted(many, tmp_path):
    backup = tmp_path / "backup"
    upkeep.run("backup", "--data-dir", many[0], "--to", backup)
    files = upkeep.blob_files(backup)[:50]
    for file in files:
        upkeep.flip(file, 0)
    said = upkeep.run("restore", "--from", backup, "--data-dir", tmp_path / "no", status=upkeep.UNUSABLE)
    told = [f"{file.parent.name}/{file.name}" for file in files]
    assert [name in said for name in told] == [True] * 20 + [False] * 30
    assert "and 30 more" in said


def test_a_restore_into_a_store_that_was_killed_goes_on(many, store, tmp_path, serving):
    directory, objects = many
    backup, target = tmp_path / "backup", tmp_path / "target"
    upkeep.run("backup", "--data-dir", directory, "--to", backup)
    options = ("--artifacts", store.place("restore-cut"))
    command = ("restore", "--from", backup, "--data-dir", target, "--master-key-file", directory / "master-key")
    process = subprocess.Popen([executable(), *command, *options])
    until(lambda: process.poll() is not None or store.blobs("restore-cut"), what="some of the content")
    process.kill()
    assert process.wait() != 0
    assert "takes content to s3://" in upkeep.run(*command, status=upkeep.UNUSABLE)
    upkeep.run(*command, *options)
    assert len(store.blobs("restore-cut")) == len(objects)
    served(serving(target, *options), objects)
    upkeep.run("doctor", "--data-dir", target, *options)
