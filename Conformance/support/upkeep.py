# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Commands about a store that need no server, and what a server says of everything that it has."""

import hashlib
import json
import subprocess
from pathlib import Path

from support.server import executable

# Of BSD's sysexits.h, as the manual has them.
UNUSABLE = 74
IN_USE = 75
CONFIGURATION = 78


def run(*arguments, status=0, timeout=120):
    """Runs a command, expects the status, and returns what it said."""
    done = subprocess.run([executable(), *map(str, arguments)], capture_output=True, text=True, timeout=timeout)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout if status == 0 else done.stdout + done.stderr


def resign(backup):
    """Makes the hash of a manifest that was edited fit it again."""
    digest = hashlib.sha256((backup / "manifest.json").read_bytes()).hexdigest()
    (backup / "manifest.sha256").write_text(f"{digest}  manifest.json\n")


def edit_manifest(backup, change):
    """Changes the manifest, as a writer of it would."""
    path = backup / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))
    resign(backup)


def rows_file(backup, table):
    (found,) = (backup / "rows").glob(f"*-{table}")
    return found


def blob_files(directory):
    return sorted(path for path in (Path(directory) / "blobs").rglob("*") if path.is_file())


def flip(path, offset):
    """Changes one bit of a file."""
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)


def everything(world):
    """What a server says of a world: declarations, states, histories, objects by version, keys."""
    api, s3 = world.codepipeline, world.s3
    seen = {"keys": world.server.penstock("keys", "list", "--output", "json")}
    for summary in api.list_pipelines()["pipelines"]:
        name = summary["name"]
        answers = [
            api.get_pipeline(name=name),
            api.get_pipeline_state(name=name),
            api.list_pipeline_executions(pipelineName=name),
            api.list_action_executions(pipelineName=name),
            api.list_rule_executions(pipelineName=name),
        ]
        for answer in answers:
            del answer["ResponseMetadata"]
        seen[name] = [summary, answers]
    for bucket in s3.list_buckets()["Buckets"]:
        listed = s3.list_object_versions(Bucket=bucket["Name"])
        versions = listed.get("Versions", [])
        for each in versions:
            got = s3.get_object(Bucket=bucket["Name"], Key=each["Key"], VersionId=each["VersionId"])
            each["content"] = got["Body"].read()
        seen[bucket["Name"]] = [bucket, versions, listed.get("DeleteMarkers", [])]
    return _without(world.server.endpoint, seen)


def _without(endpoint, value):
    """The value without the address of a server, which each has its own."""
    if isinstance(value, dict):
        return {key: _without(endpoint, each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without(endpoint, each) for each in value]
    return value.replace(endpoint, "http://server") if isinstance(value, str) else value
