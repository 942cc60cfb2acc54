# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""A master's configuration: builds of three steps that the master itself carries out, asked for by the master.

RESULT, BUILDS and AT_ONCE are put before it.
"""

import os
import time

from buildbot.plugins import schedulers, steps, util, worker
from buildbot.util.service import BuildbotService
from twisted.internet import defer, reactor


STAMP = {"codebase": "", "repository": "", "branch": None, "revision": None, "project": ""}


class Driver(BuildbotService):
    """Asks for all builds at once, and writes down how long it took until the last of them was finished."""

    name = "driver"

    @defer.inlineCallbacks
    def startService(self):
        yield super().startService()
        reactor.callLater(1, self.drive)

    @defer.inlineCallbacks
    def drive(self):
        self.left = BUILDS
        self.consumer = yield self.master.mq.startConsuming(self.finished, ("builds", None, "finished"))
        builder = yield self.master.data.updates.findBuilderId("nothing")
        self.start = time.monotonic()
        for _ in range(BUILDS):
            yield self.master.data.updates.addBuildset(
                waited_for=False, builderids=[builder], sourcestamps=[STAMP], reason="bench"
            )

    def finished(self, key, build):
        self.left -= 1
        if self.left == 0:
            seconds = time.monotonic() - self.start
            with open(f"{RESULT}.new", "w") as file:
                file.write(str(seconds))
            os.rename(f"{RESULT}.new", RESULT)


factory = util.BuildFactory([
    steps.SetProperty(name=f"step {number}", property=f"step{number}", value="done") for number in range(3)
])
BuildmasterConfig = {
    "workers": [worker.LocalWorker("local", max_builds=AT_ONCE)],
    "builders": [util.BuilderConfig(name="nothing", workernames=["local"], factory=factory, collapseRequests=False)],
    "protocols": {"null": {}},
    # A builder needs one; nobody triggers it.
    "schedulers": [schedulers.Triggerable(name="none", builderNames=["nothing"])],
    "services": [Driver()],
    "db": {"db_url": "sqlite:///state.sqlite"},
    "buildbotNetUsageData": None,
}
