// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PenstockTesting
import Testing

@testable import PenstockWorker

/// Where artifacts are looked for.
@Suite(.timeLimit(.minutes(10))) struct AddressTests {
    private func place(_ bucket: String, _ key: String) throws -> ArtifactPlace {
        let location = S3ArtifactLocation(bucketName: bucket, objectKey: key)
        return try ArtifactPlace(Artifact(name: "A", location: ArtifactLocation(type: .s3, s3Location: location)))
    }

    private func url(_ bucket: String, _ key: String, endpoint: String? = nil, region: String = "eu-west-1") throws
        -> String
    {
        let address = try self.place(bucket, key).address(
            endpoint: endpoint.flatMap { Endpoint($0) }, region: region)
        return "\(address.scheme)://\(address.authority)\(address.path)"
    }

    @Test func `At AWS the bucket is part of the host, unless no certificate covers it`() throws {
        #expect(try self.url("shop", "a/b/c") == "https://shop.s3.eu-west-1.amazonaws.com/a/b/c")
        #expect(try self.url("my.shop", "a") == "https://s3.eu-west-1.amazonaws.com/my.shop/a")
        #expect(
            try self.url("shop", "a", region: "cn-north-1") == "https://shop.s3.cn-north-1.amazonaws.com.cn/a")
    }

    @Test func `Elsewhere the bucket begins the path`() throws {
        #expect(try self.url("shop", "a", endpoint: "http://127.0.0.1:7480") == "http://127.0.0.1:7480/shop/a")
        #expect(try self.url("shop", "a", endpoint: "https://s3.example/x") == "https://s3.example/x/shop/a")
    }

    @Test func `Names are data and never change where a request goes`() throws {
        #expect(
            try self.url("shop", "../a b/é?x=1#%2F")
                == "https://shop.s3.eu-west-1.amazonaws.com/../a%20b/%C3%A9%3Fx%3D1%23%252F")
        #expect(
            try self.url("evil@host/", "a") == "https://s3.eu-west-1.amazonaws.com/evil%40host//a")
        #expect(try self.url("Evil", "a") == "https://s3.eu-west-1.amazonaws.com/Evil/a")
    }

    @Test func `A bucket of another region is asked there, from then on`() async throws {
        let store = PlayedStore(["/shop/Source/a1": "x"])
        store.interject { _ in .s3Error("PermanentRedirect", 301, [name("x-amz-bucket-region"): "us-west-2"]) }
        try await withJob(store, artifactEndpoint: nil) { job in
            for _ in 0..<2 { _ = try await job.contents(of: job.inputArtifacts[0]) }
        }
        #expect(
            store.requests.map(\.head.authority) == [
                "artifacts.s3.eu-west-1.amazonaws.com", "artifacts.s3.us-west-2.amazonaws.com",
                "artifacts.s3.us-west-2.amazonaws.com",
            ])
        #expect(store.requests.last?.header("Authorization")?.contains("/us-west-2/s3/aws4_request") == true)
    }

    @Test func `A region that is no name is not believed`() async throws {
        let store = PlayedStore(["/shop/Source/a1": "x"])
        store.interject { _ in .s3Error("PermanentRedirect", 301, [name("x-amz-bucket-region"): "evil.example/"]) }
        let error = await #expect(throws: ArtifactError.self) {
            try await withJob(store, artifactEndpoint: nil) { _ = try await $0.contents(of: $0.inputArtifacts[0]) }
        }
        #expect(error?.serviceError?.code.rawValue == "PermanentRedirect")
        #expect(store.requests.count == 1)
    }
}
