// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockAPI
import PenstockModel
import PenstockRuntime
import PenstockStore
import PenstockWire
import Testing

/// Which right each operation of the administration needs, and on what.
struct AdministrationRightsTests {
    private static let shop = "arn:aws:codepipeline:us-east-1:111111111111:shop"
    private static let worker = "arn:aws:iam::111111111111:user/worker"

    /// An operation with the resource that a refusal names.
    struct Case: Sendable, CustomTestStringConvertible {
        var operation: String
        var resource: String
        /// The body, of a connection's and a key's id.
        var body: @Sendable (_ clientID: String, _ keyID: String) -> [UInt8]
        var testDescription: String { self.operation }

        init<Operation: WireOperation>(
            _ operation: Operation.Type,
            on resource: String,
            _ input: @escaping @Sendable (_ clientID: String, _ keyID: String) -> Operation.Input
        ) {
            self.operation = operation.name
            self.resource = resource
            self.body = { operation.encodeInput(input($0, $1)) }
        }
    }

    static let cases = [
        Case(
            Administration.RegisterActionType.self,
            on: "arn:aws:codepipeline:us-east-1:111111111111:actiontype:ThirdParty/Test/Prober/1"
        ) { _, _ in UpdateActionTypeInput(actionType: .sample()) },
        Case(Administration.CreateConnection.self, on: shop + "/Test/Probe") { _, _ in
            CreateConnectionInput(pipelineName: "shop", stageName: "Test", actionName: "Probe")
        },
        Case(Administration.ListConnections.self, on: "*") { _, _ in ListingInput() },
        Case(Administration.RotateConnection.self, on: shop + "/Build/Work") { id, _ in ConnectionInput(clientID: id) },
        Case(Administration.RevokeConnection.self, on: shop + "/Build/Work") { id, _ in ConnectionInput(clientID: id) },
        Case(Administration.ListJobs.self, on: "*") { _, _ in ListingInput() },
        Case(Administration.CreateKey.self, on: worker) { _, _ in CreateKeyInput(principalName: "worker") },
        Case(Administration.ListKeys.self, on: "*") { _, _ in ListKeysInput() },
        Case(Administration.DisableKey.self, on: worker) { _, id in DisableKeyInput(accessKeyID: id) },
        Case(Administration.GetClock.self, on: "*") { _, _ in GetClockInput() },
        Case(Administration.AdvanceClock.self, on: "*") { _, _ in AdvanceClockInput(seconds: 60) },
        Case(Administration.SetClock.self, on: "*") { _, _ in
            SetClockInput(now: WireTimestamp(clampingMilliseconds: 1_900_000_000_000))
        },
        Case(Administration.GetApproval.self, on: shop + "/Release/SignOff") { _, _ in
            GetApprovalInput(pipelineName: "shop", stageName: "Release", actionName: "SignOff")
        },
        Case(Administration.ListEventTargets.self, on: "*") { _, _ in NoOutput() },
        Case(Administration.ListDeadLetters.self, on: "*") { _, _ in ListDeadLettersInput() },
        Case(Administration.RedeliverDeadLetter.self, on: "*") { _, _ in DeadLetterInput(deadLetterID: "1") },
        Case(Administration.DropDeadLetter.self, on: "*") { _, _ in DeadLetterInput(deadLetterID: "1") },
    ]

    /// A bed with a connection, a key, an approval that waits and a dead letter of the customer's, who operates the
    /// service, and what the operation answers to the identity there.
    private static func refusal(
        of one: Case,
        as identity: TestIdentity
    ) async throws -> (bed: APITestBed, refusal: ServiceException?) {
        var settings = RuntimeSettings()
        settings.operatorAccount = TestIdentity.customer.account
        let (bed, _) = try await APITestBed.withPipeline(
            .stage("Release", .approval()), .stage("Build", .work()), settings: settings)
        try await bed.store.write { try $0.insertDeadLetter(.sample()) }
        let connection = try await bed.connections.create(
            bed.caller(), pipeline: "shop", stage: "Build", action: "Work")
        let key = try await bed.administer(
            Administration.CreateKey.self, CreateKeyInput(principalName: "worker"))
        let body = one.body("\(connection.connection.clientID)", key.accessKeyID)
        let answer = try await bed.send(.administration(one.operation, body: body), as: identity)
        return (bed, answer.refusal)
    }

