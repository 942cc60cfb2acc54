# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""What came of a run, as a table in Markdown."""

HEAD = "| kind | faults | acknowledged calls | repeated calls | lost | recovery p50 | max |"


def seconds(value):
    return "" if value is None else f"{value:.1f} s" if value >= 1 else f"{value * 1000:.0f} ms"


def line(outcome):
    return (
        f"| {outcome.kind} | {outcome.faults} | {outcome.acknowledged:,} | {outcome.repeated:,} | {len(outcome.losses)}"
        f" | {seconds(outcome.median)} | {seconds(outcome.longest)} |"
    )


def table(outcomes):
    def total(name):
        return sum(getattr(outcome, name) for outcome in outcomes)

    lost = sum(len(outcome.losses) for outcome in outcomes)
    end = f"| all | {total('faults')} | {total('acknowledged'):,} | {total('repeated'):,} | {lost} | | |"
    return "\n".join([HEAD, "| --- | --- | --- | --- | --- | --- | --- |", *map(line, outcomes), end])
