# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Machines as network namespaces, joined by cables to two bridges, all in the namespace of the process that makes them.

The front is where clients and servers meet, the back where servers and databases do. This process is at the front
alone.
"""

import subprocess

from faults.checksums import without_offload

FRONT, BACK = "10.0.0", "10.0.1"


def ip(*arguments):
    subprocess.run(["ip", *map(str, arguments)], check=True, capture_output=True, text=True)


class Cable:
    """What joins a machine to a bridge."""

    def __init__(self, bridge, machine, interface, address):
        self.bridge = bridge
        # The end that is plugged into the bridge; the other one is the machine's interface.
        self.plug = f"{bridge}-{machine}"
        ip("link", "add", self.plug, "type", "veth", "peer", "name", interface, "netns", machine)
        ip("-n", machine, "address", "add", f"{address}/24", "dev", interface)
        ip("-n", machine, "link", "set", interface, "up")
        without_offload(interface, machine)
        self.join()
        ip("link", "set", self.plug, "up")

    def join(self):
        ip("link", "set", self.plug, "master", self.bridge)

    def part(self):
        """Nothing comes through any more, and nobody is told."""
        ip("link", "set", self.plug, "nomaster")

    def unplug(self):
        """Nothing comes through any more, as both ends can see."""
        ip("link", "set", self.plug, "down")

    def plug_in(self):
        ip("link", "set", self.plug, "up")


class Machine:
    """A namespace with a cable to the back, and one to the front where it has servers."""

    def __init__(self, name, number, is_server):
        self.name = name
        ip("netns", "add", name)
        ip("-n", name, "link", "set", "lo", "up")
        self.back_address = f"{BACK}.{number}"
        self.back = Cable("back", name, "back", self.back_address)
        if is_server:
            self.front_address = f"{FRONT}.{number}"
            self.front = Cable("front", name, "front", self.front_address)

    @property
    def within(self):
        """The beginning of a command that runs there."""
        return ("nsenter", f"--net=/run/netns/{self.name}", "--")


class Network:
    """Both bridges; whoever uses it has a network namespace and a `/run` of its own."""

    # Where this process is.
    address = f"{FRONT}.1"

    def __init__(self):
        self._count = 1
        ip("link", "set", "lo", "up")
        for bridge in ("front", "back"):
            ip("link", "add", bridge, "type", "bridge")
            ip("link", "set", bridge, "up")
        ip("address", "add", f"{self.address}/24", "dev", "front")

    def machine(self, name, is_server=False):
        self._count += 1
        return Machine(name, self._count, is_server)
