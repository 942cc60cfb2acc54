# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Objects whose content is moved from place to place, and what must be so wherever it is."""

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor

from support.server import Server
from support.store import read


def sqlite(directory):
    return f"sqlite:{directory}"


def query(directory, statement, *values):
    with sqlite3.connect(directory / "penstock.sqlite") as database:
        rows = database.execute(statement, values).fetchall()
    database.close()
    return rows


def directory_of(directory, objects):
    """A stopped data directory with these objects, whose content is in files."""
    server = Server(directory / "data").start()
    s3 = server.client("s3", max_pool_connections=16)
    s3.create_bucket(Bucket="bucket")
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda item: s3.put_object(Bucket="bucket", Key=item[0], Body=item[1]), objects.items()))
    assert server.stop() == 0
    return server.data_dir, objects


def few():
    """Some objects, one of them empty."""
    return {f"k{number}": os.urandom(1000 + number) for number in range(20)} | {"empty": b""}


def many():
    """So many that what moves them can be killed in the middle."""
    return {f"k{number}": os.urandom(3000) for number in range(400)}


def served(server, objects):
    """Every object is there, byte by byte, and a new one too."""
    s3 = server.client("s3")
    assert {key: read(s3, "bucket", key) for key in objects} == objects
    s3.put_object(Bucket="bucket", Key="new", Body=b"new" * 1000)
    assert read(s3, "bucket", "new") == b"new" * 1000
    assert server.stop() == 0


class Abroad:
    """A stopped server's directory, with content in the store, and ways to damage that."""

    def __init__(self, store, prefix, directory):
        self.store, self.prefix, self.directory = store, prefix, directory

    def key(self):
        """Of the largest."""
        blobs = self.store.blobs(self.prefix)
        return max(blobs, key=blobs.get)

    def content(self):
        return self.store.s3.get_object(Bucket=self.store.BUCKET, Key=self.key())["Body"].read()

    def put(self, body):
        self.store.s3.put_object(Bucket=self.store.BUCKET, Key=self.key(), Body=body)

    def mark(self, text):
        self.store.s3.put_object(Bucket=self.store.BUCKET, Key=f"{self.prefix}/penstock-artifacts", Body=text)

    def lose(self):
        self.store.s3.delete_object(Bucket=self.store.BUCKET, Key=self.key())
