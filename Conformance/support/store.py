# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""An S3-compatible store of somebody else, and the way to it, which a test may close."""

import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading

import boto3
from botocore.config import Config
from support.server import REGION


def read(s3, bucket, key, **members):
    """The content of an object."""
    return s3.get_object(Bucket=bucket, Key=key, **members)["Body"].read()


class Gate:
    """Passes connections on to a port; closed, it is a store that is away."""

    def __init__(self, target):
        self.target = target
        self._open = set()
        self._lock = threading.Lock()
        self._listener = None
        self.port = 0
        self.raise_()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def raise_(self):
        """Lets connections through, on the port that it had before."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def close(self):
        """Ends all connections and takes no more."""
        # Whoever waits in `accept` holds on to the port until he is woken.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self):
        """Ends all connections that there are."""
        with self._lock:
            for each in self._open:
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def _accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near):
        with near, socket.create_connection(("127.0.0.1", self.target)) as far:
            with self._lock:
                self._open |= {near, far}
            back = threading.Thread(target=self._copy, args=(far, near), daemon=True)
            back.start()
            self._copy(near, far)
            back.join()
            with self._lock:
                self._open -= {near, far}

    @staticmethod
    def _copy(source, target):
        try:
            while piece := source.recv(1 << 16):
                target.sendall(piece)
        except OSError:
            pass
        for each in (source, target):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class ForeignStore:
    """moto's server as the other store: a process of its own, with a bucket, behind a gate."""

    BUCKET = "elsewhere"

    def __init__(self, directory):
        self.directory = directory
        self.log = (directory / "moto.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "MOTO_S3_CUSTOM_ENDPOINTS": "", "PYTHONUNBUFFERED": "1"},
        )
        # Method and target of each request that was answered, as its log has them.
        self.requests = []
        ports = queue.Queue()
        threading.Thread(target=self._read, args=(ports,), daemon=True).start()
        self.gate = Gate(ports.get(timeout=60))
        self.s3 = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{self.gate.target}",
            aws_access_key_id="AKIAMOTO",
            aws_secret_access_key="not-a-secret",
            region_name=REGION,
            config=Config(s3={"addressing_style": "path"}),
        )
        self.s3.create_bucket(Bucket=self.BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.credentials = directory / "credentials"
        self.credentials.write_text("[moto]\naws_access_key_id = AKIAMOTO\naws_secret_access_key = not-a-secret\n")

    def _read(self, ports):
        for line in self.process.stderr:
            self.log.write(line.encode())
            if found := re.search(r"Running on http://127.0.0.1:(\d+)", line):
                ports.put(int(found.group(1)))
            if found := re.search(r'"([A-Z]+) (\S+) HTTP/', line):
                self.requests.append(found.groups())

    def place(self, prefix, **parameters):
        """Where a server keeps its artifacts, as `--artifacts` has it."""
        known = {
            "endpoint": self.gate.endpoint,
            "region": REGION,
            "credentials": self.credentials,
            "profile": "moto",
            **parameters,
        }
        query = "&".join(f"{name}={value}" for name, value in known.items())
        return f"s3://{self.BUCKET}/{prefix}?{query}"

    def objects(self, prefix):
        """Keys and sizes of what is there."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.BUCKET, Prefix=prefix)
        return {each["Key"]: each["Size"] for page in pages for each in page.get("Contents", [])}

    def blobs(self, prefix):
        """Those that have content."""
        return {key: size for key, size in self.objects(f"{prefix}/blobs/").items()}

    def pause(self):
        """It keeps its connections and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        self.process.kill()
        self.process.wait()
