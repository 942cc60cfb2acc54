# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Prints the tables of PostgreSQL, of large databases and of other programs."""

import argparse
import sys
from pathlib import Path

from peers import calls, postgres, queues, report, sizes, workflows
from peers.system import SystemBenchmark
from support.cluster import Cluster

PARTS = {
    "peer": "Calls, beside another server of the same API",
    "postgres": "Lifecycles on PostgreSQL, beside pgbench on the same cluster",
    "syncs": "Lifecycles on a PostgreSQL whose syncs take 5 ms more, for connections that grow in number",
    "sizes": "Lifecycles and starts beside many pipelines and long histories",
    "queues": "Job queues: empty jobs, from enqueued to done",
    "workflows": "Pipelines of three steps that do nothing",
}


def main():
    parser = argparse.ArgumentParser(prog="peers", description=__doc__)
    parser.add_argument("--system-benchmark", type=Path, required=True)
    parser.add_argument("--penstock", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    options = parser.parse_args()
    system = SystemBenchmark(options.system_benchmark.resolve(), options.penstock.resolve())
    cluster = Cluster().start()
    try:
        failed = [part for part in options.only if not is_measured(part, cluster, system)]
    finally:
        cluster.remove()
    if failed:
        sys.exit(f"not measured: {' '.join(failed)}")


def is_measured(part, cluster, system):
    """Prints the part's table; what breaks it off stands at its end, and the next part is measured all the same."""
    report.heading(PARTS[part])
    try:
        measure(part, cluster, system)
    except Exception as error:
        report.absent(part, error)
        return False
    return True


def measure(part, cluster, system):
    match part:
        case "peer":
            calls.measure(system)
        case "postgres":
            postgres.measure(cluster, system)
        case "syncs":
            postgres.measure_slow(system)
        case "sizes":
            sizes.measure(cluster, system)
        case "queues":
            queues.measure(cluster, system)
        case "workflows":
            workflows.measure(cluster, system)


if __name__ == "__main__":
    main()
