# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Fills the database PENSTOCK_DATABASE with pipelines and their history, by SQL: copies of what one pipeline has.

That pipeline is `template`, whose only execution has ended. Identifiers grow, as they do in use; executions of the
pipelines alternate. The copies answer every read; nothing can be started in them, since what a pipeline knows of its
own executions is copied with it.
"""

import argparse
import os
import sqlite3
import sys
import time

import psycopg

# What one idle pipeline has, beside its row.
PARTS = ("pipeline_version", "stage_entrance", "stage_run", "current_revision", "stage_success")
# Rows that the database numbers by itself.
NUMBERED = {"job": "number", "pipeline": "number"}


class SQLite:
    """Pipelines are referred to by their numbers; the copies' begin here."""

    FIRST = 1_000_000
    pipeline = f"{FIRST} + {{}}"
    key = "number"

    def __init__(self, path):
        self.connection = sqlite3.connect(path, isolation_level=None)
        # Nothing of this has to survive a crash.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -2000000", "temp_store = MEMORY"):
            self.run(f"PRAGMA {pragma}")
        self.run("BEGIN")

    def id(self, kind, number):
        return f"CAST(printf('{kind}%015d', {number}) AS BLOB)"

    def numbers(self, count):
        return f"(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n) n"

    def columns(self, table):
        return [row[1] for row in self.run(f"PRAGMA table_info({table})")]

    def run(self, statement):
        return self.connection.execute(statement).fetchall()

    def finish(self):
        self.run("COMMIT")
        self.run("PRAGMA optimize")
        self.run("PRAGMA journal_mode = WAL")
        self.connection.close()


class PostgreSQL:
    """Pipelines are referred to by their identifiers."""

    key = "id"

    def __init__(self, conninfo):
        self.connection = psycopg.connect(conninfo, autocommit=True)
        self.run("SET synchronous_commit = off")
        # What the copies refer to is there, and need not be looked up ten million times.
        self.run("SET session_replication_role = replica")

    @property
    def pipeline(self):
        return self.id("a", "{}")

    def id(self, kind, number):
        return f"('{ord(kind):08x}' || lpad(to_hex({number}), 24, '0'))::uuid"

    def numbers(self, count):
        return f"generate_series(1, {count}) AS n(i)"

    def columns(self, table):
        statement = (
            "SELECT column_name FROM information_schema.columns "
            f"WHERE table_name = '{table}' AND is_generated = 'NEVER' AND is_identity = 'NO' ORDER BY ordinal_position"
        )
        return [row[0] for row in self.run(statement)]

    def run(self, statement):
        cursor = self.connection.execute(statement)
        return cursor.fetchall() if cursor.description else []

    def finish(self):
        self.run("VACUUM ANALYZE")
        self.run("CHECKPOINT")
        self.connection.close()


def copy(database, table, count, where, changes):
    """Adds `count` copies of the template's rows; `changes` has the columns that differ, of `n.i` and the row's `k`."""
    numbered = NUMBERED.get(table)
    columns = [each for each in database.columns(table) if each != numbered or each in changes]
    values = [changes.get(each, f't."{each}"') for each in columns]
    names = ", ".join(f'"{each}"' for each in columns)
    source = f"(SELECT *, row_number() OVER (ORDER BY 1) - 1 AS k FROM {table} WHERE {where}) t"
    database.run(f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} FROM {database.numbers(count)}, {source}")


def fill(database, pipelines, executions):
    """Returns how many rows of history there are."""
    ((template,),) = database.run(f"SELECT {database.key} FROM pipeline WHERE name = 'template'")
    of_template = f"pipeline = {template!r}" if isinstance(template, int) else f"pipeline = '{template}'"
    number = "n.i"
    row = {"id": database.id("a", number), "name": f"'filled-' || {number}"}
    if database.key == "number":
        row["number"] = database.pipeline.format(number)
    copy(database, "pipeline", pipelines, "name = 'template'", row)
    for table in PARTS:
        copy(database, table, pipelines, of_template, {"pipeline": database.pipeline.format(number)})
    if not executions:
        return 0
    place = f"(1 + n.i % {pipelines})"
    pipeline, execution = database.pipeline.format(place), database.id("b", "n.i")
    # After the one that the pipelines' rows were copied from.
    sequence = f"2 + n.i / {pipelines}"
    copy(database, "execution", executions, of_template,
         {"pipeline": pipeline, "id": execution, "sequence": sequence})
    copy(database, "archived_execution", executions, of_template, {"pipeline": pipeline, "id": execution})
    action = database.id("c", "n.i * 100 + t.k")
    copy(database, "action_execution", executions, of_template,
         {"pipeline": pipeline, "id": action, "execution": execution, "pipeline_id": database.id("a", place)})
    copy(database, "job", executions, of_template,
         {"pipeline": pipeline, "id": database.id("d", "n.i * 100 + t.k"), "action_execution": action})
    tables = ("execution", "archived_execution", "action_execution", "job")
    return sum(database.run(f"SELECT count(*) FROM {table}")[0][0] for table in tables)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pipelines", type=int, required=True)
    parser.add_argument("--executions", type=int, default=0)
    options = parser.parse_args()
    name = os.environ["PENSTOCK_DATABASE"]
    start = time.monotonic()
    database = SQLite(name) if name.startswith("/") else PostgreSQL(name)
    rows = fill(database, options.pipelines, options.executions)
    database.finish()
    taken = time.monotonic() - start
    print(f"{options.pipelines} pipelines and {rows} rows of history in {taken:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
