# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Power is lost at every sync of the data directory: what was answered before is there, whatever the disk kept.

One recording of a server at work, seen by strace, is replayed up to each sync. Of what was not synced by then the disk
keeps nothing, everything, or a part by chance, and each of these images must open and hold every promise.
"""

import itertools
import os
import random
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from support import filetrace
from support.disk import Disk, Kept, Lost, Torn
from support.filetrace import Rename, Sync
from support.promises import Examination, Promises, Reader, Shown
from support.server import READY, Server
from support.story import Story
from support.world import World

SEED = int(os.environ.get("PENSTOCK_FAULT_SEED", random.randrange(1 << 32)))
# Executions that each user takes through in each life of the server, when it is to take longer than a minute.
IS_LONG = "PENSTOCK_POWER_ROUNDS" in os.environ
ROUNDS = int(os.environ.get("PENSTOCK_POWER_ROUNDS", "8"))

pytestmark = pytest.mark.skipif(not filetrace.is_possible(), reason="strace is not installed")


class Recording:
    """What a server did and answered, in one order, over several starts; and what it promised."""

    def __init__(self, directory, *, stories, rounds, ends):
        self.directory = directory / "data"
        self.promises = Promises()
        reader = filetrace.Reader(self.directory)
        server, tellers = Server(self.directory), []
        for number, end in enumerate(ends):
            trace = directory / f"trace-{number}"
            server.within = filetrace.prefix(trace)
            server.start()
            tellers = [each.continued(server, rounds) for each in tellers] or self._first(server, stories, rounds)
            try:
                self._tell(tellers)
                filetrace.assert_unmapped(server.process.pid, self.directory)
                end(server)
            finally:
                server.kill()
            filetrace.wait_until_written(trace, server.process.pid)
            reader.read(trace)
        self.events = reader.events
        self.placed = self.promises.placed(self.events)
        self.pipelines = [each.world.name for each in tellers]
        self.checkpoints = self._count_checkpoints()

    def _first(self, server, stories, rounds):
        for path in ("master-key", "credentials"):
            self.promises.file(READY, self.directory, path)
        worlds = [World(server, self.directory.parent) for _ in range(stories)]
        return [
            Story(world, self.promises, random.Random(f"{SEED} {number}"), rounds)
            for number, world in enumerate(worlds)
        ]

    @staticmethod
    def _tell(tellers):
        for each in tellers:
            each.start()
        for each in tellers:
            each.join()
        assert [each.failure for each in tellers if each.failure] == []

    @property
    def ready(self):
        """The line of the first answer of all, that it is ready."""
        return self.placed[0][0]

    def _count_checkpoints(self):
        """How often the log was copied into the database."""
        databases = self.nodes("penstock.sqlite")
        return sum(isinstance(each, Sync) and each.node in databases and each.at > self.ready for each in self.events)

    def due(self, line):
        """What was promised before that line, and holds there."""
        made = itertools.takewhile(lambda each: each[0] < line, self.placed)
        return [promise for _, until, promise in made if line < until]

    def moments(self, ignoring=lambda sync: False):
        """The disk just before each sync takes effect, and at the end, with the line that this is; syncs that are to be
        ignored were not made."""
        disk = Disk(self.directory)
        for event in self.events:
            if isinstance(event, Sync):
                if ignoring(event):
                    continue
                yield disk, event.at
            disk.take(event)
        yield disk, self.events[-1].at + 1

    def nodes(self, suffix):
        """The files whose names end like that."""
        renames = (event for event in self.events if isinstance(event, Rename))
        return {node for each in renames for path, node in each.names.items() if path.endswith(suffix)}


def examine(recording, chances, ignoring=lambda sync: False):
    """Yields each image with where it was, what was promised by then and what of it is lost."""
    # Thousands of databases are written and removed again: in memory, where that can be.
    memory = Path("/dev/shm")
    with TemporaryDirectory(prefix="penstock-power-", dir=memory if os.access(memory, os.W_OK) else None) as scratch:
        examination = Examination(Path(scratch))
        for number, (disk, line) in enumerate(recording.moments(ignoring)):
            due = recording.due(line)
            for chance in chances(number):
                image = disk.image(chance)
                yield f"line {line}, {chance}", image, due, examination.losses(image, due)


def every(torn):
    def chances(number):
        return [Lost(), Kept(), *(Torn(f"{SEED} {number} {index}") for index in range(torn))]

    return chances


def check(recording, directory, *, torn, started):
    """Every image by the database itself; those of the first start, and so many of the others, by a server that is
    started on them. In words."""
    choice = random.Random(SEED)
    moments = [line for _, line in recording.moments()]
    images = range(len(moments) * (torn + 2))
    early = [each for each in images if moments[each // (torn + 2)] < recording.ready]
    chosen = {*choice.sample(early, min(len(early), started)), *choice.sample(images[len(early) :], started)}
    promised = 0
    for number, (where, image, due, losses) in enumerate(examine(recording, every(torn))):
        assert losses == [], f"PENSTOCK_FAULT_SEED={SEED}, {where}"
        promised += len(due)
        if number in chosen:
            start_on(image, due, recording.pipelines, directory / f"image-{number}", where)
    assert number == images[-1]
    assert recording.checkpoints > 2, "the log was not used again"
    return (
        f"{len(moments)} moments, {len(images)} images opened, {recording.checkpoints} checkpoints, "
        f"{len(recording.placed)} promises asked for {promised} times, none lost; "
        f"a server was started on {len(chosen)} images"
    )


def start_on(image, due, pipelines, directory, where):
    directory.mkdir(mode=0o700)
    (directory / "data").mkdir(mode=0o700)
    image.write(directory / "data", only=lambda path: not path.endswith("-shm"))
    server = Server(directory / "data").start()
    try:
        reader = Reader(server)
        shown = [each for each in due if isinstance(each, Shown)]
        assert [each.what for each in shown if not each.look(reader)] == [], f"PENSTOCK_FAULT_SEED={SEED}, {where}"
        # It goes on from there.
        listed = {each["name"] for each in reader.codepipeline.list_pipelines()["pipelines"]}
        for name in listed.intersection(pipelines):
            reader.codepipeline.start_pipeline_execution(name=name)
    finally:
        assert server.stop() == 0
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """Of a server that is stopped in good order, and killed after it was started again."""
    stories, times = (4, 2) if IS_LONG else (2, 1)
    ends = (Server.stop, Server.kill) * times
    return Recording(tmp_path_factory.mktemp("power"), stories=stories, rounds=ROUNDS, ends=ends)


def test_what_was_answered_survives_a_loss_of_power_at_any_sync(recording, tmp_path):
    torn, started = (2, 30) if IS_LONG else (1, 5)
    print(check(recording, tmp_path, torn=torn, started=started))


# The replay itself is able to find a loss


def first_loss(recording, ignoring):
    """What is lost first when some syncs are left out of the recording, and nothing is kept that was not synced."""
    images = examine(recording, lambda number: [Lost()], ignoring)
    return next((losses for _, _, _, losses in images if losses), [])


def test_answers_are_lost_when_the_log_is_not_synced(recording):
    logs = recording.nodes("penstock.sqlite-wal")
    lost = first_loss(recording, lambda sync: sync.node in logs)
    assert any(each.startswith("the change of request") for each in lost), lost


def test_contents_are_lost_when_they_are_not_synced(recording):
    blobs = {node for node in recording.nodes("") if node not in recording.nodes("penstock.sqlite")}
    blobs -= recording.nodes("penstock.sqlite-wal") | recording.nodes("master-key") | recording.nodes("credentials")
    lost = first_loss(recording, lambda sync: sync.node in blobs)
    assert lost and all(each.startswith("the content of version") for each in lost), lost


def test_contents_are_lost_when_the_directory_of_their_names_is_not_synced(recording):
    folders = f"{recording.directory}/artifacts/blobs/"
    lost = first_loss(recording, lambda sync: str(sync.node).startswith(folders))
    assert lost and all(each.startswith("the content of version") for each in lost), lost


def test_a_database_is_damaged_when_it_is_not_synced_before_its_log_is_reused(recording):
    databases = recording.nodes("penstock.sqlite")
    assert first_loss(recording, lambda sync: sync.node in databases and sync.at > recording.ready)
