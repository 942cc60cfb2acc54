# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""The life of a partner's job on PostgreSQL, beside pgbench on the same cluster: with one, two and three servers, and
with more and more connections where syncs take long."""

import re
import subprocess
import tempfile
from pathlib import Path

from peers import commits, report
from peers.slow import SlowCluster

JOBS = 3000
REPLICAS = (1, 2, 3)
CALLS = 4
# What each server has of the database.
CONNECTIONS = 8
PGBENCH_SECONDS = 8
PGBENCH_SCALE = 10
# Where syncs take long.
SYNC_MILLISECONDS = 5
SLOW_JOBS = 600
SLOW_CONNECTIONS = (8, 16, 32)


def measure(cluster, system):
    rates = _pgbench(cluster, [each * CONNECTIONS for each in REPLICAS])
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
        share = lived.per_second * committed / JOBS / rates[replicas * CONNECTIONS]
        text = f"{per_call:9.2f} calls per commit; x {share:.2f} of the transaction rate of pgbench -N"
        report.line(f"    {committed / JOBS:.2f} commits per lifecycle", text)


def measure_slow(system):
    """One server, with as many connections as its pgbench has clients."""
    slow = SlowCluster(SYNC_MILLISECONDS)
    try:
        slow.start()
        rates = _pgbench(slow, SLOW_CONNECTIONS)
        for connections in SLOW_CONNECTIONS:
            options = ("--database", slow.create_database(), "--database-connections", connections)
            lived = system.lifecycles(*options, jobs=SLOW_JOBS)
            share = lived.per_second * CALLS / rates[connections]
            report.line(f"{connections} connections: lifecycles", lived.text)
            text = f"x {share:.2f} of the transaction rate of pgbench -N"
            report.line(f"    {CALLS} calls per lifecycle", text)
    finally:
        slow.remove()


def _pgbench(cluster, numbers):
    """Transactions per second, for so many clients."""
    database = cluster.create_database()
    _run(cluster, "-i", "-q", "-s", str(PGBENCH_SCALE), database)
    rates = {}
    for clients in numbers:
        printed = _run(
            cluster, "-N", "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(PGBENCH_SECONDS), database
        )
        rates[clients] = float(re.search(r"^tps = ([\d.]+)", printed, re.MULTILINE)[1])
        report.rate(f"pgbench -N, {clients} clients", rates[clients], "transactions")
    return rates


def _run(cluster, *arguments):
    command = [str(cluster.bin / "pgbench"), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
