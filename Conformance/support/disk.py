# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""What a disk may hold after its power was lost, of a directory whose changes and syncs are known.

What was synced is there. Of the contents that were written since, any part may be, in sectors: some, none, all, later
ones without earlier ones. A name (of a new file, a renamed or a removed one) is certain once its directory was synced,
and not by a sync of the file; of the changes of names since, the first few may have happened, in their order, as
journals of file systems keep it.
"""

import random

from support.filetrace import Rename, Resize, Sync, Write

SECTOR = 512
PAGE = 4096


class Lost:
    """Nothing is kept of what was not synced."""

    def __repr__(self):
        return "nothing kept that was not synced"

    def names(self, pending):
        return []

    def contents(self, pending):
        return []


class Kept:
    """Everything is kept."""

    def __repr__(self):
        return "everything kept"

    def names(self, pending):
        return pending

    def contents(self, pending):
        return pending


class Torn:
    """A part is kept, by chance; the same part for the same seed."""

    def __init__(self, seed):
        self._seed = seed
        self._random = random.Random(seed)
        self._share = self._random.choice((0.05, 0.3, 0.5, 0.7, 0.95))
        self._unit = self._random.choice((SECTOR, PAGE))
        self._is_prefix = self._random.random() < 0.25

    def __repr__(self):
        return f"a part kept by the seed {self._seed!r}"

    def names(self, pending):
        return pending[: self._random.randint(0, len(pending))]

    def contents(self, pending):
        if self._is_prefix:
            # In the order in which they were written, and within the last of them up to some sector.
            count = self._random.randint(0, len(pending))
            return [*pending[:count], *(self._parts(pending[count], 0.5) if count < len(pending) else ())]
        return [part for each in pending for part in self._parts(each, self._share)]

    def _parts(self, change, share):
        if isinstance(change, Resize):
            return [change] if self._random.random() < share else []
        parts, at, end = [], change.offset, change.offset + len(change.data)
        while at < end:
            # Units begin where those of the disk do, so that a write may begin and end within one.
            stop = min(end, (at // self._unit + 1) * self._unit)
            if self._random.random() < share:
                data = change.data[at - change.offset : stop - change.offset]
                parts.append(Write(change.at, change.done, change.node, at, data))
            at = stop
        return parts


def apply(content, change):
    """Makes the change in the bytes."""
    if isinstance(change, Resize):
        if change.size < len(content):
            del content[change.size :]
        else:
            content.extend(bytes(change.size - len(content)))
        return
    if change.offset > len(content):
        content.extend(bytes(change.offset - len(content)))
    content[change.offset : change.offset + len(change.data)] = change.data


class _File:
    def __init__(self):
        self.synced = bytearray()
        self.pending = []


class Image:
    """What is left of a directory: the content of each file and the directories, by their paths within it."""

    def __init__(self, files, directories):
        self.files = files
        self.directories = directories

    def write(self, target, only=lambda path: True):
        """Puts those files below the target, which is there and is empty."""
        for path in sorted(self.directories):
            (target / path).mkdir(mode=0o700)
        for path, content in self.files.items():
            if only(path):
                (target / path).write_bytes(content)
                (target / path).chmod(0o600)


class Disk:
    """Takes events in their order; at any moment it tells what would be left."""

    def __init__(self, directory):
        self.directory = str(directory)
        self._files = {}
        # Of what each path is the name, and since when.
        self._synced_names = {self.directory: (self.directory, 0)}
        self._pending_names = []

    def take(self, event):
        if isinstance(event, (Write, Resize)):
            self._file(event.node).pending.append(event)
        elif isinstance(event, Rename):
            self._pending_names.append(event)
        elif isinstance(event, Sync):
            self._sync(event)

    def _file(self, node):
        return self._files.setdefault(node, _File())

    def _sync(self, event):
        if isinstance(event.node, str):
            within = [each for each in self._pending_names if self._is_within(each, event)]
            for change in within:
                self._rename(self._synced_names, change)
            self._pending_names = [each for each in self._pending_names if each not in within]
            return
        file = self._file(event.node)
        rest = []
        for change in file.pending:
            if change.done < event.begun:
                apply(file.synced, change)
            else:
                rest.append(change)
        file.pending = rest

    @staticmethod
    def _is_within(change, sync):
        return change.at < sync.begun and any(path.rpartition("/")[0] == sync.node for path in change.names)

    @staticmethod
    def _rename(names, change):
        for path, node in change.names.items():
            if path not in names or names[path][1] < change.at:
                names[path] = (node, change.at)

    def image(self, chance):
        """What is left if power is lost now, and chance decides about what is not synced."""
        names = dict(self._synced_names)
        for change in chance.names(self._pending_names):
            self._rename(names, change)
        names = {path: node for path, (node, _) in names.items() if node is not None}
        contents = {}

        def is_reached(path):
            return path == self.directory or (path.rpartition("/")[0] in names and is_reached(path.rpartition("/")[0]))

        def within(path):
            return path.removeprefix(f"{self.directory}/")

        def content(node):
            if node not in contents:
                contents[node] = self._content(self._file(node), chance)
            return contents[node]

        reached = {path: node for path, node in names.items() if path != self.directory and is_reached(path)}
        return Image(
            files={within(path): content(node) for path, node in reached.items() if isinstance(node, int)},
            directories=[within(path) for path, node in reached.items() if isinstance(node, str)],
        )

    @staticmethod
    def _content(file, chance):
        changes = chance.contents(file.pending) if file.pending else ()
        if not changes:
            return file.synced
        content = bytearray(file.synced)
        for change in changes:
            apply(content, change)
        return content
