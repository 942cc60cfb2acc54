# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""What a server does to the files of its data directory and what it answers meanwhile, in one order, seen by strace."""

import os
import re
import shutil
from dataclasses import dataclass

from support.waiting import until

# Longer strings are cut by strace, and a cut one is refused here.
MAXIMUM_STRING = 8 * 1024 * 1024
CHANGES = (
    "openat", "open", "creat", "write", "writev", "pwrite64", "pwritev", "pwritev2", "lseek", "ftruncate", "truncate",
    "fallocate", "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "unlink", "unlinkat",
    "mkdir", "mkdirat", "rmdir", "fsync", "fdatasync", "sync", "syncfs", "sync_file_range", "copy_file_range",
    "sendfile", "splice", "dup", "dup2", "dup3", "close", "sendto", "sendmsg", "sendmmsg", "io_uring_setup",
)
LINE = re.compile(r"(\d+)\s+(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)")
RESULT = re.compile(r"\)\s+= (-?\d+|\?)[^=]*$")
DESCRIPTOR = re.compile(r"(-?\d+|AT_FDCWD)<((?:\\x[0-9a-f]{2})*)>")
STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')


@dataclass(slots=True)
class Write:
    """Bytes that went to a file: under way from line `at`, written at line `done`."""

    at: int
    done: int
    node: int
    offset: int
    data: bytes


@dataclass(slots=True)
class Resize:
    at: int
    done: int
    node: int
    size: int


@dataclass(slots=True)
class Rename:
    """A change of names, whole or not at all: each path is then of that file, directory, or of nothing (None)."""

    at: int
    names: dict


@dataclass(slots=True)
class Sync:
    """Has returned at line `at`; covers what was done before line `begun`. The node of a directory is its path."""

    at: int
    begun: int
    node: object


@dataclass(slots=True)
class Answer:
    """Bytes that went out, to a socket or a pipe; from line `at` on somebody may have read them."""

    at: int
    data: bytes


class UnknownCall(Exception):
    """The trace has something that the replay cannot follow."""


def prefix(path):
    """What a command is started with so that its trace is written to the path; the command keeps its process id.

    Calls that change no file and answer nobody run at full speed.
    """
    return [
        "strace", "--daemonize", "--follow-forks", "--seccomp-bpf", "--decode-fds=path", "--strings-in-hex=all",
        f"--string-limit={MAXIMUM_STRING}", "--signal=kill", "--quiet=attach,personality,path-resolution,thread-execve",
        f"--trace={','.join(CHANGES)}", f"--output={path}",
    ]


def is_possible():
    return shutil.which("strace") is not None


def wait_until_written(path, pid):
    """Returns once the trace has the end of the process."""

    def ended():
        with open(path, "rb") as trace:
            trace.seek(max(0, os.path.getsize(path) - 64 * 1024))
            return re.search(rb"^%d +\+\+\+ (exited|killed)" % pid, trace.read(), re.MULTILINE)

    until(ended, what=f"the end of process {pid} in {path}")


def assert_unmapped(pid, directory):
    """What is written through memory is in no trace: only the index of the write-ahead log may be, which is rebuilt."""
    with open(f"/proc/{pid}/maps") as maps:
        for line in maps:
            fields = line.split(maxsplit=5)
            if len(fields) == 6 and fields[5].startswith(f"{directory}/") and "w" in fields[1] and "s" in fields[1]:
                assert fields[5].strip().endswith("-shm"), f"{line} is written through memory"


def unhex(text):
    return bytes.fromhex(text.replace("\\x", ""))


def strings(text):
    """What strace shows in quotes."""
    found = []
    for content, cut in STRING.findall(text):
        if cut:
            raise UnknownCall(f"a string of more than {MAXIMUM_STRING} bytes")
        found.append(unhex(content))
    return found


class _Open:
    """A file that is open, under whatever number, since a line."""

    def __init__(self, node, appends, at):
        self.node, self.appends, self.at, self.offset = node, appends, at, 0


