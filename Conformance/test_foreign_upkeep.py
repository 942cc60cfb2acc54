# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""The doctor, backups and restores where content is in another store."""

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


def test_the_doctor_ends_where_the_store_does_not_answer(abroad, store):
    store.gate.close()
    try:
        said = upkeep.run(
            "doctor", "--data-dir", abroad.directory, "--artifacts", store.place(abroad.prefix, timeout=1),
            status=upkeep.UNUSABLE,
        )
    finally:
        store.gate.raise_()
    assert "cannot be reached" in said


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
