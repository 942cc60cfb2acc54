# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""A disk that is small enough to be filled."""

import errno
import os
import subprocess

BLOCK = 1 << 16


class SmallDisk:
    """A file system in memory. It goes with the mount namespace of the process, if not before."""

    def __init__(self, place, megabytes):
        self.place = place
        place.mkdir(mode=0o700)
        options = f"size={megabytes}m,mode=0700"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "penstock-faults", place], check=True)
        self._filling = place / "filling"

    def fill(self):
        """Takes all the room that is left."""
        with open(self._filling, "wb", buffering=0) as file:
            for size in (BLOCK, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def free(self):
        os.unlink(self._filling)

    def remove(self):
        subprocess.run(["umount", "-l", self.place], check=True)
