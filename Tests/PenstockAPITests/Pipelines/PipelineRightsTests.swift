// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

@testable import PenstockAPI

/// Which rights the operations on definitions need.
struct PipelineRightsTests {
    private static let arn = "arn:aws:codepipeline:us-east-1:111111111111:web"

    private static func denial(_ action: String, of identity: TestIdentity, on resource: String) -> ServiceException {
        ServiceException(
            .accessDenied,
            "User: \(identity.arn) is not authorized to perform: \(action) on resource: \(resource) because no"
                + " identity-based policy allows the \(action) action")
    }

    /// Source: observed text of the live service.
    private static func passing(_ role: String, by identity: TestIdentity) -> ServiceException {
        let action = "iam:PassRole"
        return ServiceException(
            .accessDenied, "User: \(identity.arn) is not authorized to perform: \(action) on resource: \(role)")
    }

    /// Calls an operation; what it would answer is not looked at.
    private static func call(_ operation: String, _ bed: APITestBed, as identity: TestIdentity) async throws {
        switch operation {
        case "CreatePipeline": try await bed.create(Sample.pipeline(), as: identity)
        case "UpdatePipeline": try await bed.update(Sample.pipeline(), as: identity)
        case "GetPipeline": _ = try await bed.get(as: identity)
        case "DeletePipeline": try await bed.delete(as: identity)
        case _: try await bed.call(Operations.ListPipelines.self, ListPipelinesInput(), as: identity)
        }
    }

    @Test(arguments: ["CreatePipeline", "UpdatePipeline", "GetPipeline", "DeletePipeline", "ListPipelines"])
    func `Each needs its own right, on the pipeline or on everything`(operation: String) async throws {
        let bed = try await APITestBed.withShipper()
        if operation != "CreatePipeline" { try await bed.create() }
        let action = "codepipeline:\(operation)"
        let resource = operation == "ListPipelines" ? "*" : Self.arn
        let kim = TestIdentity.user("kim", allowed: ["codepipeline:GetPipelineState", "iam:PassRole"])
        await #expect(throws: Self.denial(action, of: kim, on: resource)) {
            try await Self.call(operation, bed, as: kim)
        }
        let ben = TestIdentity.user(allowed: [action, "iam:PassRole"], on: [resource, Sample.role])
        try await Self.call(operation, bed, as: ben)
    }

    @Test(arguments: ["CreatePipeline", "UpdatePipeline"])
    func `Whoever declares a pipeline must be allowed to pass its roles on`(operation: String) async throws {
        let bed = try await APITestBed.withShipper()
        if operation != "CreatePipeline" { try await bed.create() }
        let ben = TestIdentity.user(allowed: ["codepipeline:\(operation)"])
        await #expect(throws: Self.passing(Sample.role, by: ben)) {
            try await Self.call(operation, bed, as: ben)
        }
    }

    @Test func `The roles of actions are passed on as well`() async throws {
        let bed = try await APITestBed.withShipper()
        let role = "arn:aws:iam::111111111111:role/ship"
        var ship = Sample.deploy()
        ship.roleARN = role
        let ben = TestIdentity.user(
            allowed: ["codepipeline:CreatePipeline", "iam:PassRole"], on: [Self.arn, Sample.role])
        await #expect(throws: Self.passing(role, by: ben)) {
            try await bed.create(Sample.pipeline(deploying: ship), as: ben)
        }
    }

    @Test func `Policies see the tags of a request`() async throws {
        let bed = try await APITestBed.withShipper()
        let ben = TestIdentity.user(
            policies: #"""
                {"Version":"2012-10-17","Statement":[
                    {"Effect":"Allow","Action":"iam:PassRole","Resource":"*"},
                    {"Effect":"Allow","Action":"codepipeline:CreatePipeline","Resource":"*",
                     "Condition":{"StringEquals":{"aws:RequestTag/team":"web"}}}]}
                """#)
        await #expect(throws: Self.denial("codepipeline:CreatePipeline", of: ben, on: Self.arn)) {
            try await bed.create(tags: [WireTag(key: "team", value: "api")], as: ben)
        }
        try await bed.create(tags: [WireTag(key: "team", value: "web")], as: ben)
    }
}
