# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""The life of a partner's job on PostgreSQL with one, two and three servers, beside pgbench on the same cluster."""

import re
import subprocess
import tempfile
from pathlib import Path

from peers import commits, report

JOBS = 3000
REPLICAS = (1, 2, 3)
CALLS = 4
# What each server has of the database.
CONNECTIONS = 8
PGBENCH_SECONDS = 8
PGBENCH_SCALE = 10


def measure(cluster, system):
    rates = _pgbench(cluster)
    for replicas in REPLICAS:
        database = cluster.create_database()
        with tempfile.TemporaryDirectory() as directory:
            before = Path(directory) / "commits"
            lived = system.lifecycles(
                "--database", database, "--replicas", replicas, jobs=JOBS, between=["peers.commits", before]
            )
            committed = commits.count(database) - int(before.read_text())
        name = f"{replicas} {'server' if replicas == 1 else 'servers'}: lifecycles"
        report.line(name, lived.text)
        per_call = JOBS * CALLS / committed
        share = lived.per_second * committed / JOBS / rates[replicas]
        text = f"{per_call:9.2f} calls per commit; x {share:.2f} of the transaction rate of pgbench -N"
        report.line(f"    {committed / JOBS:.2f} commits per lifecycle", text)


def _pgbench(cluster):
    """Transactions per second, for as many clients as so many servers have connections."""
    database = cluster.create_database()
    _run(cluster, "-i", "-q", "-s", str(PGBENCH_SCALE), database)
    rates = {}
    for replicas in REPLICAS:
        clients = replicas * CONNECTIONS
        printed = _run(
            cluster, "-N", "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(PGBENCH_SECONDS), database
        )
        rates[replicas] = float(re.search(r"^tps = ([\d.]+)", printed, re.MULTILINE)[1])
        report.rate(f"pgbench -N, {clients} clients", rates[replicas], "transactions")
    return rates


def _run(cluster, *arguments):
    command = [str(cluster.bin / "pgbench"), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
