# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Job queues: from the first enqueued job to the last one done, of jobs that do nothing.

Enqueued in batches where the queue has them, while one worker already runs, in the set-up that its documentation
recommends for speed. None of them is called over HTTP, and no job is signed or validated.
"""

import asyncio
import collections
import contextlib
import logging
import tempfile
import threading
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median

from peers import report

JOBS = 10_000
BATCH = 1000
CONCURRENCY = 64
# Of the pipeline whose executions are measured: the longer one of the two.
ACTIONS = 5
# What is not done by then counts as not done.
SECONDS = 15
# Each queue is measured so often, in turns with the others, so that a slow moment of the machine falls on no one alone.
TURNS = 3


def measure(cluster, system):
    logging.disable(logging.WARNING)
    peers = {
        "procrastinate, PostgreSQL": lambda: asyncio.run(_procrastinate(cluster.create_database())),
        "pgqueuer, PostgreSQL": lambda: asyncio.run(_pgqueuer(cluster.create_database())),
        "huey, SQLite, a sync for each commit": lambda: _huey(fsync=True),
        "huey, SQLite, no syncs": lambda: _huey(fsync=False),
    }
    rates = collections.defaultdict(list)
    for _ in range(TURNS):
        for name, run in list(peers.items()):
            try:
                rates[name].append(run())
            except Exception as error:
                report.absent(name, error)
                # What cannot be measured every time has no line.
                del peers[name]
                rates.pop(name, None)
        for store, options in (("PostgreSQL", ("--database", cluster.create_database())), ("SQLite", ())):
            rates[f"penstock, {store}"].append(_penstock(system, *options))
    for name, measured in rates.items():
        package = name.split(",")[0]
        note = f"{min(measured):.0f} to {max(measured):.0f}"
        report.rate(name, median(measured), "jobs", note + (f"   {package} {version(package)}" if name in peers else ""))


def _penstock(system, *options):
    """The jobs of whole executions: each from its start to its result, signed, validated, and called over HTTP."""
    [executions] = [each for each in system.executions(*options) if each.actions == ACTIONS]
    return executions.per_second * ACTIONS


class _Done:
    """Counts jobs, and tells when all are done."""

    def __init__(self, notify):
        self.count = 0
        self._notify = notify
        self._lock = threading.Lock()

    def add(self):
        with self._lock:
            self.count += 1
            is_last = self.count == JOBS
        if is_last:
            self._notify()

    def per_second(self, start):
        return self.count / (time.monotonic() - start)


async def _wait(done):
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(done.wait(), SECONDS)


async def _procrastinate(database):
    from procrastinate import App, PsycopgConnector

    done = asyncio.Event()
    counter = _Done(done.set)
    app = App(connector=PsycopgConnector(conninfo=database, min_size=4, max_size=20))

    @app.task(name="nothing")
    async def nothing():
        counter.add()

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        options = {"concurrency": CONCURRENCY, "install_signal_handlers": False, "delete_jobs": "always"}
        worker = asyncio.create_task(app.run_worker_async(**options))
        await asyncio.sleep(1)
        start = time.monotonic()
        for _ in range(JOBS // BATCH):
            await nothing.batch_defer_async(*[{}] * BATCH)
            # What PostgreSQL does by itself after a while; until then it reads the whole backlog for each job.
            await app.connector.execute_query_async("ANALYZE procrastinate_jobs")
        await _wait(done)
        per_second = counter.per_second(start)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
    return per_second


async def _pgqueuer(database):
    import asyncpg
    from pgqueuer import PgQueuer
    from pgqueuer.db import AsyncpgPoolDriver
    from pgqueuer.queries import Queries

    done = asyncio.Event()
    counter = _Done(done.set)
    members = dict(each.split("=", 1) for each in database.split())
    members["database"] = members.pop("dbname")
    async with asyncpg.create_pool(**members, min_size=4, max_size=20) as pool:
        driver = AsyncpgPoolDriver(pool)
        queries = Queries(driver)
        await queries.install()
        queue = PgQueuer(driver)

        @queue.entrypoint("nothing")
        async def nothing(job):
            counter.add()

        worker = asyncio.create_task(queue.qm.run(batch_size=BATCH // 4))
        await asyncio.sleep(1)
        start = time.monotonic()
        for _ in range(JOBS // BATCH):
            await queries.enqueue(["nothing"] * BATCH, [None] * BATCH, [0] * BATCH)
        await _wait(done)
        per_second = counter.per_second(start)
        queue.qm.shutdown.set()
        await asyncio.gather(worker, return_exceptions=True)
    return per_second


def _huey(fsync):
    from huey import SqliteHuey

    done = threading.Event()
    counter = _Done(done.set)
    with tempfile.TemporaryDirectory(prefix="penstock-huey-") as directory:
        huey = SqliteHuey(filename=str(Path(directory) / "huey.db"), fsync=fsync, results=False)

        @huey.task()
        def nothing():
            counter.add()

        consumer = huey.create_consumer(
            workers=4, worker_type="thread", initial_delay=0.001, max_delay=0.001, periodic=False
        )
        consumer.start()
        start = time.monotonic()
        try:
            for _ in range(JOBS):
                nothing()
            done.wait(SECONDS)
            return counter.per_second(start)
        finally:
            consumer.stop(graceful=True)
