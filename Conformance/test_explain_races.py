# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Which reports of the thread sanitizer `make sanitize` passes over."""

import subprocess
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[1] / "scripts" / "explain-races"
# What is on the lines of each source.
SOURCE = ["let state = Mutex(0)", "state.withLock { $0 += 1 }", "counter += 1", "state.withLock { $0 -= 1 }"]
LOCKED, BARE, LOCKED_AS_WELL = 2, 3, 4


@pytest.fixture
def sources(tmp_path):
    for name in ("Pool.swift", "Clock.swift"):
        (tmp_path / name).write_text("\n".join(SOURCE))
    return tmp_path


def stack(*places, inner="$s4TestXEfU_"):
    """The frames of one access, the innermost first, which has no line."""
    frames = [("/there/Other.swift", None), *places]
    return "\n".join(
        f"    #{number} {inner} {path}{f':{line}:9' if line else ''} (tests+0x{number}) (BuildId: 2f)"
        for number, (path, line) in enumerate(frames)
    )


def report(first, second, heads=("Write of size 8", "Previous read of size 8"), kind="data race", location=None):
    one, two = (f"  {head} at 0x7208 by thread T{number}:" for number, head in enumerate(heads))
    made = location or f"  Location is heap block of size 32 at 0x7208 allocated by thread T1:\n{stack()}"
    return (
        f"==================\nWARNING: ThreadSanitizer: {kind} (pid=1)\n{one}\n{first}\n\n{two}\n{second}\n\n"
        f"{made}\n\nSUMMARY: ThreadSanitizer: data race Pool.swift:1 in $s4Test\n==================\n"
    )


def explained(directory, *reports):
    file = directory / "report.1"
    file.write_text("".join(reports))
    run = subprocess.run([PROGRAM, file], capture_output=True, text=True, timeout=30)
    return run.returncode == 0, run.stdout.splitlines()


def test_two_accesses_under_locks_of_one_file_are_explained(sources):
    pool = sources / "Pool.swift"
    under = report(stack((pool, LOCKED)), stack((pool, BARE), (pool, LOCKED_AS_WELL)))
    swift = ("Modifying access of Swift variable", "Previous modifying access of Swift variable")
    passed, told = explained(sources, under, under, report(stack((pool, LOCKED)), stack((pool, LOCKED)), swift))
    assert passed
    assert told == [
        "1 times under a lock: Pool.swift:2",
        "2 times under a lock: Pool.swift:2 and Pool.swift:4",
        "3 reports are explained, 0 are not",
    ]


def test_a_generator_without_memory_is_explained_and_no_other_global(sources):
    where = "  Location is global '{}' of size 16 at 0x7208 (libswiftCore.so+0x5e37a0)"
    reports = [
        report(stack(), stack(), kind="Swift access race", location=where.format(symbol))
        for symbol in ("$ss27SystemRandomNumberGeneratorVSGsWP", "$ss6HasherVN")
    ]
    assert explained(sources, reports[0]) == (
        True, ["1 times of a generator that has no memory", "1 reports are explained, 0 are not"]
    )
    passed, told = explained(sources, *reports)
    assert not passed
    assert told[-1] == "1 reports are explained, 1 are not"


@pytest.mark.parametrize(
    "first, second",
    [
        ((("Pool.swift", LOCKED),), (("Pool.swift", BARE),)),
        ((("Pool.swift", BARE),), (("Pool.swift", BARE),)),
        ((("Pool.swift", LOCKED),), (("Clock.swift", LOCKED),)),
        ((("Pool.swift", LOCKED),), ()),
        ((("Pool.swift", LOCKED),), (("Gone.swift", LOCKED),)),
        ((("Pool.swift", LOCKED),), (("Pool.swift", 99),)),
    ],
)
def test_every_other_report_is_an_error_and_printed(sources, first, second):
    one, two = (stack(*((sources / name, line) for name, line in places)) for places in (first, second))
    passed, told = explained(sources, report(one, two))
    assert not passed
    assert "WARNING: ThreadSanitizer: data race (pid=1)" in told
    assert told[-1] == "0 reports are explained, 1 are not"


def test_what_a_lock_does_not_explain_is_an_error(sources):
    pool = sources / "Pool.swift"
    under = stack((pool, LOCKED))
    dependency = sources / "checkouts" / "Lock.swift"
    dependency.parent.mkdir()
    dependency.write_text("\n".join(SOURCE))
    for each in (
        report(under, "    [failed to restore the stack]"),
        report(under, under, kind="heap-use-after-free"),
        # Called on the same line, after the lock.
        report(under, stack((pool, LOCKED), inner="$s4Test6resumeyyF")),
        report(stack((dependency, LOCKED)), stack((dependency, LOCKED))),
        # The process ended in the middle of it.
        report(under, under).partition("  Previous")[0],
    ):
        passed, told = explained(sources, each)
        assert not passed
        assert told[-1] == "0 reports are explained, 1 are not"
