# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Our own commands, where a user's files and answers go through them."""

import sqlite3
import subprocess

from support.server import executable


def test_a_newer_schema_is_data_that_does_not_fit(own_server):
    assert own_server.stop() == 0
    database = own_server.data_dir / "penstock.sqlite"
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE schema SET version = 99")
    connection.close()
    run = subprocess.run(
        [executable(), "serve", "--data-dir", own_server.data_dir, "--port", "0"],
        capture_output=True, text=True, timeout=60,
    )
    assert run.returncode == 74
    assert f"penstock: The database {database} cannot be used: the database has schema 99" in run.stderr
