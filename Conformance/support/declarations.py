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


def stage(name, *actions, **gates):
    """A stage with conditions, or with a handling of failures."""
    return {"name": name, "actions": list(actions), **gates}


def condition(result, *rules):
    """What stands at a gate: one condition of the rules, and what its failure leads to."""
    return {"conditions": [{"result": result, "rules": list(rules)}]}


def rule(name, provider, configuration, **members):
    type = {"category": "Rule", "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "ruleTypeId": type, "configuration": configuration, **members}


def variable_check(variable, operator, value, name="Check"):
    return rule(name, "VariableCheck", {"Variable": variable, "Operator": operator, "Value": value})


def pipeline(name, bucket, *stages, sources=None, **members):
    """A pipeline of an S3 source, or the given ones, and the stages, each a declaration or a name with its actions."""
    source = stage("Source", *(sources or [s3_source(bucket)]))
    declared = [each if isinstance(each, dict) else stage(each[0], *each[1]) for each in stages]
    return {
        "name": name,
        "roleArn": ROLE,
        "artifactStore": {"type": "S3", "location": bucket},
        "stages": [source, *declared],
        **members,
    }
