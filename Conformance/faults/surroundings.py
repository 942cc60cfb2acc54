# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Namespaces of a run's own: whatever it makes of networks, mounts and processes ends with it, however it ends."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from faults.clocks import library
from faults.database import children_of
from support.cluster import Cluster

NAMESPACES = ("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
# What is private inside: names of network namespaces, and shared memory.
PRIVATE = ("/run", "/dev/shm")


def missing():
    """Why faults cannot be tried here, in words, or None."""
    if sys.platform != "linux":
        return "namespaces are Linux's"
    if os.getuid() != 0:
        return "only root makes network namespaces and mounts"
    lacking = [program for program in ("unshare", "nsenter", "setpriv", "ip", "mount") if not shutil.which(program)]
    if lacking:
        return f"there is no {', '.join(lacking)}: Debian's util-linux, mount and iproute2 have them"
    if Cluster.binaries() is None:
        return "PostgreSQL is not installed: there is nothing at /usr/lib/postgresql"
    if library() is None:
        return "Debian's faketime is not installed: there is nothing at /usr/lib/*/faketime"
    trial = "ip link add penstock-near type veth peer name penstock-far && ip link add penstock type bridge"
    run = subprocess.run(["unshare", *NAMESPACES, "sh", "-c", trial], capture_output=True, text=True, timeout=20)
    return f"no network namespace, or no veth and bridges in one: {run.stderr.strip()}" if run.returncode else None


@contextlib.contextmanager
def directory():
    """A directory that others may enter, since PostgreSQL is somebody else; with a short name, for its sockets."""
    made = Path(tempfile.mkdtemp(prefix="penstock-faults-", dir="/tmp"))
    made.chmod(0o711)
    try:
        yield made
    finally:
        shutil.rmtree(made)


def run_inside(*arguments):
    """Runs this program again in namespaces of its own, which end before this returns; returns its exit status."""
    # So that a request to end comes by as an exception.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    command = ["setpriv", "--pdeathsig", "KILL", "--", "unshare", *NAMESPACES, sys.executable, "-m", "faults"]
    with directory() as made:
        process = subprocess.Popen([*command, "--inside", made, *arguments])
        try:
            return process.wait()
        except KeyboardInterrupt:
            # It got the same signal, and says what it has.
            return process.wait(timeout=60)
        finally:
            if process.poll() is None:
                # The first process of the namespace; it is gone when all others are.
                for first in children_of(process.pid):
                    os.kill(first, signal.SIGKILL)
                process.wait()


def become_private():
    """Called inside: what would be seen elsewhere is hidden by something empty."""
    for place in PRIVATE:
        subprocess.run(["mount", "-t", "tmpfs", "penstock-faults", place], check=True)


def keep_in_memory(place):
    """Called inside: what is written to the directory needs no disk, which for a process makes no difference."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0711", "penstock-faults", place], check=True)
