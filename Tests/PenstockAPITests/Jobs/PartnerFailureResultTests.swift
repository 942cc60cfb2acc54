// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockStore
import PenstockWire
import Testing

/// PutThirdPartyJobFailureResult: what is checked, in which order, and what is changed.
struct PartnerFailureResultTests {
    private static func send(
        _ bed: APITestBed,
        _ body: String,
        as identity: TestIdentity = .partner
    ) async throws -> TestAnswer {
        try await bed.send(TestRequest(Operations.PutThirdPartyJobFailureResult.self, body: body), as: identity)
    }

    private static func problems(_ paths: [String]) -> ServiceException {
        let list = paths.map { "Value at '\($0)' failed to satisfy constraint: Member must not be null" }
        let count = list.count == 1 ? "1 validation error" : "\(list.count) validation errors"
        return ServiceException(.validation, "\(count) detected: \(list.joined(separator: "; "))")
    }

    // MARK: Constraints

    @Test func `What is missing is told at once, in the order of members`() async throws {
        let bed = try await APITestBed()
        #expect(try await Self.send(bed, "{}").refusal == Self.problems(["jobId", "clientToken", "failureDetails"]))
        #expect(
            try await Self.send(bed, #"{"jobId":"a","clientToken":"b","failureDetails":{}}"#).refusal
                == Self.problems(["failureDetails.type", "failureDetails.message"]))
        #expect(
            try await Self.send(bed, #"{"clientToken":null,"failureDetails":{"type":"JobFailed"}}"#).refusal
                == Self.problems(["jobId", "clientToken", "failureDetails.message"]))
    }

