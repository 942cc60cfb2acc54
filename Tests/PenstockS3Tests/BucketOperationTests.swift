// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PenstockModel
import PenstockSigning
import Testing

@testable import PenstockS3

@Suite struct BucketOperationTests {
    @Test func `A bucket is made, found, listed and deleted`() async throws {
        let bed = try await Bed(bucket: nil)
        let made = try await bed.put("/first.bucket").expect(.ok)
        #expect(made["Location"] == "/first.bucket")
        try await bed.put("/second").expect(.ok)
        let head = try await bed.send(.head, "/second").expect(.ok)
        #expect(head["x-amz-bucket-region"] == "us-east-1")
        let listed = try await bed.get("/").expect(.ok).document
        #expect(listed["Buckets"]?.children.compactMap { $0["Name"]?.text } == ["first.bucket", "second"])
        #expect(listed["Buckets"]?.children.first?["CreationDate"]?.text == "2026-09-21T14:13:20.000Z")
        #expect(listed["Owner"]?["ID"]?.text == "000000000000")
        try await bed.send(.delete, "/second").expect(.noContent)
        #expect(try await bed.send(.head, "/second").status == .notFound)
        #expect(try await bed.send(.delete, "/second").refusal == "404 NoSuchBucket")
    }

    @Test func `Making a bucket again succeeds in the first region only, as in S3`() async throws {
        let bed = try await Bed()
        let frankfurt = try #require(Region("eu-central-1"))
        try await bed.put("/bucket").expect(.ok)
        try await bed.send(.put, "/there", region: frankfurt).expect(.ok)
        let again = try await bed.send(.put, "/there", region: frankfurt)
        #expect(again.refusal == "409 BucketAlreadyOwnedByYou")
    }

    @Test func `A name is taken for everyone, and a bucket is only its account's`() async throws {
        let bed = try await Bed()
        let stranger = SigningCredentials.made("STRANGER")
        try bed.addKey(stranger, account: try #require(AccountID("111111111111")))
        #expect(try await bed.send(.put, "/bucket", as: stranger).refusal == "409 BucketAlreadyExists")
        #expect(try await bed.send(.get, "/bucket", as: stranger).refusal == "403 AccessDenied")
        #expect(try await bed.send(.get, "/", as: stranger).document["Buckets"]?.children.isEmpty == true)
    }

    @Test func `An owner that the client expects must be the caller's account`() async throws {
        let bed = try await Bed()
        try await bed.put("/bucket/k", "x").expect(.ok)
        for (owner, status) in [("000000000000", 200), ("111111111111", 403)] {
            let answer = try await bed.get("/bucket/k", headers: [.xAmzExpectedBucketOwner: owner])
            #expect(answer.status.code == status)
            let headers: HTTPFields = [.xAmzCopySource: "/bucket/k", .xAmzSourceExpectedBucketOwner: owner]
            #expect(try await bed.put("/bucket/copy", headers: headers).status.code == status)
        }
    }

    @Test func `A bucket is told to be elsewhere when another region signs`() async throws {
        let bed = try await Bed()
        let answer = try await bed.send(.get, "/bucket", region: try #require(Region("eu-central-1")))
        #expect(answer.refusal == "400 AuthorizationHeaderMalformed")
        #expect(answer["x-amz-bucket-region"] == "us-east-1")
        #expect(try answer.document["Region"]?.text == "us-east-1")
    }

    @Test func `Names that break the rules are refused`() async throws {
        let bed = try await Bed(bucket: nil)
        for name in ["ab", "UPPER", "under_score", "1.2.3.4", "dot..dot", "%2e%2e"] {
            #expect(try await bed.put("/\(name)").refusal == "400 InvalidBucketName", "\(name)")
        }
    }

    @Test func `A location is the region, and empty for the first one`() async throws {
        let bed = try await Bed()
        let frankfurt = try #require(Region("eu-central-1"))
        let body = Payload.text(
            "<CreateBucketConfiguration><LocationConstraint>eu-central-1</LocationConstraint></CreateBucketConfiguration>"
        )
        try await bed.send(.put, "/there", body, region: frankfurt).expect(.ok)
        #expect(try await bed.get("/bucket?location").document.text == "")
        #expect(try await bed.send(.get, "/there?location", region: frankfurt).document.text == "eu-central-1")
        #expect(try await bed.send(.put, "/other", body).refusal == "400 IllegalLocationConstraintException")
    }

    @Test func `A bucket with anything in it stays`() async throws {
        let bed = try await Bed()
        try await bed.put("/bucket/k", "x").expect(.ok)
        #expect(try await bed.send(.delete, "/bucket").refusal == "409 BucketNotEmpty")
    }

    @Test func `Versioning is off, then on, then suspended`() async throws {
        let bed = try await Bed()
        #expect(try await bed.get("/bucket?versioning").document["Status"] == nil)
        for status in ["Enabled", "Suspended"] {
            try await bed.enableVersioning(status)
            #expect(try await bed.get("/bucket?versioning").document["Status"]?.text == status)
        }
        for body in ["", "<VersioningConfiguration/>", "<V><Status>enabled</Status></V>", "<V><Status>"] {
            #expect(try await bed.put("/bucket?versioning", body).refusal == "400 MalformedXML")
        }
        #expect(try await bed.get("/nowhere?versioning").refusal == "404 NoSuchBucket")
    }

    @Test func `A bucket's name may stand in the host name that the operator configured`() async throws {
        let bed = try await Bed(virtualHosts: ["artifacts.example.com"])
        let host = "bucket.artifacts.example.com:7480"
        try await bed.send(.put, "/bucket/k", .text("x"), host: host).expect(.ok)
        #expect(try await bed.get("/bucket/bucket/k").text == "x")
        #expect(try await bed.send(.get, "/bucket/k", host: host).text == "x")
        #expect(try await bed.send(.get, "/?list-type=2", host: host).document["KeyCount"]?.text == "1")
        #expect(try await bed.send(.get, "/", host: "artifacts.example.com").document.name == "ListAllMyBucketsResult")
    }
}
