# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""What a server's answers promised, and whether the database and the files of an image hold it."""

import hashlib
import sqlite3
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from support.filetrace import Answer

DATABASE = "penstock.sqlite"
# Made anew by whoever opens the database.
INDEX = f"{DATABASE}-shm"


@dataclass(frozen=True)
class Row:
    """A row that the query gives from the answer on, until the answer `until` if there is one; or that it does not."""

    answer: str
    what: str
    query: str
    row: tuple
    until: str | None = None
    is_absent: bool = False


@dataclass(frozen=True)
class Blob:
    """Bytes that are there, under their hash, from the answer on."""

    answer: str
    what: str
    digest: str


@dataclass(frozen=True)
class Kept:
    """A file that is there as it was at the answer, which is known by any part of it."""

    answer: str
    path: str
    content: bytes

    @property
    def what(self):
        return f"the file {self.path}"


@dataclass(frozen=True)
class Shown:
    """What a server that was started on an image shows: `look` gets a `Reader` of it."""

    answer: str
    what: str
    look: Callable


class Reader:
    """Asks a server, the same thing once."""

    def __init__(self, server):
        self.codepipeline, self.s3 = server.client("codepipeline"), server.client("s3")
        self._histories = {}

    def outcomes(self, pipeline):
        """The status of each action that the pipeline's history has, by its id."""
        if pipeline not in self._histories:
            pages = self.codepipeline.get_paginator("list_action_executions").paginate(pipelineName=pipeline)
            details = [each for page in pages for each in page["actionExecutionDetails"]]
            self._histories[pipeline] = {each["actionExecutionId"]: each["status"] for each in details}
        return self._histories[pipeline]


class Promises:
    """Collected while the server works, by many threads; each names the request whose answer made the promise."""

    def __init__(self):
        self._lock = threading.Lock()
        self._made = []

    def _add(self, promise):
        with self._lock:
            self._made.append(promise)

    def row(self, answer, what, query, *row, until=None, is_absent=False):
        self._add(Row(request_id(answer), what, query, row, until and request_id(until), is_absent))

    def audited(self, answer):
        """A call that changed something: it is so together with the change."""
        id = request_id(answer)
        self.row(answer, f"the change of request {id}", "SELECT request_id FROM audit_entry WHERE outcome = 'ok'", id)
        return answer

    def blob(self, answer, what, content):
        self._add(Blob(request_id(answer), what, hashlib.sha256(content).hexdigest()))

    def file(self, answer, root, path):
        self._add(Kept(answer, path, (root / path).read_bytes()))

    def shown(self, answer, what, look):
        self._add(Shown(request_id(answer), what, look))

    def placed(self, events):
        """All that was promised, in the order of the answers, with the lines of the trace between which it holds."""
        lines = {}
        answers = [event for event in events if isinstance(event, Answer)]
        ids = {each.answer for each in self._made} | {each.until for each in self._made if isinstance(each, Row)}
        for id in ids - {None}:
            # Ids are random: one that is found is the one that is meant.
            found = next((event.at for event in answers if id.encode() in event.data), None)
            assert found is not None, f"the answer {id} is not in the trace"
            lines[id] = found
        placed = [
            (lines[each.answer], lines.get(getattr(each, "until", None), float("inf")), each) for each in self._made
        ]
        return sorted(placed, key=lambda each: each[0])


def request_id(answer):
    return answer["ResponseMetadata"]["RequestId"]


def id_bytes(text):
    """As identifiers are in the database."""
    return uuid.UUID(text).bytes


class Examination:
    """Looks into images; what it has seen of files that stay the same it does not look at again."""

    def __init__(self, scratch):
        self._scratch = scratch
        self._hashes = {}

    def losses(self, image, promises):
        """What is wrong with the image, in words; nothing if it opens and holds what was promised."""
        rows = [each for each in promises if isinstance(each, Row)]
        blobs = [each for each in promises if isinstance(each, Blob)]
        kept = [each for each in promises if isinstance(each, Kept)]
        lost = [each.what for each in blobs if self._digest(image, each.digest) != each.digest]
        lost += [each.what for each in kept if image.files.get(each.path) != each.content]
        if DATABASE not in image.files:
            return lost + [each.what for each in rows]
        for path in self._scratch.iterdir():
            path.unlink()
        for path, content in image.files.items():
            if path.startswith(DATABASE) and path != INDEX:
                (self._scratch / path).write_bytes(content)
        # Read only where that is possible, so that closing it does not copy the log into the database.
        mode = "rw" if f"{DATABASE}-journal" in image.files else "ro"
        database = sqlite3.connect(f"file:{self._scratch / DATABASE}?mode={mode}", uri=True)
        try:
            return lost + self._look(database, rows)
        except sqlite3.DatabaseError as error:
            return [*lost, f"the database does not open: {error}"]
        finally:
            database.close()

    @staticmethod
    def _look(database, rows):
        problems = [each for (each,) in database.execute("PRAGMA integrity_check") if each != "ok"]
        problems += [f"a row of {each[0]} hangs on nothing" for each in database.execute("PRAGMA foreign_key_check")]
        if rows and not database.execute("SELECT 1 FROM sqlite_schema WHERE name = 'audit_entry'").fetchone():
            return problems + [each.what for each in rows]
        # All rows at once, which costs less than looking for each by itself.
        found = {query: set(database.execute(query)) for query in {each.query for each in rows}}
        return problems + [each.what for each in rows if (each.row in found[each.query]) == each.is_absent]

    def _digest(self, image, name):
        content = image.files.get(f"artifacts/blobs/{name[:2]}/{name[2:]}")
        if content is None:
            return None
        # A file that was synced is the same object for as long as nothing is written to it.
        known = self._hashes.get(name)
        if known is None or known[0] is not content:
            known = self._hashes[name] = (content, hashlib.sha256(content).hexdigest())
        return known[1]
