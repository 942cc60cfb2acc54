# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""A balancer of connections: it asks servers whether they are ready, and touches nothing that passes through it."""

import asyncio
import itertools
import threading
from urllib.parse import urlsplit

from support.waiting import until

# How long after an answer a server is asked again, and how long it may take to answer, in seconds.
INTERVAL = 0.1
PATIENCE = 2
PIECE_BYTES = 1 << 16


class Balancer:
    """Takes connections at an address of its own, and gives each to the next server that is ready.

    A connection stays with its server until one of its ends closes it.
    """

    def __init__(self, replicas):
        """`replicas` are those of a fleet; where each listens is looked up whenever it is asked."""
        self.replicas = replicas
        # How many connections found nobody ready, and how many went to a server that did not take them any more.
        self.turned_away, self.refused = 0, 0
        self.endpoint = None
        self._ready = set()
        self._turns = itertools.count()
        self._begun = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def start(self):
        self._thread.start()
        assert self._begun.wait(10), "the balancer does not listen"
        return self

    def stop(self):
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def wait_for(self, replica):
        """Returns once the server gets connections."""
        until(lambda: replica in self._ready, what="a server that is ready")

    async def _run(self):
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        listening = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.endpoint = "http://{}:{}".format(*listening.sockets[0].getsockname())
        watches = [asyncio.create_task(self._watch(each)) for each in self.replicas]
        self._begun.set()
        await self._over.wait()
        # What still goes through is cancelled when the loop ends.
        listening.close()
        for watch in watches:
            watch.cancel()

    async def _watch(self, replica):
        while True:
            if await self._answers(replica):
                self._ready.add(replica)
            else:
                self._ready.discard(replica)
            await asyncio.sleep(INTERVAL)

    async def _answers(self, replica):
        """Whether /health/ready says so."""
        try:
            async with asyncio.timeout(PATIENCE):
                reader, writer = await self._connect(replica)
                try:
                    writer.write(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    return b" 200 " in await reader.readline()
                finally:
                    writer.close()
        except OSError:
            return False

    @staticmethod
    async def _connect(replica):
        place = urlsplit(replica.endpoint)
        return await asyncio.open_connection(place.hostname, place.port)

    async def _serve(self, reader, writer):
        ends = await self._next()
        if ends is None:
            writer.close()
            return
        await asyncio.gather(self._pass(reader, ends[1]), self._pass(ends[0], writer))

    async def _next(self):
        """A connection to the next server in turn that is ready, or None."""
        for _ in self.replicas:
            ready = [each for each in self.replicas if each in self._ready]
            if not ready:
                break
            replica = ready[next(self._turns) % len(ready)]
            try:
                return await self._connect(replica)
            except OSError:
                self.refused += 1
                self._ready.discard(replica)
        self.turned_away += 1
        return None

    @staticmethod
    async def _pass(reader, writer):
        """Passes on what comes until its end, and that too."""
        try:
            while piece := await reader.read(PIECE_BYTES):
                writer.write(piece)
                await writer.drain()
        except OSError:
            pass
        writer.close()
