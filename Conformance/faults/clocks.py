# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Wall clocks that can be set for one process, by Debian's faketime; monotonic clocks go on as they do."""

import os
from pathlib import Path


def library():
    """The library that a process is to be started with, or None where it is not installed."""
    return next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


class WallClock:
    """What a process that has these variables takes for the time."""

    def __init__(self, file):
        self._file = file
        self.set(0)
        self.variables = {
            # A release has another allocator, which asks for the time when it is first asked for memory, and faketime asks
            # for memory when it is first asked for the time. Before it the C library's own allocator is found.
            "LD_PRELOAD": f"{library()} libc.so.6",
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, seconds):
        """So many seconds before or behind the time, from now on."""
        written = self._file.with_suffix(".new")
        written.write_text(f"{seconds:+d}s\n")
        os.replace(written, self._file)