class Reader:
    """Makes events of the lines of one trace after another, of processes that used the directory in turn."""

    def __init__(self, directory):
        self.directory = str(directory)
        self.events = []
        self.files = 0
        self._names = {self.directory: self.directory}
        self._sizes = {}
        self._line = 0
        self._hexadecimal = "".join(f"\\x{byte:02x}" for byte in os.fsencode(f"{self.directory}/"))

    def read(self, path):
        """Adds what the process of this trace did and answered."""
        self._open = {}
        unfinished = {}
        with open(path) as trace:
            for text in trace:
                self._line += 1
                match = LINE.match(text)
                if match is None:
                    continue
                thread, resumed, call, rest = match.groups()
                if resumed:
                    begun, call, before = unfinished.pop(thread)
                    rest = before + rest
                elif rest.endswith("<unfinished ...>"):
                    unfinished[thread] = (self._line, call, rest.removesuffix("<unfinished ...>").rstrip())
                    continue
                else:
                    begun = self._line
                self._take(begun, call, rest)
        # What the end of the process cut off may have had its effect, and then nobody was told.
        for begun, call, rest in unfinished.values():
            if call in ("write", "pwrite64", "pwritev", "writev"):
                self._take(begun, call, f"{rest}) = {sum(map(len, strings(rest)))}")
        self.events.sort(key=lambda event: event.at)

    def _take(self, begun, call, rest):
        result = RESULT.search(rest)
        if result is None or result[1] in ("?", "-1"):
            return
        arguments, value = rest[: result.start()], int(result[1])
        if call in self._HANDLERS:
            self._HANDLERS[call](self, begun, arguments, value)
        elif self._hexadecimal in arguments or call in ("sync", "io_uring_setup"):
            raise UnknownCall(f"{call}({arguments[:200]}) in line {self._line}")

    def _inside(self, path):
        return path == self.directory or path.startswith(f"{self.directory}/")

    @staticmethod
    def _descriptor(arguments):
        """The first argument: its number and its path."""
        number, path = DESCRIPTOR.match(arguments).groups()
        return number, os.fsdecode(unhex(path))

    def _paths(self, arguments):
        """Every path that is named, with the directory it is relative to."""
        bases = [os.fsdecode(unhex(path)) for _, path in DESCRIPTOR.findall(arguments)]
        names = [os.fsdecode(each) for each in strings(arguments)]
        bases += [""] * (len(names) - len(bases))
        return [os.path.normpath(os.path.join(base, name)) for base, name in zip(bases, names)]

    # Names

    def _rename_event(self, names):
        self._names.update(names)
        self.events.append(Rename(self._line, names))

    def _opened(self, begun, arguments, value):
        (path,) = self._paths(arguments)
        if not self._inside(path):
            return
        node = self._names.get(path)
        if node is None:
            if "O_CREAT" not in arguments:
                raise UnknownCall(f"{path} was opened, but nobody made it")
            node = self.files
            self.files += 1
            self._sizes[node] = 0
            self._rename_event({path: node})
        elif "O_TRUNC" in arguments:
            self._resize(begun, node, 0)
        self._open[str(value)] = _Open(node, "O_APPEND" in arguments, self._line)

    def _made(self, begun, arguments, value):
        (path,) = self._paths(arguments)
        if self._inside(path) and path != self.directory:
            self._rename_event({path: path})

    def _renamed(self, begun, arguments, value):
        source, target = self._paths(arguments)
        if self._inside(source) or self._inside(target):
            node = self._names[source]
            if node == source:
                raise UnknownCall(f"the directory {source} was renamed")
            self._rename_event({source: None, target: node})

    def _linked(self, begun, arguments, value):
        source, target = self._paths(arguments)
        if self._inside(target):
            self._rename_event({target: self._names[source]})

    def _removed(self, begun, arguments, value):
        (path,) = self._paths(arguments)
        if self._inside(path):
            self._rename_event({path: None})

    # Contents

    def _file(self, arguments):
        """The open file that the call is about; None where it is none of ours."""
        number, path = self._descriptor(arguments)
        if number not in self._open and self._inside(path):
            raise UnknownCall(f"descriptor {number} of {path} in line {self._line} has no beginning")
        return self._open.get(number)

    def _change(self, begun, node, offset, data):
        self._sizes[node] = max(self._sizes[node], offset + len(data))
        self.events.append(Write(begun, self._line, node, offset, data))

    def _resize(self, begun, node, size):
        self._sizes[node] = size
        self.events.append(Resize(begun, self._line, node, size))

    def _wrote(self, begun, arguments, value):
        data = b"".join(strings(arguments))[:value]
        file = self._file(arguments)
        if file is None:
            if re.match(r"(socket|pipe):", self._descriptor(arguments)[1]):
                self.events.append(Answer(begun, data))
            return
        offset = self._sizes[file.node] if file.appends else file.offset
        self._change(begun, file.node, offset, data)
        file.offset = offset + value

    def _wrote_at(self, begun, arguments, value):
        file = self._file(arguments)
        if file:
            self._change(begun, file.node, int(arguments.rsplit(", ", 1)[1]), b"".join(strings(arguments))[:value])

    def _sought(self, begun, arguments, value):
        file = self._file(arguments)
        if file:
            file.offset = value

    def _resized(self, begun, arguments, value):
        file = self._file(arguments)
        if file:
            self._resize(begun, file.node, int(arguments.rsplit(", ", 1)[1]))

    def _synced(self, begun, arguments, value):
        file = self._file(arguments)
        if file:
            self.events.append(Sync(self._line, begun, file.node))

    def _closed(self, begun, arguments, value):
        match = DESCRIPTOR.match(arguments)
        file = self._open.get(match[1]) if match else None
        # The number is free before the call returns: another thread may have opened a file under it meanwhile.
        if file and file.at < begun:
            del self._open[match[1]]

    _HANDLERS = {
        **dict.fromkeys(("openat", "open", "creat"), _opened),
        **dict.fromkeys(("mkdir", "mkdirat"), _made),
        **dict.fromkeys(("rename", "renameat", "renameat2"), _renamed),
        **dict.fromkeys(("link", "linkat"), _linked),
        **dict.fromkeys(("unlink", "unlinkat", "rmdir"), _removed),
        **dict.fromkeys(("write", "writev", "sendto", "sendmsg"), _wrote),
        **dict.fromkeys(("pwrite64", "pwritev"), _wrote_at),
        **dict.fromkeys(("fsync", "fdatasync"), _synced),
        "lseek": _sought,
        "ftruncate": _resized,
        "close": _closed,
    }
