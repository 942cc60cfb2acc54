# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Pipelines as declarations: created, shown, changed, listed, deleted, refused."""

import pytest
from botocore.exceptions import ClientError
from support import declarations
from support.server import Server
from support.world import World

SECRET = {"name": "Password", "required": True, "key": False, "secret": True}


def approving(world, **members):
    return declarations.pipeline(world.name, world.bucket, ("Approve", [declarations.approval()]), **members)


def test_a_pipeline_comes_back_as_it_was_declared_with_its_defaults(world):
    declared = approving(world)
    created = world.codepipeline.create_pipeline(pipeline=declared)["pipeline"]
    shown = world.codepipeline.get_pipeline(name=world.name)
    assert shown["pipeline"] == created
    assert (created["version"], created["executionMode"], created["pipelineType"]) == (1, "SUPERSEDED", "V1")
    approve = created["stages"][1]["actions"][0]
    assert approve == {
        **declared["stages"][1]["actions"][0],
        "runOrder": 1,
        "configuration": {},
        "inputArtifacts": [],
        "outputArtifacts": [],
    }
    metadata = shown["metadata"]
    assert metadata["pipelineArn"] == f"arn:aws:codepipeline:eu-central-1:000000000000:{world.name}"
    assert metadata["created"] == metadata["updated"]


def test_creation_starts_an_execution_where_no_source_polls(world):
    declared = approving(world)
    declared["stages"][0]["actions"][0]["configuration"]["PollForSourceChanges"] = "false"
    world.codepipeline.create_pipeline(pipeline=declared)
    listed = world.codepipeline.list_pipeline_executions(pipelineName=world.name)["pipelineExecutionSummaries"]
    assert [each["trigger"]["triggerType"] for each in listed] == ["CreatePipeline"]


def test_a_source_that_polls_starts_the_first_execution_itself(world):
    world.put_source()
    world.codepipeline.create_pipeline(pipeline=approving(world))
    listed = world.codepipeline.list_pipeline_executions(pipelineName=world.name)["pipelineExecutionSummaries"]
    assert [each["trigger"] for each in listed] == [
        {"triggerType": "PollForSourceChanges", "triggerDetail": "Fetch"}
    ]


def test_a_name_is_taken_once(world, refused):
    world.codepipeline.create_pipeline(pipeline=approving(world))
    assert refused(world.codepipeline.create_pipeline, pipeline=approving(world)) == (
        "PipelineNameInUseException",
        f"A pipeline with the name '{world.name}' already exists in account '000000000000'",
    )


def test_an_update_is_a_new_version_and_the_old_one_stays_readable(world):
    world.codepipeline.create_pipeline(pipeline=approving(world))
    shown = world.codepipeline.get_pipeline(name=world.name)["pipeline"]
    shown["stages"][1]["name"] = "Sign"
    updated = world.codepipeline.update_pipeline(pipeline=shown)["pipeline"]
    assert updated["version"] == 2
    assert world.codepipeline.get_pipeline(name=world.name)["pipeline"]["stages"][1]["name"] == "Sign"
    old = world.codepipeline.get_pipeline(name=world.name, version=1)["pipeline"]
    assert old["stages"][1]["name"] == "Approve"


def test_a_version_that_never_was_is_not_found(world, refused):
    world.codepipeline.create_pipeline(pipeline=approving(world))
    assert refused(world.codepipeline.get_pipeline, name=world.name, version=7) == (
        "PipelineVersionNotFoundException",
        f"Pipeline '{world.name}' does not have a version 7",
    )


