# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Waiting for what a server does on its own: asked again until it is so, with a deadline."""

import time


def until(look, *, deadline=20, what="the condition"):
    """Calls `look` until what it returns is true, and returns that."""
    end = time.monotonic() + deadline
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come about within {deadline} s; last seen: {found!r}")
        time.sleep(0.01)
