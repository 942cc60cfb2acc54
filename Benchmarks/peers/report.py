# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Lines of the tables."""


def heading(text):
    print(f"\n== {text}", flush=True)


def line(name, text):
    print(f"{name:<52}{text}", flush=True)


def rate(name, per_second, unit="", note=""):
    line(name, f"{per_second:9.0f} {unit}/s   {note}".rstrip())


def absent(name, error):
    """A peer that cannot be measured here; why stands in the table."""
    first = (str(error) or type(error).__name__).strip().splitlines()[0]
    line(name, f"not measured: {type(error).__name__}: {first}"[:200])