    @Test func `Every operation is answered, and each has a case here`() async throws {
        let names = Set(Administration.all.map { $0.name })
        let context = try await APITestBed().context
        let clock = ClockService(context: context, clock: nil, work: NoWork())
        let handlers = AdministrationOperations(context: context, clock: clock).handlers
        #expect(Set(handlers.map(\.name)) == names)
        #expect(Set(Self.cases.map(\.operation)) == names)
    }

    @Test(arguments: cases) func `Without the right the call is refused, and the refusal is on record`(
        _ one: Case
    ) async throws {
        let ben = TestIdentity.user(allowed: ["codepipeline:*", "s3:*", "iam:*"])
        let (bed, refusal) = try await Self.refusal(of: one, as: ben)
        #expect(
            refusal
                == ServiceException(
                    .accessDenied,
                    "User: \(ben.arn) is not authorized to perform: penstock:\(one.operation) on resource:"
                        + " \(one.resource) because no identity-based policy allows the penstock:\(one.operation)"
                        + " action"
                ))
        let newest = try await bed.store.read { try $0.auditEntries(of: ben.account, limit: 1) }
        #expect(newest.map(\.operation) == [one.operation])
        #expect(newest.map(\.principal) == [ben.arn])
        #expect(newest.map(\.outcome) == ["denied"])
    }

    @Test(arguments: cases) func `The right on exactly the resource is enough`(_ one: Case) async throws {
        let ben = TestIdentity.user(allowed: ["penstock:\(one.operation)"], on: [one.resource])
        #expect(try await Self.refusal(of: one, as: ben).refusal == nil)
    }

    @Test(arguments: cases) func `An administrator needs no policy`(_ one: Case) async throws {
        #expect(try await Self.refusal(of: one, as: .customer).refusal == nil)
    }

    @Test(arguments: cases.filter { $0.resource != "*" }) func `A right on something else is none`(
        _ one: Case
    ) async throws {
        let other = one.resource.replacing("shop", with: "other").replacing("worker", with: "other")
            .replacing("Prober", with: "Other")
        let ben = TestIdentity.user(allowed: ["penstock:\(one.operation)"], on: [other])
        #expect(try await Self.refusal(of: one, as: ben).refusal?.code == .accessDenied)
    }

    @Test func `What a request must have is told in one message`() async throws {
        let bed = try await APITestBed()
        let body = Array(#"{"stageName":"a stage","actionName":""}"#.utf8)
        let answer = try await bed.send(.administration("CreateConnection", body: body))
        #expect(
            answer.refusal
                == ServiceException(
                    .validation,
                    "4 validation errors detected: Value at 'pipelineName' failed to satisfy constraint: Member must"
                        + " not be null; Value at 'stageName' failed to satisfy constraint: Member must satisfy regular"
                        + " expression pattern: [A-Za-z0-9.@\\-_]+; Value at 'actionName' failed to satisfy constraint:"
                        + " Member must have length greater than or equal to 1; Value at 'actionName' failed to satisfy"
                        + " constraint: Member must satisfy regular expression pattern: [A-Za-z0-9.@\\-_]+"
                ))
    }

    @Test func `A request is signed, and for this service`() async throws {
        let bed = try await APITestBed()
        var request = TestRequest.administration("ListKeys")
        request.scopeService = "codepipeline"
        #expect(try await bed.send(request).refusal?.code == .invalidSignature)
        request.isSigned = false
        #expect(try await bed.send(request).refusal?.code == .missingAuthenticationToken)
    }
}

/// Nothing ever happens by itself.
private struct NoWork: TimedWork {
    func nextDue() async throws -> Timestamp? { nil }
    func settle() async throws {}
}
