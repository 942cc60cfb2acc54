# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""`python -m faults`: tries faults and prints what came of them."""

import argparse
import json
import random
import sys
import time
from pathlib import Path

from faults import surroundings
from faults.kinds import KINDS
from faults.kinds.selfcheck import FailOverOutOfStep
from faults.stand import Stand
from faults.table import line, table
from faults.trial import Trial

# The two lines of the short form.
REPLICAS, SINGLE = "each kind on replicas", "each kind on SQLite"
# How many losses of a kind are told one by one.
SHOWN = 20


def arguments():
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    parser.add_argument("--short", action="store_true", help="each kind once or a few times, under one load")
    parser.add_argument("--kind", action="append", help="only kinds whose names have this in them; may be repeated")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32), help="of the moments of faults")
    parser.add_argument("--self-check", action="store_true", help="loses something, and fails where that is not seen")
    parser.add_argument("--report", type=Path, help="a file for what the table has, as JSON")
    parser.add_argument("--keep-logs", type=Path, help="a directory for the servers' logs")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def chosen(options):
    if options.self_check:
        return [FailOverOutOfStep]
    words = options.kind
    return [kind for kind in KINDS if not words or any(word in kind.name for word in words)]


def groups(options):
    """What is tried under one load, by name: a kind, or in the short form all that have the same servers."""
    kinds = chosen(options)
    if not options.short:
        return {kind.name: [kind] for kind in kinds}
    found = {
        REPLICAS: [kind for kind in kinds if not kind.is_single],
        SINGLE: [kind for kind in kinds if kind.is_single],
    }
    return {name: group for name, group in found.items() if group}


def try_all(options):
    """Prints the table; returns whether nothing was lost, or in a self-check whether something was."""
    surroundings.become_private()
    if options.short:
        surroundings.keep_in_memory(options.inside)
    begun, outcomes = time.monotonic(), []
    with Stand(options.inside) as stand:
        if options.keep_logs:
            stand.push(lambda *_: stand.save_logs(options.keep_logs))
        for name, kinds in groups(options).items():
            outcome = Trial(stand, name, kinds, options.seed, options.short).run()
            outcomes.append(outcome)
            print(line(outcome), f"{outcome.took:.0f} s, {outcome.drained:.0f} s of them to the end", flush=True)
            for loss in outcome.losses[:SHOWN]:
                print("   ", loss, flush=True)
    print(f"\n{table(outcomes)}\n\nseed {options.seed}, {time.monotonic() - begun:.0f} s")
    if options.report:
        options.report.write_text(json.dumps([outcome.document() for outcome in outcomes]))
    return any(outcome.losses for outcome in outcomes) == options.self_check


def main():
    options = arguments()
    if options.inside:
        return 0 if try_all(options) else 1
    reason = surroundings.missing()
    if reason:
        print(f"Faults cannot be tried here: {reason}", file=sys.stderr)
        return 2
    print(f"seed {options.seed}", flush=True)
    return surroundings.run_inside(*sys.argv[1:], "--seed", str(options.seed))


if __name__ == "__main__":
    sys.exit(main())
