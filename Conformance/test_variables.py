# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Variables of pipelines and of actions, from where they are bound to where they are used."""

import uuid

import pytest
from support import declarations

HARBOUR = {"name": "Harbour", "required": True, "key": True, "secret": False}
PASSWORD = {"name": "Password", "required": False, "key": False, "secret": True}


def to(harbour, name="Ship", **members):
    """What an action is declared with besides its type."""
    return {"name": name, "configuration": {"Harbour": harbour}, **members}


def shipping(timed, harbour, **members):
    """Declares a pipeline with one action; returns its first execution and what the worker is told."""
    timed.create_custom_type([HARBOUR])
    execution = timed.declare(("Deploy", [timed.work(**to(harbour))]), type=False, **members)
    return execution, told(timed.take(execution))


def told(job):
    return job["data"]["actionConfiguration"]["configuration"]["Harbour"]


# Of pipelines


def test_variables_of_a_pipeline_come_from_the_start_or_from_their_defaults(timed, refused):
    first = timed.declare(
        ("Deploy", [timed.work()]), variables=[{"name": "Env"}, {"name": "Size", "defaultValue": "s"}]
    )
    shown = timed.execution(first)
    assert shown["status"] == "Failed"
    assert shown["statusSummary"] == "Values for required variables haven't been provided: Env"
    assert "variables" not in shown
    token = str(uuid.uuid4())
    second = timed.begin(variables=[{"name": "Env", "value": "prod"}], clientRequestToken=token)
    resolved = {each["name"]: each["resolvedValue"] for each in timed.execution(second)["variables"]}
    assert resolved == {"Env": "prod", "Size": "s"}
    twice = [{"name": "Env", "value": "prod"}, {"name": "Env", "value": "test"}]
    code, message = refused(timed.start, variables=twice, clientRequestToken=token)
    assert (code, "Env" in message) == ("ValidationException", True)
    assert refused(timed.start, variables=[{"name": "Absent", "value": "x"}])[0] == "ValidationException"
    assert len(timed.executions()) == 2


def test_an_execution_without_its_values_names_them_and_does_nothing(timed):
    variables = [{"name": "Zone"}, {"name": "Size", "defaultValue": "s"}, {"name": "Env"}]
    execution = timed.declare(("Deploy", [timed.work()]), variables=variables)
    shown = timed.execution(execution)
    assert shown["statusSummary"] == "Values for required variables haven't been provided: Zone, Env"
    assert timed.history() == []
    assert [timed.inside(stage) for stage in ("Source", "Deploy")] == [None, None]
    assert timed.executions()[0]["status"] == "Failed"


def test_names_of_variables_have_a_case_and_values_have_up_to_1000_characters(timed, refused):
    timed.declare(("Deploy", [timed.work()]), variables=[{"name": "Env", "defaultValue": "test"}])
    client = timed.server.client("codepipeline", parameter_validation=False)
    for name, value in (("env", "prod"), ("Env", ""), ("Env", "x" * 1001)):
        wrong = {"name": timed.name, "variables": [{"name": name, "value": value}]}
        assert refused(client.start_pipeline_execution, **wrong)[0] == "ValidationException", name
    second = timed.begin(variables=[{"name": "Env", "value": "x" * 1000}])
    assert timed.execution(second)["variables"] == [{"name": "Env", "resolvedValue": "x" * 1000}]


def test_a_v1_pipeline_has_no_variables(timed, refused):
    timed.put_source()
    declared = declarations.pipeline(timed.name, timed.bucket, ("Sign", [declarations.approval()]), pipelineType="V1")
    timed.codepipeline.create_pipeline(pipeline=declared)
    assert refused(timed.start, variables=[{"name": "Env", "value": "x"}])[0] == "ValidationException"
    code, message = refused(
        timed.codepipeline.update_pipeline, pipeline={**declared, "variables": [{"name": "Env", "defaultValue": "x"}]}
    )
    assert (code, message) == (
        "InvalidStructureException", "Pipeline variable can only be used with V2 pipelines"
    )


def test_a_default_that_is_changed_counts_for_later_executions(timed):
    first = timed.declare(("Deploy", [timed.work()]), variables=[{"name": "Env", "defaultValue": "old"}])
    timed.succeed(timed.take(first))
    timed.update(variables=[{"name": "Env", "defaultValue": "new"}])
    second = timed.begin()
    values = [timed.execution(each)["variables"][0]["resolvedValue"] for each in (first, second)]
    assert values == ["old", "new"]


