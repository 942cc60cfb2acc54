# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""The model of a disk by which losses of power are replayed: what may be left, and what must be."""

import pytest
from support.disk import PAGE, SECTOR, Disk, Kept, Lost, Torn
from support.filetrace import Rename, Resize, Sync, Write

ROOT = "/data"
LARGE = b"1" * PAGE + b"2" * PAGE


def disk_after(*events):
    """The events one after another, each over before the next begins."""
    disk = Disk(ROOT)
    for line, (kind, *members) in enumerate(events, 1):
        disk.take(kind(line, line, *members) if kind is not Rename else kind(line, *members))
    return disk


def left(disk, chance):
    return {path: bytes(content) for path, content in disk.image(chance).files.items()}


NEW = (Rename, {f"{ROOT}/a": 0})
NAMED = (Sync, ROOT)


def test_what_was_synced_with_its_name_is_left():
    disk = disk_after(NEW, NAMED, (Write, 0, 0, b"kept"), (Sync, 0))
    assert left(disk, Lost()) == left(disk, Kept()) == left(disk, Torn(1)) == {"a": b"kept"}


def test_a_sync_of_the_file_does_not_keep_its_name():
    disk = disk_after(NEW, (Write, 0, 0, b"bytes"), (Sync, 0))
    assert left(disk, Lost()) == {}
    assert left(disk, Kept()) == {"a": b"bytes"}


def test_a_sync_of_the_directory_does_not_keep_the_bytes():
    disk = disk_after(NEW, (Write, 0, 0, b"bytes"), NAMED)
    assert left(disk, Lost()) == {"a": b""}
    assert left(disk, Kept()) == {"a": b"bytes"}


def test_a_sync_covers_only_what_was_done_when_it_began():
    disk = disk_after(NEW, NAMED)
    disk.take(Write(at=3, done=6, node=0, offset=0, data=b"late"))
    disk.take(Sync(at=5, begun=4, node=0))
    assert left(disk, Lost()) == {"a": b""}
    disk.take(Sync(at=8, begun=7, node=0))
    assert left(disk, Lost()) == {"a": b"late"}


def test_a_file_in_a_directory_whose_own_name_is_lost_is_lost():
    disk = disk_after((Rename, {f"{ROOT}/d": f"{ROOT}/d"}), (Rename, {f"{ROOT}/d/a": 0}), (Sync, f"{ROOT}/d"))
    assert left(disk, Lost()) == {}
    disk.take(Sync(9, 8, ROOT))
    assert left(disk, Lost()) == {"d/a": b""}


def test_a_rename_is_whole_or_has_not_happened():
    events = NEW, (Write, 0, 0, b"old"), (Sync, 0), (Rename, {f"{ROOT}/b": 1}), NAMED
    disk = disk_after(*events, (Write, 1, 0, b"new"), (Sync, 1), (Rename, {f"{ROOT}/b": None, f"{ROOT}/a": 1}))
    seen = [left(disk, Torn(seed)) for seed in range(20)]
    before, after = {"a": b"old", "b": b"new"}, {"a": b"new"}
    assert before in seen and after in seen
    assert all(each in (before, after) for each in seen)


def test_names_change_in_their_order():
    disk = disk_after(*((Rename, {f"{ROOT}/{name}": number}) for number, name in enumerate("abc")))
    seen = {"".join(sorted(left(disk, Torn(seed)))) for seed in range(50)}
    assert seen == {"", "a", "ab", "abc"}


def test_any_sectors_of_what_was_not_synced_may_be_left_and_no_part_of_one():
    disk = disk_after(NEW, NAMED, (Write, 0, 0, bytes(2 * PAGE)), (Sync, 0), (Write, 0, 0, LARGE))
    seen = {left(disk, Torn(seed))["a"] for seed in range(50)}
    assert len(seen) > 20
    for content in seen:
        sectors = [content[at : at + SECTOR] for at in range(0, len(content), SECTOR)]
        assert all(len(set(sector)) == 1 for sector in sectors)
    assert any(content.startswith(bytes(PAGE)) and b"2" in content for content in seen), "later ones without earlier"


def test_the_same_seed_leaves_the_same():
    disk = disk_after(NEW, NAMED, (Write, 0, 0, LARGE))
    assert left(disk, Torn("7 1")) == left(disk, Torn("7 1"))


@pytest.mark.parametrize(("size", "content"), [(2, b"ab"), (6, b"abcd\0\0")])
def test_a_new_size_counts_once_it_is_synced(size, content):
    disk = disk_after(NEW, NAMED, (Write, 0, 0, b"abcd"), (Sync, 0), (Resize, 0, size))
    assert left(disk, Lost()) == {"a": b"abcd"}
    assert left(disk, Kept()) == {"a": content}
    disk.take(Sync(9, 8, 0))
    assert left(disk, Lost()) == {"a": content}
