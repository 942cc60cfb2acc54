# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Writes how many transactions the database PENSTOCK_DATABASE has committed, once nobody uses it, to a file."""

import os
import sys
from pathlib import Path

import psycopg


def count(conninfo):
    """Processes of the database tell what they did when they end, so the servers have to have ended."""
    with psycopg.connect(conninfo) as connection:
        statement = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        return connection.execute(statement).fetchone()[0]


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(str(count(os.environ["PENSTOCK_DATABASE"])))