# References


def test_values_may_mix_references_and_text(timed):
    variables = [{"name": "Env", "defaultValue": "test"}, {"name": "Size", "defaultValue": "s"}]
    mixed = "#{variables.Env}-#{variables.Size}/#{variables.Env}"
    assert shipping(timed, mixed, variables=variables)[1] == "test-s/test"


def test_the_id_of_an_execution_is_a_variable(timed):
    execution, harbour = shipping(timed, "of #{codepipeline.PipelineExecutionId}")
    assert harbour == f"of {execution}"


def test_what_is_put_in_is_not_looked_at_again(timed):
    variables = [{"name": "Env", "defaultValue": "#{variables.Size}"}, {"name": "Size", "defaultValue": "s"}]
    assert shipping(timed, "#{variables.Env}", variables=variables)[1] == "#{variables.Size}"


def test_what_is_no_reference_stays_as_it_is(timed):
    plain = "#{5} of $1 for #{variables.Env"
    assert shipping(timed, plain)[1] == plain


def test_a_source_says_what_it_fetched(timed):
    timed.create_custom_type([HARBOUR])
    place = "#{Code.BucketName}/#{Code.ObjectKey} #{Code.VersionId} #{Code.ETag}"
    declared = declarations.pipeline(timed.name, timed.bucket, ("Deploy", [timed.work(**to(place))]))
    declared["stages"][0]["actions"][0]["namespace"] = "Code"
    version = timed.put_source()
    etag = timed.s3.head_object(Bucket=timed.bucket, Key="source.zip")["ETag"].strip('"')
    timed.codepipeline.create_pipeline(pipeline=declared)
    timed.clock.settle()
    assert told(timed.take()) == f"{timed.bucket}/source.zip {version} {etag}"
    (fetched,) = timed.history("Fetch")
    assert fetched["output"]["outputVariables"] == {
        "BucketName": timed.bucket, "ObjectKey": "source.zip", "VersionId": version, "ETag": etag
    }
    assert fetched["input"]["namespace"] == "Code"


def test_a_rule_compares_with_what_its_configuration_refers_to(timed):
    check = declarations.variable_check("#{variables.Env}", "EQ", "#{variables.Wanted}")
    variables = [{"name": "Env", "defaultValue": "test"}, {"name": "Wanted", "defaultValue": "test"}]
    gate = declarations.condition("FAIL", check)
    timed.declare(declarations.stage("Deploy", timed.work(), beforeEntry=gate), variables=variables)
    assert timed.gate("Deploy", "beforeEntry") == ("Succeeded", ["Succeeded"])
    timed.succeed(timed.take())
    timed.begin(variables=[{"name": "Wanted", "value": "prod"}])
    assert timed.gate("Deploy", "beforeEntry") == ("Failed", ["Failed"])


# Of actions


def test_what_an_action_puts_out_is_what_later_ones_are_configured_with(timed):
    timed.create_custom_type([HARBOUR])
    ship = timed.work(configuration={"Harbour": "#{Made.Port} of #{variables.Env}"})
    make = timed.work("Make", configuration={"Harbour": "none"}, namespace="Made")
    timed.declare(
        ("Build", [make]), ("Deploy", [ship]), type=False, variables=[{"name": "Env", "defaultValue": "test"}]
    )
    timed.succeed(timed.take(), outputVariables={"Port": "Kiel"})
    job = timed.take()
    assert job["data"]["actionConfiguration"]["configuration"] == {"Harbour": "Kiel of test"}
    (history,) = timed.history("Ship")
    assert history["input"]["configuration"] == {"Harbour": "#{Made.Port} of #{variables.Env}"}
    assert history["input"]["resolvedConfiguration"] == {"Harbour": "Kiel of test"}


def test_a_variable_that_nobody_put_out_fails_the_action(timed):
    timed.create_custom_type([HARBOUR])
    ship = timed.work(configuration={"Harbour": "#{Made.Port}"})
    make = timed.work("Make", configuration={"Harbour": "none"}, namespace="Made")
    execution = timed.declare(("Build", [make]), ("Deploy", [ship]), type=False)
    timed.succeed(timed.take())
    assert timed.execution(execution)["status"] == "Failed"
    error = timed.latest("Deploy", "Ship")["errorDetails"]
    assert error["code"] == "ConfigurationError"
    assert error["message"].endswith("Action name=Ship (unresolved: #{Made.Port})")


