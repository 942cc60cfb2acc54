# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""The life of a partner's job, and the start of a server, beside few pipelines and many, without a history and with a
long one. What lies in the database beforehand is put there by SQL."""

import psycopg
from psycopg.conninfo import conninfo_to_dict

from peers import report

# Pipelines and executions, ten rows of history each.
FILLS = ((0, 0), (1_000, 0), (100_000, 0), (10_000, 1_000_000))
JOBS = {"SQLite": 8000, "PostgreSQL": 3000}


def measure(cluster, system, fills=FILLS):
    for store, jobs in JOBS.items():
        base = None
        for pipelines, executions in fills:
            options = ["--database", cluster.create_database()] if store == "PostgreSQL" else []
            filling = ["peers.fill", "--pipelines", pipelines, "--executions", executions]
            lived = system.lifecycles(*options, jobs=jobs, between=filling)
            base = base or lived
            name = f"{store}, {pipelines:,} pipelines" + (f", {executions * 10:,} rows" if executions else "")
            report.line(name, f"{lived.text}   x {base.per_second / lived.per_second:.2f} as long")
            report.line("    from exec to ready", f"{lived.ready_milliseconds:9.1f} ms")
            if options:
                _drop(options[1])


def _drop(conninfo):
    """It is large, and others are to come."""
    with psycopg.connect(conninfo, dbname="postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {conninfo_to_dict(conninfo)['dbname']}")
