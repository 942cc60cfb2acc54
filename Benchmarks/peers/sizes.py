# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""The life of a partner's job, and the start of a server, beside few pipelines and many, without a history and with a
long one. What lies in the database beforehand is put there by SQL."""

import psycopg
from psycopg.conninfo import conninfo_to_dict

from peers import report

# Pipelines and executions, ten rows of history each.
FILLS = ((1_000, 0), (100_000, 0), (10_000, 1_000_000))
JOBS = {"SQLite": 8000, "PostgreSQL": 3000}


def measure(cluster, system, fills=FILLS):
    """Each is measured in turns with an empty database, before it and after it."""
    for store in JOBS:
        before = _lifecycles(cluster, system, store)
        _tell(f"{store}, empty", before)
        for pipelines, executions in fills:
            lived = _lifecycles(cluster, system, store, pipelines, executions)
            after = _lifecycles(cluster, system, store)
            empty = (before.per_second + after.per_second) / 2
            name = f"{store}, {pipelines:,} pipelines" + (f", {executions * 10:,} rows" if executions else "")
            _tell(name, lived, f"x {empty / lived.per_second:.2f} as long")
            report.line("    empty, before and after", f"{before.per_second:9.0f} /s   {after.per_second:.0f} /s")
            before = after


def _lifecycles(cluster, system, store, pipelines=0, executions=0):
    options = ["--database", cluster.create_database()] if store == "PostgreSQL" else []
    filling = ["peers.fill", "--pipelines", pipelines, "--executions", executions]
    lived = system.lifecycles(*options, jobs=JOBS[store], between=filling)
    if options:
        _drop(options[1])
    return lived


def _tell(name, lived, note=""):
    report.line(name, f"{lived.text}   {note}".rstrip())
    report.line("    from exec to ready", f"{lived.ready_milliseconds:9.1f} ms")


def _drop(conninfo):
    """It is large, and others are to come."""
    with psycopg.connect(conninfo, dbname="postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {conninfo_to_dict(conninfo)['dbname']}")