def making(timed, harbour="#{Made.Port}", **members):
    """A pipeline whose second action is told what the first has put out; returns its first execution."""
    timed.create_custom_type([HARBOUR])
    make = timed.work(**to("none", "Make", namespace="Made"))
    return timed.declare(("Deploy", [make, timed.work(**to(harbour, runOrder=2))]), type=False, **members)


def test_a_retry_of_failed_actions_keeps_what_was_put_out(timed):
    execution = making(timed)
    timed.succeed(timed.take(), outputVariables={"Port": "Kiel"})
    timed.fail(timed.take())
    timed.retry("Deploy", execution)
    assert told(timed.take(execution)) == "Kiel"


def test_a_retry_of_all_actions_replaces_what_was_put_out(timed):
    execution = making(timed)
    timed.succeed(timed.take(), outputVariables={"Port": "Kiel"})
    timed.fail(timed.take())
    timed.clock.advance("1m")
    timed.retry("Deploy", execution, "ALL_ACTIONS")
    timed.succeed(timed.take(execution), outputVariables={"Port": "Hull"})
    assert told(timed.take(execution)) == "Hull"
    assert [each["output"]["outputVariables"] for each in timed.history("Make")] == [{"Port": "Kiel"}, {"Port": "Hull"}]


def test_keys_of_variables_have_a_case(timed):
    execution = making(timed)
    timed.succeed(timed.take(), outputVariables={"port": "Kiel"})
    assert timed.execution(execution)["status"] == "Failed"
    assert "(unresolved: #{Made.Port})" in timed.latest("Deploy", "Ship")["errorDetails"]["message"]


def test_a_skipped_stage_has_put_out_nothing(timed):
    timed.create_custom_type([HARBOUR])
    check = declarations.variable_check("#{variables.Env}", "EQ", "prod")
    skip = declarations.condition("SKIP", check)
    make = timed.work(**to("none", "Make", namespace="Made", outputs=["Built"]))
    build = declarations.stage("Build", make, beforeEntry=skip)
    deploy = [timed.work(**to("none", "Pack", inputs=["Built"])), timed.work(**to("#{Made.Port}"))]
    variables = [{"name": "Env", "defaultValue": "test"}]
    execution = timed.declare(build, ("Deploy", deploy), type=False, variables=variables)
    assert timed.inside("Build") == (execution, "Skipped")
    assert timed.inside("Deploy") == (execution, "Failed")
    assert timed.latest("Deploy", "Pack")["errorDetails"] == {
        "code": "ConfigurationError", "message": "Input artifact 'Built' is not available: stage 'Build' was skipped"
    }
    error = timed.latest("Deploy", "Ship")["errorDetails"]
    assert (error["code"], "(unresolved: #{Made.Port})" in error["message"]) == ("ConfigurationError", True)


def test_a_resolved_configuration_has_up_to_100_kilobytes(timed):
    execution = making(timed)
    timed.succeed(timed.take(), outputVariables={"Port": "x" * 102_400})
    assert timed.execution(execution)["status"] == "Failed"
    error = timed.latest("Deploy", "Ship")["errorDetails"]
    assert error["code"] == "ConfigurationError"
    assert "102400" in error["message"]


def test_a_variable_in_a_secret_is_clear_for_the_worker_alone(timed):
    timed.create_custom_type([HARBOUR, PASSWORD])
    make = timed.work(**to("none", "Make", namespace="Made"))
    configuration = {"Harbour": "Kiel", "Password": "#{Made.Key}"}
    timed.declare(("Deploy", [make, timed.work(configuration=configuration, runOrder=2)]), type=False)
    timed.succeed(timed.take(), outputVariables={"Key": "s3same"})
    job = timed.take()
    assert job["data"]["actionConfiguration"]["configuration"]["Password"] == "s3same"
    (history,) = timed.history("Ship")
    assert history["input"]["resolvedConfiguration"] == {"Harbour": "Kiel", "Password": "****"}


def test_a_variable_in_a_secret_that_has_no_value_fails_the_action(timed):
    timed.create_custom_type([HARBOUR, PASSWORD])
    make = timed.work(**to("none", "Make", namespace="Made"))
    configuration = {"Harbour": "Kiel", "Password": "#{Made.Key}"}
    timed.declare(("Deploy", [make, timed.work(configuration=configuration, runOrder=2)]), type=False)
    timed.succeed(timed.take(), outputVariables={"Other": "s3same"})
    error = timed.latest("Deploy", "Ship")["errorDetails"]
    assert error["code"] == "ConfigurationError"
    assert "(unresolved: #{Made.Key})" in error["message"]
    assert timed.jobs() == []


