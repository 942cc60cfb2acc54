// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

struct MissingObjectTests {
    private static let problem = ErrorDetails(
        code: "ConfigurationError",
        message: "The object with key 'app.zip' does not exist in the S3 bucket 'sources'"
    )

    @Test func `A source that finds nothing has failed, without an execution, until its object is there`() async throws
    {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Source", .object()), .stage("Release", .work()))
        try await bed.createSourceBucket()
        #expect(try await bed.executions() == [])
        let attempt = try await bed.action("Get", in: "Source").latestExecution
        #expect(attempt?.actionExecutionID == nil)
        #expect(attempt?.status == .failed)
        #expect(attempt?.errorDetails == Self.problem)
        #expect(try await bed.stage("Source").latestExecution == nil)

        try await bed.putSourceObject()
        try await bed.settle()
        let started = try await bed.action("Get", in: "Source").latestExecution
        #expect(started?.status == .inProgress)
        #expect(started?.actionExecutionID != nil)
        #expect(try await bed.executions().map(\.trigger?.triggerType) == [.pollForSourceChanges])
        #expect(try await bed.executions().map(\.trigger?.triggerDetail) == ["Get"])
    }

    @Test func `A source whose bucket is out of reach has failed as an attempt would`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Source", .object()), .stage("Release", .work()))
        let missing = try await bed.action("Get", in: "Source").latestExecution
        #expect(missing?.errorDetails?.message == "The S3 bucket 'sources' does not exist")
        try await bed.createSourceBucket(of: .otherCustomer)
        let denied = try await bed.action("Get", in: "Source").latestExecution
        #expect(denied?.actionExecutionID == nil)
        #expect(denied?.status == .failed)
        #expect(
            denied?.errorDetails
                == ErrorDetails(code: "PermissionError", message: "Access to the S3 bucket 'sources' is denied"))
    }

    @Test func `A source that does not poll looks for nothing`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(
            .stage("Source", .object(polls: false)), .stage("Release", .work()))
        #expect(try await bed.action("Get", in: "Source").latestExecution?.status == .inProgress)
    }

    @Test func `An attempt that runs or has failed is shown as itself`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Source", .object()), .stage("Release", .work()))
        try await bed.createSourceBucket()
        try await bed.start()
        let attempt = try await bed.action("Get", in: "Source").latestExecution
        #expect(attempt?.status == .inProgress)
        try await bed.finishSource(revision: "v1")
        #expect(try await bed.action("Get", in: "Source").latestExecution?.errorDetails == Self.problem)
    }
}
