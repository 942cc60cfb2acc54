// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockStore
import PenstockWire
import Testing

struct PartnerActionTypeTests {
    private static let missing = ServiceException(
        .actionTypeNotFound,
        "ActionType (Category: 'Test', Provider: 'Prober', Owner: 'ThirdParty', Version: '1') is not available"
    )

    private static func failed(_ reason: String) -> ServiceException {
        ServiceException(.requestFailed, "The request failed: \(reason)")
    }

    private static func update(
        _ bed: APITestBed,
        _ declaration: ActionTypeDeclaration,
        as identity: TestIdentity = .partner
    ) async throws {
        let input = UpdateActionTypeInput(actionType: declaration)
        try await bed.call(Operations.UpdateActionType.self, input, as: identity)
    }

    @Test func `An administrator registers a type, which is answered as it was declared`() async throws {
        let bed = try await APITestBed()
        let declaration = ActionTypeDeclaration.sample(properties: [.sample("Depth", optional: true)])
        try await Self.update(bed, declaration)
        #expect(try await bed.sampleType() == declaration)
        #expect(try await bed.sampleType(as: .customer) == declaration)
    }

    @Test func `A function carries out a type as well`() async throws {
        let bed = try await APITestBed()
        let function = LambdaExecutorConfiguration(
            lambdaFunctionARN: "arn:aws:lambda:us-east-1:333333333333:function:probe")
        let executor = ActionTypeExecutor(
            configuration: ExecutorConfiguration(lambdaExecutorConfiguration: function),
            type: .lambda
        )
        try await Self.update(bed, .sample(executor: executor))
        #expect(try await bed.sampleType()?.executor == executor)
    }

    @Test func `A type is found by its owner and by the accounts that may use it`() async throws {
        let bed = try await APITestBed()
        try await Self.update(bed, .sample(allowed: ["111111111111"]))
        #expect(try await bed.sampleType(as: .customer) != nil)
        #expect(try await bed.sampleType(as: .partner) != nil)
        await #expect(throws: Self.missing) { try await bed.sampleType(as: .otherCustomer) }
    }

    @Test func `Without permissions a type is its owner's alone`() async throws {
        let bed = try await APITestBed()
        try await Self.update(bed, .sample(allowed: nil))
        #expect(try await bed.sampleType() != nil)
        await #expect(throws: Self.missing) { try await bed.sampleType(as: .customer) }
    }

    @Test func `A user who may update types registers none`() async throws {
        let bed = try await APITestBed()
        let user = TestIdentity.user(in: TestIdentity.partner.account, allowed: ["codepipeline:UpdateActionType"])
        await #expect(throws: Self.missing) { try await Self.update(bed, .sample(), as: user) }
        try await Self.update(bed, .sample())
        try await Self.update(bed, .sample(allowed: nil), as: user)
        #expect(try await bed.sampleType()?.permissions == nil)
    }

    @Test func `Another account cannot replace a type`() async throws {
        let bed = try await APITestBed()
        try await Self.update(bed, .sample())
        await #expect(throws: Self.missing) { try await Self.update(bed, .sample(), as: .stranger) }
    }

    @Test func `An update breaks no pipeline that uses the type`() async throws {
        let bed = try await APITestBed()
        try await Self.update(
            bed, .sample(properties: [.sample("Key", optional: false), .sample("Depth", optional: true)]))
        let cases: [(String, ActionTypeDeclaration)] = [
            (
                "the optional property 'Depth' cannot become required",
                .sample(properties: [.sample("Key", optional: false), .sample("Depth", optional: false)])
            ),
            (
                "the new property 'More' must be optional",
                .sample(properties: [.sample("Key", optional: false), .sample("More", optional: false)])
            ),
            (
                "the required property 'Key' cannot be removed",
                .sample(properties: [.sample("Depth", optional: true)])
            ),
            (
                "the range of input artifacts cannot become narrower",
                .sample(properties: [.sample("Key", optional: false)], inputs: 1...5)
            ),
        ]
        for (reason, declaration) in cases {
            await #expect(throws: Self.failed(reason)) { try await Self.update(bed, declaration) }
        }
        let wider = ActionTypeDeclaration.sample(
            properties: [.sample("Key", optional: false), .sample("More", optional: true)], inputs: 0...10)
        try await Self.update(bed, wider)
        #expect(try await bed.sampleType() == wider)
    }

    @Test func `The executor's configuration is the one for its type`() async throws {
        let bed = try await APITestBed()
        var executor = ActionTypeExecutor.workers(["333333333333"])
        executor.type = .lambda
        let mismatched = executor
        let text = "The executor configuration must have exactly the member for the executor type 'Lambda'"
        await #expect(throws: ServiceException(.validation, text)) {
            try await Self.update(bed, .sample(executor: mismatched))
        }
    }

    @Test func `Somebody must be allowed to poll`() async throws {
        let bed = try await APITestBed()
        let executor = ActionTypeExecutor(
            configuration: ExecutorConfiguration(jobWorkerExecutorConfiguration: JobWorkerExecutorConfiguration()),
            type: .jobWorker
        )
        let text = "The executor configuration must name at least one polling account"
        await #expect(throws: ServiceException(.validation, text)) {
            try await Self.update(bed, .sample(executor: executor))
        }
    }

    @Test func `The service's own types are nobody's to replace`() async throws {
        let bed = try await APITestBed()
        var declaration = ActionTypeDeclaration.sample(owner: "AWS")
        declaration.id.category = .source
        declaration.id.provider = "S3"
        let own = declaration
        await #expect(throws: Self.failed("the action type is the service's own and cannot be changed")) {
            try await Self.update(bed, own)
        }
    }

    @Test func `An update is on record`() async throws {
        let bed = try await APITestBed()
        try await Self.update(bed, .sample())
        let entries = try await bed.store.read {
            try $0.auditEntries(of: TestIdentity.partner.account, limit: 10)
        }
        #expect(entries.map(\.operation) == ["UpdateActionType"])
        #expect(entries.map(\.resource) == ["actiontype:ThirdParty/Test/Prober/1"])
    }
}
