# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""The kinds of faults, in the order in which they are tried."""

from faults.kinds.databases import ConnectionsTaken, DatabaseKilled, FailOver, SessionKilled, SlowDatabase
from faults.kinds.processes import ReplicaKilled, ReplicaPaused, RunnerKilled, SingleKilled
from faults.kinds.surroundings import ClockStepped, Cut, FullArtifacts, FullDatabase

KINDS = (
    ReplicaKilled,
    RunnerKilled,
    ReplicaPaused,
    DatabaseKilled,
    SessionKilled,
    FailOver,
    Cut,
    SlowDatabase,
    ConnectionsTaken,
    ClockStepped,
    FullArtifacts,
    SingleKilled,
    FullDatabase,
)
