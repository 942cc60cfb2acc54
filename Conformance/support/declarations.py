# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Pipelines and action types as users declare them."""

ROLE = "arn:aws:iam::000000000000:role/pipeline"


def type_id(category, owner, provider, version="1"):
    return {"category": category, "owner": owner, "provider": provider, "version": version}


def s3_source(bucket, key="source.zip", *, name="Fetch", output="Source", **configuration):
    return {
        "name": name,
        "actionTypeId": type_id("Source", "AWS", "S3"),
        "configuration": {"S3Bucket": bucket, "S3ObjectKey": key, **configuration},
        "outputArtifacts": [{"name": output}],
    }


def approval(name="Approve", **members):
    return {"name": name, "actionTypeId": type_id("Approval", "AWS", "Manual"), **members}


def action(name, type, *, configuration=None, inputs=("Source",), outputs=(), **members):
    declared = {
        "name": name,
        "actionTypeId": type,
        "inputArtifacts": [{"name": each} for each in inputs],
        "outputArtifacts": [{"name": each} for each in outputs],
        **members,
    }
    if configuration is not None:
        declared["configuration"] = configuration
    return declared


def pipeline(name, bucket, *stages, **members):
    """A pipeline of an S3 source and the given stages, each a name with its actions."""
    source = {"name": "Source", "actions": [s3_source(bucket)]}
    return {
        "name": name,
        "roleArn": ROLE,
        "artifactStore": {"type": "S3", "location": bucket},
        "stages": [source, *({"name": stage, "actions": list(actions)} for stage, actions in stages)],
        **members,
    }
