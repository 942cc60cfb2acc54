# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Whose content a directory of artifacts has: no server works with another database's, and removes it as unknown."""

import os
import shutil
import subprocess

import pytest
from support import upkeep
from support.server import Server, executable
from support.world import World

FOUND = 1
MARK = "artifacts/penstock-artifacts"
OTHER = "has the content of another database, which this one does not know and would remove"


def refused(directory, *options):
    """What a server says that does not start, and leaves all content where it is."""
    before = upkeep.blob_files(directory / "artifacts")
    done = subprocess.run(
        [executable(), "serve", "--data-dir", directory, "--port", "0", *options],
        capture_output=True, text=True, timeout=60, env=os.environ,
    )
    assert done.returncode == upkeep.UNUSABLE, done.stderr
    assert upkeep.blob_files(directory / "artifacts") == before != []
    return done.stderr


@pytest.fixture
def lived(own_server, tmp_path):
    """The directory of a server that has stored content and was stopped."""
    World(own_server, tmp_path).put_source()
    assert own_server.stop() == 0
    return own_server.data_dir


def test_a_directory_whose_database_is_gone_begins_none_anew(lived):
    (lived / "penstock.sqlite").rename(lived / "elsewhere.sqlite")
    for mark in (True, False):
        if not mark:
            (lived / MARK).unlink()
        told = refused(lived)
        assert f"has content, and {lived}/penstock.sqlite, the database that it would be of, is not there" in told
        assert not (lived / "penstock.sqlite").exists()
    (lived / "elsewhere.sqlite").rename(lived / "penstock.sqlite")
    server = Server(lived).start()
    assert server.stop() == 0
    # Who has the database that names content, and no mark, is believed.
    assert (lived / MARK).exists()


def test_another_database_is_refused_whether_it_has_content_or_none(lived, tmp_path, cluster):
    key = ("--master-key-file", lived / "master-key")
    assert OTHER in refused(lived, "--database", cluster.create_database(), *key)
    other = Server(tmp_path / "other").start()
    World(other, tmp_path).put_source("of others")
    assert other.stop() == 0
    for name in ("penstock.sqlite", "penstock.sqlite-wal", "penstock.sqlite-shm"):
        (lived / name).unlink(missing_ok=True)
        if (other.data_dir / name).exists():
            shutil.copy(other.data_dir / name, lived / name)
    shutil.copy(other.data_dir / "master-key", lived / "master-key")
    assert OTHER in refused(lived)
    told = upkeep.run("doctor", "--data-dir", lived, status=FOUND)
    assert f"error other-place: {lived}/artifacts says that it has the content of another database" in told


def test_a_server_of_a_fleet_that_is_started_without_its_database_leaves_the_content_of_the_fleet(own_fleet, tmp_path):
    World(own_fleet.replicas[0], tmp_path).put_source()
    directory = own_fleet.replicas[1].data_dir
    assert own_fleet.replicas[1].stop() == 0
    master_key = own_fleet.replicas[1].options[own_fleet.replicas[1].options.index("--master-key-file") + 1]
    assert "is not there. Name the database with --database" in refused(directory, "--master-key-file", master_key)


def test_servers_that_begin_at_once_leave_one_mark(fleet):
    name = (fleet.artifacts / "penstock-artifacts").read_text().strip()
    ((known,),) = fleet.cluster.sql(
        "SELECT convert_from(value, 'UTF8') FROM setting WHERE name = 'artifacts-in-files'", fleet.database)
    assert name == known
    assert [each.name for each in fleet.artifacts.iterdir() if each.name.startswith("penstock-artifacts")] == [
        "penstock-artifacts"]


def test_an_empty_directory_is_taken_by_whoever_begins(tmp_path):
    (tmp_path / "data" / "artifacts" / "blobs" / "ab").mkdir(parents=True)
    (tmp_path / "data").chmod(0o700)
    (tmp_path / "data" / "lock").touch(mode=0o600)
    server = Server(tmp_path / "data").start()
    World(server, tmp_path).put_source()
    assert server.stop() == 0