# What is refused when it is declared


def refers_to(reference, **members):
    return lambda timed: [timed.work(**to("none", "Make", namespace="Made")), timed.work(**to(reference, **members))]


def named(first, second):
    return lambda timed: [
        timed.work(**to("none", "Make", namespace=first)), timed.work(**to("none", namespace=second, runOrder=2))
    ]


@pytest.mark.parametrize(
    ("actions", "problem"),
    [
        (refers_to("#{Absent.Port}", runOrder=2), "no action has the namespace 'Absent'"),
        (refers_to("#{Made.Port}"), "action 'Make' does not end before this one starts"),
        (refers_to("#{variables.env}"), "the pipeline declares no such variable"),
        (refers_to("#{codepipeline.Name}"), "the namespace 'codepipeline' has PipelineExecutionId alone"),
        (named("Made", "Made"), "Namespaces must be unique across the pipeline definition."),
        (named("Made", "variables"), "The namespace 'variables' of action 'Ship' is reserved"),
        (named("Made", "codepipeline"), "The namespace 'codepipeline' of action 'Ship' is reserved"),
    ],
    ids=["unknown", "group", "case", "service", "twice", "variables", "codepipeline"],
)
def test_what_can_never_be_resolved_is_refused(timed, refused, actions, problem):
    timed.create_custom_type([HARBOUR])
    declared = declarations.pipeline(
        timed.name, timed.bucket, ("Deploy", actions(timed)), variables=[{"name": "Env", "defaultValue": "test"}]
    )
    code, message = refused(timed.codepipeline.create_pipeline, pipeline=declared)
    assert code == "InvalidActionDeclarationException"
    assert problem in message


def test_variables_are_declared_once_and_up_to_fifty(timed, refused):
    client = timed.server.client("codepipeline", parameter_validation=False)
    declared = declarations.pipeline(timed.name, timed.bucket, ("Sign", [declarations.approval()]))
    twice = {**declared, "variables": [{"name": "Env", "defaultValue": value} for value in "ab"]}
    assert refused(client.create_pipeline, pipeline=twice) == (
        "InvalidStructureException",
        "Variable names must be unique. The following variable name is already in use: Env",
    )
    many = {**declared, "variables": [{"name": f"V{number}", "defaultValue": "x"} for number in range(51)]}
    assert refused(client.create_pipeline, pipeline=many)[0] == "ValidationException"


@pytest.mark.parametrize(
    ("members", "value", "problem"),
    [
        ({"queryable": True}, "two words", "must have 1 to 20 characters of A-Z, a-z, 0-9, _ and -"),
        ({"queryable": True}, "x" * 21, "must have 1 to 20 characters of A-Z, a-z, 0-9, _ and -"),
        ({"queryable": True}, "x" * 20, None),
        ({"type": "Number"}, "abc", "must be a number"),
        ({"type": "Number"}, "-1.5", None),
        ({"type": "Boolean"}, "yes", "must be true or false"),
        ({"type": "Boolean"}, "True", None),
        ({}, "two words", None),
    ],
)
def test_a_resolved_value_is_judged_as_a_declared_one_is(timed, members, value, problem):
    timed.create_custom_type([{**HARBOUR, **members}])
    variable = {"name": "Where", "defaultValue": value}
    execution = timed.declare(
        ("Deploy", [timed.work(**to("#{variables.Where}"))]), type=False, variables=[variable])
    timed.clock.settle()
    if problem is None:
        (job,) = timed.poll(**({"queryParam": {"Harbour": value}} if "queryable" in members else {}))
        assert told(job) == value
        return
    assert timed.status(execution) == "Failed"
    error = timed.action("Deploy", "Ship")["latestExecution"]["errorDetails"]
    assert error == {
        "code": "ConfigurationError",
        "message": f"The resolved configuration 'Harbour' of action 'Ship' {problem}",
    }


def test_a_resolved_value_is_no_longer_than_a_declared_one_may_be(timed):
    timed.create_custom_type([HARBOUR])
    variable = {"name": "Part", "defaultValue": "x" * 1000}
    execution = timed.declare(
        ("Deploy", [timed.work(**to("#{variables.Part}" * 51))]), type=False, variables=[variable])
    timed.clock.settle()
    assert timed.status(execution) == "Failed"
    assert "at most 50000 characters" in timed.action("Deploy", "Ship")["latestExecution"]["errorDetails"]["message"]
