# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Runs system-benchmark and reads its table."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from peers import ROOT

LIFECYCLES = re.compile(r"^\(a\) .*?([\d.]+) /s +p50 +([\d.]+) ms +p99 +([\d.]+) ms", re.MULTILINE)
CPU = re.compile(r"^    server CPU per call of a lifecycle +([\d.]+)", re.MULTILINE)
EXECUTIONS = re.compile(r"^\(i\) executions of 3 stages, (\d+) actions.*? ([\d.]+) /s", re.MULTILINE)
READY = re.compile(r"^\(g\) from exec to ready, median.*?([\d.]+) ms", re.MULTILINE)


@dataclass(frozen=True)
class Lifecycles:
    jobs: int
    per_second: float
    median_milliseconds: float
    percentile_99_milliseconds: float
    # Of all servers together.
    processor_microseconds: float
    # Where a command was run in between; from the start of the process.
    ready_milliseconds: float | None

    @property
    def text(self):
        return (
            f"{self.per_second:9.0f} /s   p50 {self.median_milliseconds:7.3f} ms   "
            f"p99 {self.percentile_99_milliseconds:7.3f} ms   {self.processor_microseconds:4.0f} µs CPU/call"
        )


@dataclass(frozen=True)
class Executions:
    # Of each; every one is a job.
    actions: int
    per_second: float


@dataclass(frozen=True)
class SystemBenchmark:
    executable: Path
    penstock: Path

    def run(self, *options):
        """What it printed."""
        command = [self.executable, "--executable", self.penstock, *map(str, options)]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode != 0:
            raise RuntimeError(f"system-benchmark {' '.join(map(str, options))}: {run.stderr.strip()[-500:]}")
        return run.stdout

    def lifecycles(self, *options, jobs, between=None):
        """Lives of partner jobs; `between` are arguments of a module of this package, run before the measurement."""
        if between:
            # The command finds this package wherever it is run.
            module = " ".join([f"PYTHONPATH={ROOT / 'Benchmarks'}", sys.executable, "-m", *map(str, between)])
            options = (*options, "--between", module)
        printed = self.run("--only", "a", "--jobs", jobs, *options)
        rate, median, percentile = map(float, LIFECYCLES.search(printed).groups())
        ready = READY.search(printed)
        return Lifecycles(
            jobs, rate, median, percentile, float(CPU.search(printed)[1]), float(ready[1]) if ready else None
        )

    def executions(self, *options):
        """Whole executions, of two pipelines of three stages, one after the other."""
        printed = self.run("--only", "i", "--jobs", 3000, *options)
        return [Executions(int(actions), float(rate)) for actions, rate in EXECUTIONS.findall(printed)]


def environment(**changes):
    return {**os.environ, **changes}
