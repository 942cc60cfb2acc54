# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Action types: a customer's own, a partner's, and the service's."""

PROJECT = {"name": "ProjectName", "required": True, "key": True, "secret": False, "queryable": True}


def listed(world, **filters):
    pages = world.codepipeline.get_paginator("list_action_types").paginate(**filters)
    return [each["id"] for page in pages for each in page["actionTypes"]]


def test_a_custom_type_is_created_listed_and_deleted(world):
    created = world.create_custom_type([PROJECT], settings={"entityUrlTemplate": "https://e.example/{Config:ProjectName}"})
    assert created["actionType"]["id"] == world.custom
    assert world.custom in listed(world, actionOwnerFilter="Custom")
    identity = {key: world.custom[key] for key in ("category", "provider", "version")}
    world.codepipeline.delete_custom_action_type(**identity)
    assert world.custom not in listed(world, actionOwnerFilter="Custom")


def test_a_custom_type_exists_once(world, refused):
    world.create_custom_type()
    assert refused(world.create_custom_type)[0] == "ValidationException"


def test_a_deleted_type_comes_back_as_it_was_and_not_otherwise(world, refused):
    world.create_custom_type()
    identity = {key: world.custom[key] for key in ("category", "provider", "version")}
    world.codepipeline.delete_custom_action_type(**identity)
    assert refused(world.create_custom_type, properties=[PROJECT])[0] == "ValidationException"
    world.create_custom_type()
    assert world.custom in listed(world, actionOwnerFilter="Custom")


def test_an_account_has_room_for_fifty_types(server, refused):
    account = "333344445555"
    keys = server.create_key("--name", "guest", "--account", account, "--administrator")
    create = server.client("codepipeline", server.session_of(keys)).create_custom_action_type
    count = {"minimumCount": 0, "maximumCount": 1}
    details = {"inputArtifactDetails": count, "outputArtifactDetails": count}
    for number in range(50):
        create(category="Deploy", provider=f"Ship{number}", version="1", **details)
    assert refused(create, category="Deploy", provider="Ship50", version="1", **details) == (
        "LimitExceededException", f"Account '{account}' has exceeded the limit of 50 custom action types"
    )


def test_queryable_properties_are_one_required_and_open(world, refused):
    other = {**PROJECT, "name": "Other"}
    assert refused(world.create_custom_type, properties=[PROJECT, other])[1] == (
        "Multiple queryable configuration properties found with names 'ProjectName, Other'."
        " Up to one queryable property may be specified."
    )
    secret = {**PROJECT, "secret": True}
    assert refused(world.create_custom_type, properties=[secret])[1] == (
        "Invalid queryable property 'ProjectName'. Queryable configuration properties must be required and non-secret."
    )


def test_a_link_is_filled_from_the_configuration(world):
    world.custom_pipeline(properties=[PROJECT], configuration={"ProjectName": "shop"})
    shown = world.codepipeline.list_action_types(actionOwnerFilter="Custom")
    assert world.custom in [each["id"] for each in shown["actionTypes"]]


def test_the_services_own_types_are_listed(world):
    owned = listed(world, actionOwnerFilter="AWS")
    assert {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"} in owned
    assert {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"} in owned


def test_a_partners_type_is_shown_and_changed(world, refused):
    world.register_partner_type()
    shown = world.codepipeline.get_action_type(**world.partner)["actionType"]
    assert shown["executor"]["configuration"]["jobWorkerExecutorConfiguration"]["pollingAccounts"] == ["000000000000"]
    shown["description"] = "Changed"
    world.codepipeline.update_action_type(actionType=shown)
    assert world.codepipeline.get_action_type(**world.partner)["actionType"]["description"] == "Changed"


def test_an_unknown_partner_type_is_not_found(world, refused):
    assert refused(world.codepipeline.get_action_type, **world.partner)[0] == "ActionTypeNotFoundException"


def test_a_partners_type_cannot_demand_more_of_those_who_use_it(world, refused):
    world.register_partner_type()
    shown = world.codepipeline.get_action_type(**world.partner)["actionType"]
    shown["properties"] = [{"name": "New", "optional": False, "key": False, "noEcho": False}]
    assert refused(world.codepipeline.update_action_type, actionType=shown)[0] == "RequestFailedException"
