# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""What every kind of fault is made of."""

import random
import time


class Kind:
    """A kind of fault, which strikes several times under a load."""

    # What the table calls it, and how often it strikes in the long and in the short form.
    name: str
    long: int
    short = 1
    # Whether it is the server on SQLite that is struck, rather than replicas.
    is_single = False
    # How long after the last strike every execution must have ended, in seconds.
    patience = 180

    def __init__(self, stand, moments, is_short):
        self.stand, self.moments, self.is_short = stand, moments, is_short
        self.count = self.short if is_short else self.long

    @property
    def servers(self):
        """On whom there is a load: those who recover."""
        return [self.stand.single] if self.is_single else self.stand.replicas

    def begin(self, worlds, load):
        """Prepares, while there is a load already."""

    def strike(self):
        """Does it and undoes it. Returns once the fault is over, which is when recovery begins."""
        raise NotImplementedError

    def settle(self):
        """After the recovery from one strike: makes ready for the next."""

    def end(self):
        """After the last strike, in any case."""

    def losses(self):
        """What should hold and does not, beside what holds of every load: a sentence for each."""
        return []

    # What kinds are written with

    def victim(self):
        return self.moments.choice(self.servers)

    def last(self, shortest, longest):
        """Lets the fault last for a while: its length is the point, so it is time that is waited for."""
        time.sleep(self.moments.uniform(shortest, longest))


def moments(seed, kind):
    """What is random about a kind, the same for a seed whatever other kinds are tried."""
    return random.Random(f"{seed} {kind.name}")
