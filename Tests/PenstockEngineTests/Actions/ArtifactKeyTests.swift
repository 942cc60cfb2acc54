// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import Testing

struct ArtifactKeyTests {
    @Test func `A key is twenty characters of the pipeline, ten of the artifact and seven random ones`() throws {
        let key = ArtifactKey(
            pipeline: "stackd-lifecycle-7ccf1", artifact: "SourceArtifact",
            entropy: UniqueID(high: 1, low: 123_456_789),
            fileExtension: "zip")
        let parts = key.description.split(separator: "/")
        try #require(parts.count == 3)
        #expect(parts[0] == "stackd-lifecycle-7cc")
        #expect(parts[1] == "SourceArti")
        #expect(parts[2].hasSuffix(".zip"))
        #expect(parts[2].dropLast(4).count == 7)
        let isPlain = parts[2].dropLast(4).allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
        #expect(isPlain)
    }

    @Test func `Short names stay whole, and there is no dot without an extension`() {
        let key = ArtifactKey(
            pipeline: "shop", artifact: "App", entropy: UniqueID(high: 1, low: 0), fileExtension: nil)
        #expect(key.description == "shop/App/AAAAAAA")
    }

    @Test func `Other entropy makes another key`() {
        let keys = (0..<1000).map {
            ArtifactKey(
                pipeline: "shop", artifact: "App", entropy: UniqueID(high: 0, low: $0), fileExtension: nil
            ).description
        }
        #expect(Set(keys).count == 1000)
    }

    @Test(arguments: [
        ("app/shop.zip", ".zip"), ("shop.tar.gz", ".gz"), ("v1.2/shop", ""), ("shop.", ""), ("shop.backup-1", ""),
        ("shop.averylongone", ""), ("shop.é", ""), ("a.b/", ".b"), ("", ""),
    ])
    func `An S3 source's object passes on a plain extension`(objectKey: String, suffix: String) throws {
        var pipeline = PipelineUnderTest(.stage("S1", .source(objectKey: objectKey)), .stage("S2"))
        try pipeline.start()
        let key = try #require(pipeline.starts(of: "Get").first?.outputs.first?.location.key)
        let name = try #require(key.split(separator: "/").last)
        #expect(name.dropFirst(7) == suffix)
    }

    @Test func `Other actions' outputs have no extension`() throws {
        let configuration = [KeyedValue("S3ObjectKey", "shop.zip")]
        var pipeline = PipelineUnderTest(
            .stage("S1", .work(configuration: configuration, outputs: ["App"])), .stage("S2"))
        try pipeline.start()
        let key = try #require(pipeline.starts(of: "Work").first?.outputs.first?.location.key)
        #expect(!key.contains("."))
    }
}