def test_a_pipeline_that_never_was_is_not_found(world, refused):
    expected = ("PipelineNotFoundException", "Account '000000000000' does not have a pipeline with name 'absent'")
    api = world.codepipeline
    unknown = "00000000-0000-4000-8000-000000000000"
    assert refused(api.get_pipeline, name="absent") == expected
    assert refused(api.get_pipeline_state, name="absent") == expected
    assert refused(api.start_pipeline_execution, name="absent") == expected
    assert refused(api.list_pipeline_executions, pipelineName="absent") == expected
    assert refused(api.list_action_executions, pipelineName="absent") == expected
    execution = {"pipelineName": "absent", "pipelineExecutionId": unknown}
    assert refused(api.get_pipeline_execution, **execution) == expected
    assert refused(api.stop_pipeline_execution, **execution) == expected
    assert refused(api.retry_stage_execution, stageName="S", retryMode="FAILED_ACTIONS", **execution) == expected
    transition = {"pipelineName": "absent", "stageName": "S", "transitionType": "Inbound"}
    assert refused(api.enable_stage_transition, **transition) == expected
    assert refused(api.disable_stage_transition, reason="no", **transition) == expected
    declared = {**approving(world), "name": "absent"}
    assert refused(api.update_pipeline, pipeline=declared) == expected


def test_a_pipeline_that_never_was_is_deleted_without_complaint(world):
    answer = world.codepipeline.delete_pipeline(name="absent")
    assert answer["ResponseMetadata"]["HTTPHeaders"]["content-length"] == "0"


def test_a_deleted_pipeline_is_gone_and_its_name_starts_again(world, refused):
    world.codepipeline.create_pipeline(pipeline=approving(world))
    world.codepipeline.update_pipeline(pipeline=approving(world))
    world.codepipeline.delete_pipeline(name=world.name)
    assert refused(world.codepipeline.get_pipeline, name=world.name)[0] == "PipelineNotFoundException"
    assert world.codepipeline.create_pipeline(pipeline=approving(world))["pipeline"]["version"] == 1


def test_pipelines_are_listed_by_name_page_by_page(world):
    names = [f"{world.name}-{number}" for number in range(5)]
    for name in reversed(names):
        world.codepipeline.create_pipeline(pipeline={**approving(world), "name": name})
    pages = world.codepipeline.get_paginator("list_pipelines").paginate(PaginationConfig={"PageSize": 2})
    listed = [each["name"] for page in pages for each in page["pipelines"]]
    assert [name for name in listed if name.startswith(world.name)] == names
    assert listed == sorted(listed)


def test_a_page_token_of_ours_is_not_to_be_made_up(world, refused):
    assert refused(world.codepipeline.list_pipelines, nextToken="made-up")[0] == "InvalidNextTokenException"


def test_an_account_has_room_for_as_many_pipelines_as_the_operator_says(tmp_path, refused):
    server = Server(tmp_path / "data", "--maximum-pipelines", "2").start()
    try:
        world = World(server, tmp_path)
        declared = approving(world)
        create = world.codepipeline.create_pipeline
        for name in ("first", "second"):
            create(pipeline={**declared, "name": name})
        assert refused(create, pipeline={**declared, "name": "third"}) == (
            "LimitExceededException", "Account '000000000000' has exceeded the limit of 2 pipelines"
        )
        world.codepipeline.delete_pipeline(name="first")
        create(pipeline={**declared, "name": "third"})
    finally:
        server.kill()


def test_a_masked_secret_of_a_new_action_is_refused(world, refused):
    world.create_custom_type([SECRET])
    action = declarations.action("Ship", world.custom, configuration={"Password": "****"})
    declared = declarations.pipeline(world.name, world.bucket, ("Deploy", [action]))
    code, message = refused(world.codepipeline.create_pipeline, pipeline=declared)
    assert code == "InvalidActionDeclarationException"
    assert "'****' may be used in secret properties only when updating an existing action." in message


def one_stage(declared):
    del declared["stages"][1]


def approval_first(declared):
    declared["stages"].reverse()


def same_stage_twice(declared):
    declared["stages"].append(declared["stages"][1])


def same_action_twice(declared):
    declared["stages"][1]["actions"] *= 2


