# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""A fault that takes back what was answered, so that it is seen that such a thing is seen."""

import time

from faults.kinds.databases import FailOver

# How long commits wait for nobody before the primary dies, in seconds.
OUT_OF_STEP = 3


class FailOverOutOfStep(FailOver):
    """The standby hears nothing for a while, commits do not wait for it, and then it takes over."""

    name = "failed over to a standby that is behind"
    long = short = 1
    # Some executions never end, since the result of a job is lost with the answer that its worker got.
    patience = 20

    def strike(self):
        pair = self.stand.pair
        cable = pair.standby.machine.back
        cable.part()
        try:
            pair.commit_alone()
            # What is answered meanwhile is what the standby does not have.
            time.sleep(OUT_OF_STEP)
            super().strike()
        finally:
            cable.join()
