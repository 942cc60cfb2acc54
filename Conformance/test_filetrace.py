# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""How a trace is read in which threads are in the middle of their calls."""

import pytest
from support.filetrace import Reader, UnknownCall, Write

DIRECTORY = "/data"


def hexadecimal(text):
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


def opened(thread, number, name):
    path = hexadecimal(f"{DIRECTORY}/{name}")
    here = f"AT_FDCWD<{hexadecimal('/')}>"
    return f'{thread} openat({here}, "{path}", O_RDWR|O_CREAT, 0600) = {number}<{path}>'


def wrote(thread, number, name, text):
    file = f"{number}<{hexadecimal(f'{DIRECTORY}/{name}')}>"
    return f'{thread} write({file}, "{hexadecimal(text)}", {len(text)}) = {len(text)}'


def closes(thread, number, name):
    return f"{thread} close({number}<{hexadecimal(f'{DIRECTORY}/{name}')}> <unfinished ...>"


def closed(thread):
    return f"{thread} <... close resumed>) = 0"


def read(path, *lines):
    path.write_text("".join(f"{line}\n" for line in lines))
    reader = Reader(DIRECTORY)
    reader.read(path)
    return [(event.node, event.data) for event in reader.events if isinstance(event, Write)]


def test_a_number_that_is_used_again_while_its_close_is_under_way_is_of_the_new_file(tmp_path):
    writes = read(
        tmp_path / "trace",
        opened(1, 7, "old"), closes(1, 7, "old"), opened(2, 7, "new"), closed(1), wrote(2, 7, "new", "kept"),
    )
    assert writes == [(1, b"kept")]


def test_nothing_is_written_to_a_file_that_was_closed(tmp_path):
    with pytest.raises(UnknownCall, match="has no beginning"):
        read(
            tmp_path / "trace",
            opened(1, 7, "old"), closes(1, 7, "old"), closed(1), wrote(1, 7, "old", "lost"),
        )
