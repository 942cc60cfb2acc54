// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockWire
import Testing

/// Which right each operation on executions needs, and on what.
struct ExecutionRightsTests {
    private static let shop = "arn:aws:codepipeline:us-east-1:111111111111:shop"

    /// An operation with the resource that a refusal names.
    struct Case: Sendable, CustomTestStringConvertible {
        var operation: String
        var resource: String
        var body: String
        var testDescription: String { self.operation }
    }

    private static let execution = #""pipelineName":"shop","pipelineExecutionId":"\#(unknownID)""#

    static let cases = [
        Case(operation: "GetPipelineState", resource: shop, body: #"{"name":"shop"}"#),
        Case(operation: "GetPipelineExecution", resource: shop, body: "{\(execution)}"),
        Case(operation: "ListPipelineExecutions", resource: shop, body: #"{"pipelineName":"shop"}"#),
        Case(operation: "ListActionExecutions", resource: shop, body: #"{"pipelineName":"shop"}"#),
        Case(operation: "StartPipelineExecution", resource: shop, body: #"{"name":"shop"}"#),
        Case(operation: "StopPipelineExecution", resource: shop, body: "{\(execution)}"),
        Case(
            operation: "RetryStageExecution", resource: shop + "/Build",
            body: #"{\#(execution),"stageName":"Build","retryMode":"FAILED_ACTIONS"}"#),
        Case(
            operation: "EnableStageTransition", resource: shop + "/Build",
            body: #"{"pipelineName":"shop","stageName":"Build","transitionType":"Inbound"}"#),
        Case(
            operation: "DisableStageTransition", resource: shop + "/Build",
            body: #"{"pipelineName":"shop","stageName":"Build","transitionType":"Inbound","reason":"x"}"#),
        Case(
            operation: "PutApprovalResult", resource: shop + "/Release/SignOff",
            body: #"{"pipelineName":"shop","stageName":"Release","actionName":"SignOff","token":"\#(unknownID)","#
                + #""result":{"summary":"","status":"Approved"}}"#),
    ]

    private static func code(of one: Case, as identity: TestIdentity) async throws -> ServiceException? {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .approval()))
        let target = "\(TestRequest.targetPrefix).\(one.operation)"
        return try await bed.send(TestRequest(target: target, body: Array(one.body.utf8)), as: identity).refusal
    }

    @Test(arguments: cases) func `Without the right the call is refused before anything is looked at`(
        _ one: Case
    ) async throws {
        let ben = TestIdentity.user(allowed: ["codepipeline:ListPipelines"])
        let refusal = try await Self.code(of: one, as: ben)
        #expect(
            refusal
                == ServiceException(
                    .accessDenied,
                    "User: \(ben.arn) is not authorized to perform: codepipeline:\(one.operation) on resource:"
                        + " \(one.resource) because no identity-based policy allows the codepipeline:\(one.operation)"
                        + " action"
                ))
    }

    @Test(arguments: cases) func `The right on exactly the resource is enough`(_ one: Case) async throws {
        let ben = TestIdentity.user(allowed: ["codepipeline:\(one.operation)"], on: [one.resource])
        #expect(try await Self.code(of: one, as: ben)?.code != .accessDenied)
    }

    @Test(arguments: cases) func `A right on another pipeline is none`(_ one: Case) async throws {
        let other = one.resource.replacing("shop", with: "other")
        let ben = TestIdentity.user(allowed: ["codepipeline:\(one.operation)"], on: [other])
        #expect(try await Self.code(of: one, as: ben)?.code == .accessDenied)
    }

    @Test(arguments: cases) func `Another account does not have the pipeline`(_ one: Case) async throws {
        let refusal = try await Self.code(of: one, as: .stranger)
        let problem = "Account '\(TestIdentity.stranger.account)' does not have a pipeline with name 'shop'"
        #expect(refusal == ServiceException(.pipelineNotFound, problem))
    }

    @Test(arguments: cases) func `What a request must have is told in one message`(_ one: Case) async throws {
        let empty = Case(operation: one.operation, resource: one.resource, body: "{}")
        let refusal = try #require(try await Self.code(of: empty, as: .customer))
        #expect(refusal.code == .validation)
        #expect(refusal.message.contains("failed to satisfy constraint: Member must not be null"))
    }
}