def unknown_type(declared):
    declared["stages"][1]["actions"][0]["actionTypeId"]["provider"] = "Nobody"


def missing_configuration(declared):
    del declared["stages"][0]["actions"][0]["configuration"]["S3ObjectKey"]


def missing_input(declared):
    declared["stages"][1]["actions"].append(
        declarations.action("Put", declarations.type_id("Deploy", "AWS", "S3"), inputs=[],
                            configuration={"BucketName": "b", "Extract": "true"})
    )


def queued_v1(declared):
    declared.update(executionMode="QUEUED", pipelineType="V1")


def no_store(declared):
    del declared["artifactStore"]


def blockers(declared):
    declared["stages"][1]["blockers"] = [{"name": "b", "type": "Schedule"}]


def triggers(declared):
    source = declared["stages"][0]["actions"][0]
    source["actionTypeId"]["provider"] = "CodeStarSourceConnection"
    source["configuration"] = {
        "ConnectionArn": "arn:aws:codeconnections:eu-central-1:000000000000:connection/harbour",
        "FullRepositoryId": "shop/basket",
        "BranchName": "main",
    }
    push = [{"branches": {"includes": ["main"]}}]
    declared["triggers"] = [
        {
            "providerType": "CodeStarSourceConnection",
            "gitConfiguration": {"sourceActionName": source["name"], "push": push},
        }
    ]


def many_stages(declared):
    sign = declared["stages"][1]
    declared["stages"] += [{**sign, "name": f"Sign{number}"} for number in range(49)]


def many_actions(declared):
    approve = declared["stages"][1]["actions"][0]
    declared["stages"][1]["actions"] = [{**approve, "name": f"Approve{number}"} for number in range(101)]


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (one_stage, "InvalidStructureException", "Pipeline has only 1 stage(s)."),
        (approval_first, "InvalidStructureException", "Pipeline should start with a stage that only contains source"),
        (same_stage_twice, "InvalidStageDeclarationException", "Stage name 'Approve' is used more than once"),
        (same_action_twice, "InvalidActionDeclarationException", "Action name 'Approve' is used more than once"),
        (unknown_type, "InvalidActionDeclarationException", "is not available in region 'EU_CENTRAL_1'"),
        (missing_configuration, "InvalidActionDeclarationException", "missing required configuration 'S3ObjectKey'"),
        (missing_input, "InvalidActionDeclarationException", "declares 0 input artifacts which is less than"),
        (queued_v1, "InvalidStructureException", "QUEUED or PARALLEL mode can only be used with V2 pipelines"),
        (no_store, "InvalidStructureException", "artifact store"),
        (blockers, "InvalidBlockerDeclarationException", "Blockers are reserved for future use"),
        (triggers, "InvalidStructureException", "Triggers are not available in this version of Penstock"),
        (many_stages, "InvalidStructureException", "There can only be up to 50 stages in a pipeline"),
        (many_actions, "InvalidStageDeclarationException", "must contain between 1 and 100 actions"),
    ],
    ids=lambda each: each.__name__ if callable(each) else "",
)
def test_a_structure_that_cannot_run_is_refused_with_the_reason(world, refused, change, code, message):
    declared = approving(world)
    change(declared)
    found = refused(world.codepipeline.create_pipeline, pipeline=declared)
    assert found[0] == code
    assert message in found[1]


def test_every_broken_constraint_is_named_at_once(world):
    unchecked = world.server.client("codepipeline", parameter_validation=False)
    declared = approving(world)
    declared["name"] = "no spaces"
    declared["stages"][1]["actions"][0]["runOrder"] = 1000
    del declared["roleArn"]
    with pytest.raises(ClientError) as caught:
        unchecked.create_pipeline(pipeline=declared)
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationException"
    assert error["Message"].startswith("3 validation errors detected: ")
    assert "Value at 'pipeline.stages.2.member.actions.1.member.runOrder' failed" in error["Message"]
