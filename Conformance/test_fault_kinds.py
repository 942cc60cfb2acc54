# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""The short form of `make faults`: each kind of fault once or a few times, under load, on a stand of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from faults import surroundings
from faults.__main__ import REPLICAS, SINGLE
from faults.kinds import KINDS


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """What came of it, by the name of the line."""
    reason = surroundings.missing()
    if reason:
        pytest.skip(f"faults cannot be tried: {reason}")
    report = tmp_path_factory.mktemp("faults") / "report.json"
    command = [sys.executable, "-m", "faults", "--short", "--report", report]
    run = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, timeout=540)
    print(run.stdout, run.stderr)
    assert report.exists(), "there is no report"
    return {outcome["kind"]: outcome for outcome in json.loads(report.read_text())}


@pytest.mark.parametrize("name", [REPLICAS, SINGLE])
def test_what_was_answered_holds_and_every_execution_ends(outcomes, name):
    outcome = outcomes[name]
    assert outcome["losses"] == []
    assert outcome["faults"] == sum(kind.short for kind in KINDS if kind.is_single == (name == SINGLE))
    assert len(outcome["recoveries"]) == outcome["faults"]
    assert outcome["acknowledged"] > 0
