# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Calls that another server of the same API answers too: moto's, which keeps declarations in memory and checks no
signatures, called by the same client in the same way."""

import contextlib
import json
import socket
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

from peers import report
from peers.system import environment

# The one that the declarations of the benchmark are of.
ACCOUNT = "000000000000"
ROLE = "bench"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "codepipeline.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def measure(system):
    try:
        with _moto() as port:
            print(system.run("--only", "j", "--peer-port", port, "--seconds", 3, "--turns", 3).rstrip(), flush=True)
            report.line("    the peer", f"moto {version('moto')}, its server with threads")
    except Exception as error:
        report.absent("moto", error)


@contextlib.contextmanager
def _moto():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = Path(sys.executable).with_name("moto_server")
    process = subprocess.Popen(
        [program, "-H", "127.0.0.1", "-p", str(port)],
        env=environment(MOTO_ACCOUNT_ID=ACCOUNT), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        _make_role(process, port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _make_role(process, port):
    """A pipeline's role has to exist there."""
    import boto3
    from botocore.exceptions import EndpointConnectionError

    client = boto3.client(
        "iam", endpoint_url=f"http://127.0.0.1:{port}", region_name="eu-central-1", aws_access_key_id="peer",
        aws_secret_access_key="of no importance",
    )
    end = time.monotonic() + 30
    while True:
        try:
            return client.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TRUST))
        except EndpointConnectionError:
            if process.poll() is not None or time.monotonic() > end:
                raise
            # It does not say when it listens.
            time.sleep(0.1)
