# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""From SQLite to PostgreSQL and back: nothing is lost, and a move that is killed goes on."""

import sqlite3
import subprocess

import pytest
from support import upkeep
from support.server import Server, executable
from support.waiting import until
from test_backups import lived_in


def moved(*arguments):
    """Moves, and returns what was said of each table: rows, rows there, hash."""
    said = upkeep.run("migrate-store", *arguments, timeout=300)
    lines = [line.split() for line in said.splitlines()[1:-1]]
    assert all(line[-1] == "equal" for line in lines), said
    return {name: (rows, there, digest) for name, rows, there, digest, _ in lines}


def test_a_store_moves_to_postgresql_and_back_with_equal_hashes(own_server, cluster, tmp_path):
    world, job = lived_in(own_server, tmp_path)
    before = upkeep.everything(world)
    home, key = own_server.data_dir, own_server.data_dir / "master-key"
    assert own_server.stop() == 0
    database = cluster.create_database()

    there = moved("--from", f"sqlite:{home}", "--to", database, "--to-data-dir", tmp_path / "shared")

    assert int(there["job"][0]) > 1 and int(there["blob"][0]) > 2
    server = Server(tmp_path / "shared", "--database", database, "--master-key-file", key).start()
    try:
        assert upkeep.everything(world.at(server)) == before
        said = upkeep.run(
            "migrate-store", "--from", database, "--from-data-dir", home, "--to", f"sqlite:{tmp_path / 'early'}",
            status=upkeep.UNUSABLE,
        )
        assert "stop them first" in said
    finally:
        assert server.stop() == 0

    said = upkeep.run(
        "migrate-store", "--from", database, "--to", f"sqlite:{tmp_path / 'back'}", status=upkeep.CONFIGURATION
    )
    assert "--from-data-dir must say" in said
    first = moved("--from", database, "--from-data-dir", server.data_dir, "--to", f"sqlite:{tmp_path / 'back'}")
    # As it came back it goes again, and is what it was.
    again = moved("--from", f"sqlite:{tmp_path / 'back'}", "--to", cluster.create_database())
    assert first == again
    # What was moved away is out of date, and nobody takes it for what there is.
    told = "The rows were moved to the PostgreSQL database."
    for command in (("serve", "--port", "0", "--master-key-file", key), ("backup", "--to", tmp_path / "saved")):
        assert told in upkeep.run(*command, "--data-dir", tmp_path / "back", status=upkeep.CONFIGURATION)
    doctor = [executable(), "doctor", "--data-dir", tmp_path / "back"]
    assert told in subprocess.run(doctor, capture_output=True, text=True, timeout=60).stderr
    (tmp_path / "back" / "moved").unlink()

    back = Server(tmp_path / "back", "--master-key-file", key).start()
    try:
        assert upkeep.everything(world.at(back)) == before
        world.at(back).succeed(job)
    finally:
        assert back.stop() == 0
    upkeep.run("doctor", "--data-dir", tmp_path / "back", "--master-key-file", key)


def test_a_move_that_is_killed_goes_on_where_it_stopped(own_server, cluster, tmp_path):
    lived_in(own_server, tmp_path)
    home, key = own_server.data_dir, own_server.data_dir / "master-key"
    assert own_server.stop() == 0
    with sqlite3.connect(home / "penstock.sqlite") as file:
        file.execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
            INSERT INTO audit_entry (at, account, region, principal, operation, resource, outcome, request_id)
            SELECT i, '000000000000', 'eu-central-1', 'p', 'o', 'r', 'ok', 'q' FROM n
            """
        )
    file.close()
    database = cluster.create_database()
    arguments = ("--from", f"sqlite:{home}", "--to", database)
    killed = 0
    for _ in range(3):
        process = subprocess.Popen([executable(), "migrate-store", *arguments], stdout=subprocess.DEVNULL)
        rows = entries(cluster, database)
        until(
            lambda: process.poll() is not None or entries(cluster, database) >= min(rows + 5000, 55000),
            deadline=60, what="some rows",
        )
        process.kill()
        killed += process.wait() != 0
        serve = ("serve", "--data-dir", home, "--database", database, "--master-key-file", key, "--port", "0")
        assert "still being moved" in upkeep.run(*serve, status=upkeep.UNUSABLE)
    assert killed == 3
    assert entries(cluster, database) >= 15000

    there = moved(*arguments)

    assert int(there["audit_entry"][1]) > 60000


def entries(cluster, database):
    """How many entries of the audit trail a database has by now."""
    try:
        return int(cluster.sql("SELECT count(*) FROM audit_entry", name_of(database))[0][0])
    except AssertionError:
        return 0


def name_of(database):
    """The database that a connection string names last."""
    return database.rsplit("dbname=")[-1]


def test_rows_of_another_store_do_not_go_on_with_a_move(own_server, cluster, tmp_path):
    lived_in(own_server, tmp_path)
    assert own_server.stop() == 0
    database = cluster.create_database()
    cluster.sql(
        """
        CREATE TABLE penstock_schema (id bigint PRIMARY KEY, version bigint NOT NULL);
        INSERT INTO penstock_schema VALUES (1, 5);
        CREATE TABLE penstock_move (id bigint PRIMARY KEY, source text, place bytea);
        INSERT INTO penstock_move VALUES (1, 'store 0123', NULL)
        """,
        name_of(database),
    )
    said = upkeep.run(
        "migrate-store", "--from", f"sqlite:{own_server.data_dir}", "--to", database, status=upkeep.UNUSABLE
    )
    assert "rows of another source (store 0123)" in said


def test_a_store_that_a_server_works_with_is_not_moved(own_server, cluster):
    arguments = ("migrate-store", "--from", f"sqlite:{own_server.data_dir}", "--to", cluster.create_database())
    assert "Another Penstock server" in upkeep.run(*arguments, status=upkeep.IN_USE)


@pytest.mark.parametrize("slip", ["", "d1", "sqlit:d1", "mysql://x?a=b", "postgress://x"])
def test_what_is_no_connection_string_reaches_no_database(tmp_path, slip):
    for command in (
        ("serve", "--data-dir", tmp_path / "new", "--database", slip),
        ("doctor", "--database", slip),
        ("migrate-store", "--from", slip, "--to", f"sqlite:{tmp_path}"),
        ("migrate-store", "--from", f"sqlite:{tmp_path}", "--to", slip),
    ):
        said = upkeep.run(*command, status=64)
        assert "it takes" in said and "postgres://… or KEYWORD=VALUE" in said, command
    assert not (tmp_path / "new").exists()


def test_a_store_has_a_name(tmp_path):
    for command in (
        ("migrate-store", "--from", f"sqlite:{tmp_path}", "--to", "sqlite:"), ("doctor", "--data-dir", ""),
    ):
        assert "names no directory" in upkeep.run(*command, status=64), command


def test_a_move_says_what_it_needs(tmp_path):
    said = upkeep.run("migrate-store", "--from", "postgres://x", "--to", "postgres://x", status=64)
    assert "the same store" in said
    said = upkeep.run(
        "migrate-store", "--from", f"sqlite:{tmp_path}", "--to", "postgres://x", status=upkeep.UNUSABLE
    )
    assert "no database" in said
