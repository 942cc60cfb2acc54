// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PenstockArtifacts
import PenstockSigning
import Testing

@testable import PenstockS3

@Suite struct ChangeRecordTests {
    @Test func `What changes is recorded with who asked for it, what is read is not`() async throws {
        let bed = try await Bed()
        let put = try await bed.put("/bucket/k", "hello").expect(.ok)
        try await bed.get("/bucket/k").expect(.ok)
        try await bed.get("/bucket").expect(.ok)
        try await bed.send(.put, "/bucket/copy", headers: [.xAmzCopySource: "/bucket/k"]).expect(.ok)
        try await bed.send(.delete, "/bucket/k").expect(.noContent)

        let changes = bed.index.recordedChanges
        #expect(changes.map(\.request.operation) == ["CreateBucket", "PutObject", "CopyObject", "DeleteObject"])
        #expect(
            changes.map(\.resource) == [
                "arn:aws:s3:::bucket", "arn:aws:s3:::bucket/k", "arn:aws:s3:::bucket/copy", "arn:aws:s3:::bucket/k",
            ])
        #expect(Set(changes.map(\.request.principal)).count == 1)
        #expect(changes[1].request.requestID == put["x-amz-request-id"])
    }

    @Test func `A call that deletes many objects has one entry for each`() async throws {
        let bed = try await Bed()
        let body = "<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object></Delete>"
        try await bed.send(.post, "/bucket?delete", .text(body)).expect(.ok)
        let deleted = bed.index.recordedChanges.filter { $0.request.operation == "DeleteObjects" }
        #expect(deleted.map(\.resource) == ["arn:aws:s3:::bucket/a", "arn:aws:s3:::bucket/b"])
    }

    @Test func `What changed nothing is not recorded, be it answered or refused`() async throws {
        let bed = try await Bed()
        try await bed.put("/bucket").expect(.ok)
        #expect(try await bed.put("/absent/k", "x").refusal == "404 NoSuchBucket")
        #expect(bed.index.recordedChanges.map(\.request.operation) == ["CreateBucket"])
    }
}
