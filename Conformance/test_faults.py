# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Kills at random moments while workers run; then every answered call must still be so, and nothing may be stuck."""

import os
import random
import time

from support.load import Load

KILLS = 5


def test_nothing_is_lost_or_stuck_when_the_server_is_killed(own_server, own_world):
    seed = int(os.environ.get("PENSTOCK_FAULT_SEED", random.randrange(1 << 32)))
    print(f"PENSTOCK_FAULT_SEED={seed}")
    moments = random.Random(seed)
    load = Load(own_world, seed=seed, keepers=1)
    load.start()
    for _ in range(KILLS):
        # When the kill falls is the point of the test, so it is time that is waited for.
        time.sleep(moments.uniform(0.2, 1.5))
        own_server.kill()
        own_server.start()
    own_world.reconnect()
    load.finish(own_world.codepipeline)
    print(f"{KILLS} kills, {load.check(own_world)}")
