// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

/// Variables that a custom worker hands on to later actions.
struct OutputVariablesTests {
    private static let tooLarge = ServiceException(
        .outputVariablesSizeExceeded, "The output variables exceed the maximum size of 122880 bytes")

    /// An action that makes variables, and one that is configured with one of them.
    private static func bed() async throws -> APITestBed {
        let (bed, _) = try await APITestBed.withPipeline(
            .stage("Build", .work(namespace: "Built")),
            .stage("Release", .work("Ship", configuration: ["Version": "#{Built.Version}"])))
        return bed
    }

    @Test func `Variables are shown, and later actions get them`() async throws {
        let bed = try await Self.bed()
        try await bed.succeed(bed.takeJob(), variables: ["Version": "7 é", "a@b-c_D9": ""])
        #expect(try await bed.attempt().output?.outputVariables == ["Version": "7 é", "a@b-c_D9": ""])
        #expect(
            try await bed.takeJob("Ship").data?.actionConfiguration?.configuration == ["Version": "7 é"])
    }

    @Test func `Without a namespace they are kept all the same`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work("Ship")))
        try await bed.succeed(bed.takeJob(), variables: ["Version": "7"])
        #expect(try await bed.attempt().output?.outputVariables == ["Version": "7"])
    }

    @Test func `Of 122880 bytes they are taken, of one more refused, and the job goes on`() async throws {
        let bed = try await Self.bed()
        let job = try await bed.takeJob()
        // A character of two bytes shows what is counted; the key counts too.
        let value = String(repeating: "ü", count: 61_436) + "x"
        #expect("Version".utf8.count + value.utf8.count == 122_880)
        await #expect(throws: Self.tooLarge) { try await bed.succeed(job, variables: ["Version": value + "x"]) }
        await #expect(throws: Self.tooLarge) { try await bed.succeed(job, variables: ["Version": value, "a": ""]) }
        #expect(try await bed.action(in: "Build").latestExecution?.status == .inProgress)
        try await bed.succeed(job, variables: ["Version": value])
        #expect(try await bed.attempt().output?.outputVariables == ["Version": value])
    }

    @Test func `A job that is not in progress says that first`() async throws {
        let bed = try await Self.bed()
        let job = try await bed.takeJob()
        try await bed.fail(job)
        await #expect(throws: ServiceException.jobIs("Failed", job.id ?? "")) {
            try await bed.succeed(job, variables: ["Version": String(repeating: "x", count: 122_880)])
        }
    }

    @Test func `They come with the end of the work alone`() async throws {
        let bed = try await Self.bed()
        let job = try await bed.takeJob()
        let problem = "outputVariables cannot be given together with a continuationToken"
        await #expect(throws: ServiceException(.validation, problem)) {
            try await bed.succeed(job, token: "more", variables: ["Version": "7"])
        }
        try await bed.succeed(job, token: "more", variables: [:])
        try await bed.succeed(bed.takeJob(), variables: ["Version": "7"])
    }

    @Test(arguments: ["", "a b", "a.b", "é", "a#"]) func `A key is of letters, digits and @, - and _`(
        key: String
    ) async throws {
        let bed = try await Self.bed()
        let job = try await bed.takeJob()
        let refusal = await #expect(throws: ServiceException.self) {
            try await bed.succeed(job, variables: [key: "7"])
        }
        #expect(
            refusal
                == .invalid(
                    "outputVariables",
                    "Map keys must satisfy constraint: [Member must satisfy regular expression pattern:"
                        + " [A-Za-z0-9@\\-_]+]"))
        try await bed.succeed(job, variables: ["Version": "7"])
    }

    @Test func `The same variables in any order are the same result`() async throws {
        let bed = try await Self.bed()
        let job = try await bed.takeJob()
        let id = try #require(job.id)
        for body in [#"{"a":"1","b":"2"}"#, #"{"b":"2","a":"1"}"#] {
            let request = TestRequest(
                Operations.PutJobSuccessResult.self, body: #"{"jobId":"\#(id)","outputVariables":\#(body)}"#)
            #expect(try await bed.send(request).refusal == nil)
        }
        await #expect(throws: ServiceException.jobIs("Succeeded", id)) {
            try await bed.succeed(job, variables: ["a": "1", "b": "3"])
        }
    }

    @Test func `A partner's are not known, and ignored`() async throws {
        let worker = try await APITestBed.withWorker(.partner)
        let job = try await worker.take()
        let request = TestRequest(
            Operations.PutThirdPartyJobSuccessResult.self,
            body: #"{"jobId":"\#(job.id)","clientToken":"\#(worker.token)","outputVariables":{"a b":7}}"#)
        #expect(try await worker.bed.send(request, as: .partner).refusal == nil)
        #expect(try await worker.bed.attempt().output?.outputVariables == [:])
    }
}
