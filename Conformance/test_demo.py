# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""`penstock demo`: every command that it shows is one that works."""

import os
import re
import subprocess
import sys
from pathlib import Path

from support.server import executable

PAUSE = "Press Return to go on."

# The demo has done each step when it shows the command, so some can only be refused, and for that reason alone.
DONE_ALREADY = {
    "penstock serve": "is using data",
    "aws codepipeline create-custom-action-type": "already exists",
    "aws codepipeline create-pipeline": "PipelineNameInUseException",
    "aws codepipeline retry-stage-execution": "StageNotRetryableException",
    "aws codepipeline put-approval-result": "ApprovalAlreadyCompletedException",
    "penstock connections create": "is connected already",
}

# A second upload would start the pipeline once more, in the middle of the story.
HARMLESS = {"aws s3 cp": " --dryrun"}


def told(demo):
    """What the demo says until it waits or ends."""
    text = ""
    for line in demo.stdout:
        if line.strip() == PAUSE:
            return text, True
        text += line
    return text, False


def commands(text):
    return [re.sub(r"\\\n +", "", each).strip() for each in re.findall(r"^    \$ ((?:.*\\\n)*.*)$", text, re.MULTILINE)]


def run(command, directory, path):
    ending = next((each for start, each in HARMLESS.items() if command.startswith(start)), "")
    return subprocess.run(
        ["sh", "-c", f". ./environment && {command}{ending}"],
        cwd=directory,
        env={"PATH": f"{path}:{os.environ['PATH']}", "HOME": str(directory), "AWS_EC2_METADATA_DISABLED": "true"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_every_command_that_the_demo_shows_works(tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    aws = tools / "aws"
    aws.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(sys.executable).parent / "aws"}" "$@"\n')
    aws.chmod(0o755)
    files = tmp_path / "files"
    files.mkdir()
    demo = subprocess.Popen(
        [executable(), "demo", "--pause"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(files)},
    )
    tried = []
    try:
        text, waits = told(demo)
        directory = re.search(r"cd (\S+) && \. \./environment", text).group(1)
        while waits:
            for command in commands(text):
                ended = run(command, directory, tools)
                expected = next((each for start, each in DONE_ALREADY.items() if command.startswith(start)), None)
                if expected is None:
                    assert ended.returncode == 0, f"{command}: {ended.stderr}"
                else:
                    assert ended.returncode != 0, command
                    assert expected in ended.stderr, f"{command}: {ended.stderr}"
                tried.append(command)
            demo.stdin.write("\n")
            demo.stdin.flush()
            text, waits = told(demo)
        assert demo.wait(timeout=60) == 0
    finally:
        demo.kill()
    assert len(tried) == 20
    assert sum(command.startswith("aws ") for command in tried) == 15
    assert list(files.iterdir()) == []
