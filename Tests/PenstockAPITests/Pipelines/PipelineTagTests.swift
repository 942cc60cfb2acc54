// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime
import PenstockStore
import PenstockWire
import Testing

@testable import PenstockAPI

/// Tags that a pipeline is created with.
struct PipelineTagTests {
    private static func tags(_ values: KeyValuePairs<String, String>) -> [WireTag] {
        values.map { WireTag(key: $0.key, value: $0.value) }
    }

    private static let arn = "arn:aws:codepipeline:us-east-1:111111111111:web"

    @Test func `Tags are answered sorted by key, and only where they were given`() async throws {
        let bed = try await APITestBed.withShipper()
        let output = try await bed.create(tags: Self.tags(["b": "2", "B": "1", "a": "", "ä": "3"]))
        #expect(output.tags == Self.tags(["B": "1", "a": "", "b": "2", "ä": "3"]))
        #expect(try await bed.create(Sample.pipeline(name: "none")).tags == nil)
        #expect(try await bed.create(Sample.pipeline(name: "empty"), tags: []).tags == [])
    }

    @Test func `Tags are kept with the pipeline`() async throws {
        let bed = try await APITestBed.withShipper()
        try await bed.create(tags: Self.tags(["team": "web", "env": "prod"]))
        let key = bed.caller().pipeline("web")
        let row = try await bed.store.write { try $0.lockPipeline(key) }
        #expect(row?.tags == [KeyedValue("env", "prod"), KeyedValue("team", "web")])
    }

    @Test func `Fifty are the most`() async throws {
        let bed = try await APITestBed.withShipper()
        let tags = (0..<51).map { WireTag(key: "key\($0)", value: "") }
        await #expect(throws: ServiceException(.tooManyTags, "Tag limit exceeded for resource [\(Self.arn)].")) {
            try await bed.create(tags: tags)
        }
        #expect(try await bed.create(tags: Array(tags.prefix(50))).tags?.count == 50)
    }

    @Test(arguments: ["aws:", "aws:team", "AWS:team", "Aws:Team"])
    func `Tags of the system are not for users`(key: String) async throws {
        let bed = try await APITestBed.withShipper()
        let problem =
            "Not allowed to modify system tags. System tags start with 'aws:'."
            + " msg=[Caller is an end user and not allowed to mutate system tags]"
        await #expect(throws: ServiceException(.invalidTags, problem)) {
            try await bed.create(tags: [WireTag(key: key, value: "x")])
        }
    }

    @Test func `A key is used once, letters counting as they are`() async throws {
        let bed = try await APITestBed.withShipper()
        await #expect(throws: ServiceException(.invalidTags, "The tag key 'a' is used more than once")) {
            try await bed.create(tags: Self.tags(["a": "1", "a": "1"]))
        }
        #expect(try await bed.create(tags: Self.tags(["a": "1", "A": "1"])).tags?.count == 2)
    }

    @Test(arguments: ["a#b", "a,b", "a\tb", "a\nb", "a!", "🌊"])
    func `Keys and values are of letters, digits, spaces and a few signs`(text: String) async throws {
        let bed = try await APITestBed.withShipper()
        for (key, value) in [(text, "x"), ("x", text)] {
            let problem = "The tag '\(key)' may only contain letters, digits, spaces and + - = . _ : / @"
            await #expect(throws: ServiceException(.invalidTags, problem)) {
                try await bed.create(tags: [WireTag(key: key, value: value)])
            }
        }
        let fine = "Größe 9 +-=._:/@ 日本"
        #expect(try await bed.create(tags: [WireTag(key: fine, value: fine)]).tags?.count == 1)
    }

    @Test func `A key has 1 to 128 characters, a value at most 256`() async throws {
        let bed = try await APITestBed.withShipper()
        func refusal(_ key: String, _ value: String) async -> ServiceException? {
            await #expect(throws: ServiceException.self) {
                try await bed.create(tags: [WireTag(key: key, value: value)])
            }
        }
        #expect(
            await refusal("", "") == .invalid("tags.1.member.key", "Member must have length greater than or equal to 1")
        )
        #expect(
            await refusal(String(repeating: "k", count: 129), "")
                == .invalid("tags.1.member.key", "Member must have length less than or equal to 128"))
        #expect(
            await refusal("k", String(repeating: "v", count: 257))
                == .invalid("tags.1.member.value", "Member must have length less than or equal to 256"))
        let longest = [WireTag(key: String(repeating: "k", count: 128), value: String(repeating: "v", count: 256))]
        #expect(try await bed.create(tags: longest).tags == longest)
    }
}
