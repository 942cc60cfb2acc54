# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""A PostgreSQL whose syncs take long, as on ordinary disks: its files are in memory, and a tracer holds up whoever
syncs."""

import os
from pathlib import Path

from support.cluster import Cluster

MEMORY = Path("/dev/shm")


class SlowCluster(Cluster):
    def __init__(self, milliseconds):
        self.milliseconds = milliseconds
        super().__init__(parent=MEMORY if os.access(MEMORY, os.W_OK) else "/tmp")

    def _command(self, program, *arguments):
        command = super()._command(program, *arguments)
        if program != "postgres":
            return command
        tracer = ["strace", "--follow-forks", "--seccomp-bpf", "--quiet=all", "--output=/dev/null"]
        tracer += ["--trace=fsync,fdatasync", f"--inject=fsync,fdatasync:delay_exit={self.milliseconds * 1000}"]
        start = command.index("--") + 1
        return [*command[:start], *tracer, *command[start:]]

    def stop(self, kind):
        """The tracer ends with what it traces; a signal to itself would only part it from that."""
        process = int((self._data / "postmaster.pid").read_text().split()[0])
        os.kill(process, kind)
        self.process.wait(timeout=60)
