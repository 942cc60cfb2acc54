# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""A cable that is long: a process that carries each frame from one interface to another, some time later.

`python delay.py FIRST SECOND MILLISECONDS` carries until it is ended.
"""

import collections
import selectors
import socket
import sys
import time

# From linux/if_ether.h and linux/if_packet.h.
ETH_P_ALL = 3
PACKET_OUTGOING = 4
LONGEST_FRAME = 1 << 16


def open_interface(name):
    interface = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    interface.bind((name, 0))
    return interface


def carry(first, second, delay):
    """Every frame is as late as every other, so those of one direction stay in order."""
    other = {first: second, second: first}
    under_way = collections.deque()
    selector = selectors.DefaultSelector()
    for interface in other:
        selector.register(interface, selectors.EVENT_READ)
    while True:
        wait = max(0, under_way[0][0] - time.monotonic()) if under_way else None
        for key, _ in selector.select(wait):
            frame, (_, _, kind, _, _) = key.fileobj.recvfrom(LONGEST_FRAME)
            if kind != PACKET_OUTGOING:
                under_way.append((time.monotonic() + delay, other[key.fileobj], frame))
        while under_way and under_way[0][0] <= time.monotonic():
            _, interface, frame = under_way.popleft()
            interface.send(frame)


if __name__ == "__main__":
    first, second, milliseconds = sys.argv[1:]
    interfaces = open_interface(first), open_interface(second)
    print("carrying", flush=True)
    carry(*interfaces, int(milliseconds) / 1000)
