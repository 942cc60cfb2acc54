// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Testing

@testable import PenstockS3

@Suite struct `Settings of a bucket that this store does not have` {
    @Test(arguments: [
        ("x-amz-bucket-object-lock-enabled", "true"), ("x-amz-object-ownership", "ObjectWriter"),
    ])
    func `A new bucket with one is refused`(_ name: String, _ value: String) async throws {
        let bed = try await Bed(bucket: nil)
        #expect(try await bed.put("/bucket", headers: [.s3(name): value]).refusal == "501 NotImplemented")
        #expect(try await bed.get("/bucket").refusal == "404 NoSuchBucket")
    }

    @Test func `A new bucket with tags is refused, and one that says what holds anyway is made`() async throws {
        let bed = try await Bed(bucket: nil)
        let tags =
            "<CreateBucketConfiguration><Tags><Tag><Key>k</Key><Value>v</Value></Tag></Tags></CreateBucketConfiguration>"
        #expect(try await bed.put("/bucket", tags).refusal == "501 NotImplemented")
        let headers: HTTPFields = [
            .s3("x-amz-bucket-object-lock-enabled"): "false", .s3("x-amz-object-ownership"): "BucketOwnerEnforced",
        ]
        try await bed.put("/bucket", headers: headers).expect(.ok)
    }

    @Test func `Deleting only with a second factor cannot be turned on`() async throws {
        let bed = try await Bed()
        func versioning(_ factor: String) -> String {
            "<VersioningConfiguration><Status>Enabled</Status><MfaDelete>\(factor)</MfaDelete></VersioningConfiguration>"
        }
        #expect(try await bed.put("/bucket?versioning", versioning("Enabled")).refusal == "501 NotImplemented")
        try await bed.put("/bucket?versioning", versioning("Disabled")).expect(.ok)
    }
}
