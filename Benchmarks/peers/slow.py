# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""A PostgreSQL whose syncs take long, as on ordinary disks: its files are in memory, and a tracer holds up whoever
syncs."""

import os
import shutil
from pathlib import Path

from support.cluster import Cluster

MEMORY = Path("/dev/shm")
NEEDED_BYTES = 1 << 30


class SlowCluster(Cluster):
    def __init__(self, milliseconds):
        self.milliseconds = milliseconds
        fits = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= NEEDED_BYTES
        super().__init__(parent=MEMORY if fits else "/tmp")

    def _command(self, program, *arguments):
        command = super()._command(program, *arguments)
        if program != "postgres":
            return command
        # The tracer ends with who started it, and PostgreSQL with the tracer.
        tracer = ["strace", "--interruptible=waiting", "--follow-forks", "--seccomp-bpf", "--quiet=all"]
        tracer += ["--output=/dev/null"]
        tracer += ["--trace=fsync,fdatasync", f"--inject=fsync,fdatasync:delay_exit={self.milliseconds * 1000}"]
        start = command.index("--") + 1
        return [*command[:start], *tracer, "setpriv", "--pdeathsig=INT", "--", *command[start:]]

    def stop(self, kind):
        """The tracer ends with what it traces; a signal to itself would only part it from that."""
        name = self._data / "postmaster.pid"
        if name.exists():
            os.kill(int(name.read_text().split()[0]), kind)
        else:
            self.process.kill()
        self.process.wait(timeout=60)
