# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""The README's session, as it stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

from support.server import ROOT, executable
from support.waiting import until

README = ROOT / "README.md"


def blocks(who):
    """The blocks of shell that the README marks as the server's or the client's."""
    return re.findall(rf"<!-- session: {who} -->\n```sh\n(.*?)```", README.read_text(), flags=re.DOTALL)


def test_the_session_of_the_readme_does_what_it_says(tmp_path):
    tools = [str(executable().parent), str(Path(sys.executable).parent)]
    environment = {
        "PATH": os.pathsep.join([*tools, os.environ["PATH"]]),
        "HOME": str(tmp_path),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }
    (start,) = blocks("server")
    # The port of the README may be taken on the machine of the test.
    command = f"exec {start.strip()} --port 0"
    with open(tmp_path / "server.log", "wb") as log:
        server = subprocess.Popen(["bash", "-c", command], cwd=tmp_path, env=environment, stdout=log, stderr=log)
    try:
        endpoint = tmp_path / "penstock-data" / "endpoint"
        until(lambda: endpoint.exists() or server.poll() is not None, what="the server to be ready")
        script = "set -euo pipefail\n" + "\n".join(blocks("client"))
        run = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
        )
        assert run.returncode == 0, run.stdout + run.stderr
        assert "The harbour is full" in run.stdout
        assert run.stdout.splitlines()[-1] == "Succeeded"
    finally:
        server.terminate()
        assert server.wait(timeout=30) == 0
