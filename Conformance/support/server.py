# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""A `penstock serve` process and the clients that talk to it."""

import configparser
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[2]
REGION = "eu-central-1"
READY = "Penstock is ready at "
# Reads what boto3 knows of a service once, not for every client.
LOADER = botocore.loaders.create_loader()


def executable():
    """The binary under test: PENSTOCK_EXECUTABLE, else the newest of the release and the debug build."""
    named = os.environ.get("PENSTOCK_EXECUTABLE")
    if named:
        return Path(named)
    built = [ROOT / ".build" / kind / "penstock" for kind in ("release", "debug")]
    built = [path for path in built if path.exists()]
    if not built:
        raise FileNotFoundError("build penstock first: swift build -c release --product penstock")
    return max(built, key=lambda path: path.stat().st_mtime)


def parsed(text):
    """What a command printed, as data where it is JSON."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


class Server:
    """One data directory, and the process that serves it now."""

    def __init__(self, data_dir, *options, within=(), variables=None):
        """`within` is the beginning of the command, which runs the rest in some surroundings."""
        self.data_dir = Path(data_dir)
        self.options = ("--port", "0", *options)
        self.within = within
        self.variables = variables or {}
        self.process = None
        self.endpoint = None
        self._lines = None

    def start(self, deadline=60):
        """Starts the process and returns once it says that it is ready."""
        self.log = open(self.data_dir.with_suffix(".log"), "ab")
        self.process = subprocess.Popen(
            [*self.within, executable(), "serve", "--data-dir", self.data_dir, *self.options],
            env={**os.environ, **self.variables},
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        lines = queue.Queue()
        threading.Thread(target=self._read, args=(self.process.stdout, lines), daemon=True).start()
        while True:
            try:
                line = lines.get(timeout=deadline)
            except queue.Empty:
                self.kill()
                raise TimeoutError(f"no ready line within {deadline} s; see {self.log.name}") from None
            if line is None:
                raise RuntimeError(f"the server ended with {self.process.wait()}; see {self.log.name}")
            if line.startswith(READY):
                self.endpoint = line.removeprefix(READY).strip()
                return self

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.put(line)
        lines.put(None)

    def stop(self, deadline=30):
        """Asks it to end, and returns its exit code."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=deadline)

    def kill(self):
        """Ends it as a power cut would, as far as a process can tell."""
        self.process.kill()
        self.process.wait()

    def credentials(self):
        parser = configparser.ConfigParser()
        parser.read(self.data_dir / "credentials")
        return dict(parser["penstock"])

    def create_key(self, *options):
        """The one profile that `penstock keys create` prints."""
        parser = configparser.ConfigParser()
        parser.read_string(self.penstock("keys", "create", *options))
        (name,) = parser.sections()
        return dict(parser[name])

    def environment_of(self, keys):
        """What a shell has that signs with these keys."""
        return self.environment(
            AWS_ACCESS_KEY_ID=keys["aws_access_key_id"], AWS_SECRET_ACCESS_KEY=keys["aws_secret_access_key"]
        )

    def session(self, region=REGION):
        return self.session_of(self.credentials(), region)

    def session_of(self, keys, region=REGION):
        return self._session(keys["aws_access_key_id"], keys["aws_secret_access_key"], None, region)

    def session_of_job(self, data, region=REGION):
        """A session with the credentials that a job carries."""
        keys = data["artifactCredentials"]
        return self._session(keys["accessKeyId"], keys["secretAccessKey"], keys["sessionToken"], region)

    @staticmethod
    def _session(key_id, secret, token, region):
        core = botocore.session.get_session()
        core.register_component("data_loader", LOADER)
        return boto3.Session(key_id, secret, token, region, botocore_session=core)

    def client(self, service, session=None, **settings):
        """A boto3 client that does not retry, so that a test sees what the first answer was."""
        settings = {"retries": {"total_max_attempts": 1}, "s3": {"addressing_style": "path"}, **settings}
        return (session or self.session()).client(service, endpoint_url=self.endpoint, config=Config(**settings))

    def environment(self, **extra):
        """What `eval "$(penstock env)"` gives to a shell, and nothing of this machine's own configuration."""
        keys = self.credentials()
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.data_dir.parent),
            "AWS_ACCESS_KEY_ID": keys["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": keys["aws_secret_access_key"],
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            **extra,
        }

    def aws(self, *arguments, check=True, env=None):
        """Runs the AWS CLI; returns what it printed, parsed where it is JSON."""
        aws = Path(sys.executable).parent / "aws"
        run = subprocess.run(
            [sys.executable, aws, "--output", "json", *map(str, arguments)],
            env=env or self.environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )
        if check and run.returncode != 0:
            raise AssertionError(f"aws {' '.join(map(str, arguments))}: {run.stderr.strip()}")
        if not check:
            return run
        return parsed(run.stdout)

    def penstock(self, *arguments, check=True, env=None):
        """Runs our own command line; returns what it printed, parsed where it is JSON."""
        run = subprocess.run(
            [executable(), *map(str, arguments)],
            env=env or self.environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )
        if check and run.returncode != 0:
            raise AssertionError(f"penstock {' '.join(map(str, arguments))}: {run.stderr.strip()}")
        if not check:
            return run
        return parsed(run.stdout)
