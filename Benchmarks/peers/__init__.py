# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Measures Penstock on PostgreSQL and with long histories, and beside other programs that do similar work."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The conformance tests know how to run a PostgreSQL of one's own.
sys.path.insert(0, str(ROOT / "Conformance"))
