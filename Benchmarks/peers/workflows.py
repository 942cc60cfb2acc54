# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Pipelines of three steps that do nothing, on programs that keep what was done."""

import logging
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

from peers import report

WORKFLOWS = 1000
THREADS = 16
BUILDS = 40
# Builds that the one worker runs at once.
BUILDS_AT_ONCE = 8
DEADLINE = 180
BUILDBOT = Path(sys.executable).with_name("buildbot")


def measure(cluster, system):
    try:
        seconds = _dbos(cluster.create_database())
        note = f"dbos {version('dbos')}, {THREADS} threads"
        report.rate("DBOS, PostgreSQL, workflows of 3 steps", WORKFLOWS / seconds, "", note)
    except Exception as error:
        report.absent("DBOS, PostgreSQL, workflows of 3 steps", error)
    try:
        seconds = _buildbot()
        note = f"buildbot {version('buildbot')}, {BUILDS_AT_ONCE} builds at once"
        report.rate("Buildbot, SQLite, builds of 3 steps", BUILDS / seconds, "", note)
    except Exception as error:
        report.absent("Buildbot, SQLite, builds of 3 steps", error)
    for store, options in (("SQLite", ()), ("PostgreSQL", ("--database", cluster.create_database()))):
        for each in system.executions(*options):
            if each.actions == 3:
                report.rate(f"penstock, {store}, executions of 3 stages", each.per_second)


def _dbos(database):
    from dbos import DBOS

    logging.disable(logging.WARNING)
    members = dict(each.split("=", 1) for each in database.split())
    url = "postgresql://{user}@/{dbname}?host={host}&port={port}".format(**members)
    config = {
        "name": "nothing", "system_database_url": url, "sys_db_pool_size": THREADS, "enable_otlp": False,
        "run_admin_server": False,
    }
    DBOS(config=config)

    @DBOS.step()
    def step():
        pass

    @DBOS.workflow()
    def workflow():
        for _ in range(3):
            step()

    DBOS.launch()
    try:
        workflow()
        with ThreadPoolExecutor(THREADS) as pool:
            start = time.monotonic()
            for each in [pool.submit(workflow) for _ in range(WORKFLOWS)]:
                each.result()
            return time.monotonic() - start
    finally:
        DBOS.destroy()


def _buildbot():
    """A master that asks itself for builds, and a worker within it; it writes how long they took."""
    with tempfile.TemporaryDirectory(prefix="penstock-buildbot-") as directory:
        master = Path(directory) / "master"
        _run("create-master", "--relocatable", str(master))
        result = Path(directory) / "seconds"
        configuration = Path(__file__).with_name("buildbot_master.py").read_text()
        settings = f"RESULT, BUILDS, AT_ONCE = {str(result)!r}, {BUILDS}, {BUILDS_AT_ONCE}\n"
        (master / "master.cfg").write_text(settings + configuration)
        process = subprocess.Popen(
            [BUILDBOT, "start", "--nodaemon", str(master)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            end = time.monotonic() + DEADLINE
            while not result.exists():
                if process.poll() is not None or time.monotonic() > end:
                    log = (master / "twistd.log").read_text().splitlines()
                    raise RuntimeError(f"the master did not finish: {' '.join(log[-5:])}")
                # The file is all that the other program tells.
                time.sleep(0.05)
            return float(result.read_text())
        finally:
            process.terminate()
            process.wait()


def _run(*arguments):
    subprocess.run([BUILDBOT, *arguments], check=True, capture_output=True, text=True)