    @Test func `A type of failure that is none is told with those that are`() async throws {
        let bed = try await APITestBed()
        let types =
            "[JobFailed, ConfigurationError, PermissionError, RevisionOutOfSync, RevisionUnavailable, SystemUnavailable]"
        for type in ["Broken", "jobFailed", "PermissionsError", ""] {
            let body = #"{"jobId":"a","clientToken":"b","failureDetails":{"type":"\#(type)","message":"m"}}"#
            #expect(
                try await Self.send(bed, body).refusal
                    == .invalid("failureDetails.type", "Member must satisfy enum value set: \(types)"))
        }
    }

    /// A member, how long it may be, and the body with a value of a length.
    struct Bound: Sendable, CustomTestStringConvertible {
        var path: String
        var maximum: Int
        var body: @Sendable (String) -> String
        var testDescription: String { self.path }
    }

    static let bounds = [
        Bound(path: "jobId", maximum: 512) { value in
            #"{"jobId":"\#(value)","clientToken":"b","failureDetails":{"type":"JobFailed","message":"m"}}"#
        },
        Bound(path: "clientToken", maximum: 256) { value in
            #"{"jobId":"a","clientToken":"\#(value)","failureDetails":{"type":"JobFailed","message":"m"}}"#
        },
        Bound(path: "failureDetails.message", maximum: 5000) { value in
            #"{"jobId":"a","clientToken":"b","failureDetails":{"type":"JobFailed","message":"\#(value)"}}"#
        },
        Bound(path: "failureDetails.externalExecutionId", maximum: 1500) { value in
            #"{"jobId":"a","clientToken":"b","failureDetails":"#
                + #"{"type":"JobFailed","message":"m","externalExecutionId":"\#(value)"}}"#
        },
    ]

    @Test(arguments: bounds) func `A member has a least and a greatest length, in characters`(_ bound: Bound)
        async throws
    {
        let bed = try await APITestBed()
        func refusal(_ value: String) async throws -> ServiceException? {
            try await Self.send(bed, bound.body(value)).refusal
        }
        #expect(
            try await refusal("") == .invalid(bound.path, "Member must have length greater than or equal to 1"))
        let longest = String(repeating: "ü", count: bound.maximum)
        #expect(try await refusal(longest)?.code == .jobNotFound)
        #expect(
            try await refusal(longest + "ü")
                == .invalid(bound.path, "Member must have length less than or equal to \(bound.maximum)"))
    }

    @Test func `A wrong kind of value is a matter of the form`() async throws {
        let bed = try await APITestBed()
        for body in [#"{"jobId":7}"#, #"{"failureDetails":"JobFailed"}"#, #"{"failureDetails":{"message":["m"]}}"#] {
            #expect(try await Self.send(bed, body).refusal?.code == .serialization)
        }
    }

    // MARK: Order

    @Test func `First the form, then the right, then the job, then the token, then the state`() async throws {
        let worker = try await APITestBed.withWorker(.partner)
        let job = try await worker.next()
        let ben = TestIdentity.user(in: TestIdentity.partner.account, allowed: ["codepipeline:PollForThirdPartyJobs"])
        func body(_ id: String, _ token: String, _ message: String) -> String {
            #"{"jobId":"\#(id)","clientToken":"\#(token)","failureDetails":{"type":"JobFailed","message":"\#(message)"}}"#
        }
        func code(_ body: String, as identity: TestIdentity = .partner) async throws -> ExceptionCode? {
            try await Self.send(worker.bed, body, as: identity).refusal?.code
        }
        #expect(try await code(body(unknownID, "wrong", ""), as: ben) == .validation)
        #expect(try await code(body(unknownID, "wrong", "m"), as: ben) == .accessDenied)
        #expect(try await code(body(unknownID, "wrong", "m")) == .jobNotFound)
        #expect(try await code(body(job.id, worker.token, "m"), as: .stranger) == .jobNotFound)
        #expect(try await code(body(job.id, "wrong", "m")) == .invalidClientToken)
        #expect(try await code(body(job.id, worker.token, "m")) == .invalidJobState)
        _ = try await worker.acknowledge(job)
        #expect(try await code(body(job.id, worker.token, "m")) == nil)
    }

    @Test func `The right is one on everything`() async throws {
        let worker = try await APITestBed.withWorker(.partner)
        let job = try await worker.take()
        let actions = ["codepipeline:PutThirdPartyJobFailureResult"]
        let type = "arn:aws:codepipeline:*:*:actiontype:*"
        let narrow = TestIdentity.user(in: TestIdentity.partner.account, allowed: actions, on: [type])
        await #expect { try await worker.asking(as: narrow).fail(job) } throws: {
            ($0 as? ServiceException)?.code == .accessDenied
        }
        let ben = TestIdentity.user(in: TestIdentity.partner.account, allowed: actions)
        try await worker.asking(as: ben).fail(job)
    }

    @Test func `A job of a custom worker is not found`() async throws {
        let worker = try await APITestBed.withWorker(.custom)
        try await worker.bed.register(.partner)
        let job = try await worker.take()
        let body =
            #"{"jobId":"\#(job.id)","clientToken":"t","failureDetails":{"type":"JobFailed","message":"m"}}"#
        for identity in [TestIdentity.customer, .partner] {
            #expect(try await Self.send(worker.bed, body, as: identity).refusal == .noJob(job.id))
        }
    }

    // MARK: Effect

    @Test func `One call fails the job, the action, the stage and the execution`() async throws {
        let worker = try await APITestBed.withWorker(.partner)
        let job = try await worker.take()
        try await worker.bed.advance(by: .seconds(30))
        let body =
            #"{"clientToken":"\#(worker.token)","failureDetails":{"externalExecutionId":"run-42","#
            + #""message":"3 tests failed","type":"JobFailed","unknown":{"a":[1]}},"jobId":"\#(job.id)","more":1}"#
        let answer = try await Self.send(worker.bed, body)
        #expect(answer.status == 200)
        #expect(answer.body == [])
        #expect(try await worker.acknowledge(job) == .failed)
        let attempt = try #require(try await worker.bed.action(in: "Build").latestExecution)
        #expect(attempt.status == .failed)
        #expect(attempt.errorDetails == ErrorDetails(code: "JobFailed", message: "3 tests failed"))
        #expect(attempt.externalExecutionID == "run-42")
        #expect(attempt.lastStatusChange == worker.bed.now)
        #expect(try await worker.bed.stage("Build").latestExecution?.status == .failed)
        #expect(try await worker.bed.status(worker.execution) == .failed)
    }

    @Test func `A message is kept to its last character`() async throws {
        let worker = try await APITestBed.withWorker(.partner)
        let message = "<b>\"\\\n\u{1F600}" + String(repeating: "é", count: 4993)
        try await worker.fail(worker.take(), message: message)
        let attempt = try await worker.bed.action(in: "Build").latestExecution
        #expect(attempt?.errorDetails?.message == message)
        #expect(try await worker.bed.attempt().output?.executionResult?.errorDetails?.message == message)
    }

    @Test func `No type of failure makes the service try again`() async throws {
        for type in FailureType.allKnown {
            let worker = try await APITestBed.withWorker(.partner)
            try await worker.fail(worker.take(), type)
            try await worker.bed.advance(by: .seconds(3600))
            #expect(try await worker.poll() == [])
            #expect(try await worker.bed.attempts().count == 1)
        }
    }

    @Test func `A failure while the execution is being stopped stops it`() async throws {
        let worker = try await APITestBed.withWorker(.partner)
        let job = try await worker.take()
        try await worker.bed.stop(worker.execution)
        try await worker.fail(job)
        #expect(try await worker.bed.status(worker.execution) == .stopped)
        #expect(try await worker.bed.action(in: "Build").latestExecution?.status == .failed)
    }

    @Test func `The call is on record, without the token`() async throws {
        let worker = try await APITestBed.withWorker(.partner)
        let job = try await worker.take()
        try await worker.fail(job)
        let entries = try await worker.bed.auditEntries(of: .partner)
        let entry = try #require(entries.first { $0.operation == "PutThirdPartyJobFailureResult" })
        #expect(entry.resource == "job/\(job.id)")
        #expect(entry.principal == TestIdentity.partner.arn)
        #expect(!entries.contains { "\($0)".contains(worker.token) })
    }
}
