// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import PenstockModel
import Synchronization
import Testing

@testable import PenstockArtifacts

@Suite struct DurabilityTests {
    private struct DiskFailure: Error {}

    /// What happened, in order.
    private final class Steps: Sendable {
        private let list = Mutex<[String]>([])
        var all: [String] { self.list.withLock { $0 } }
        func add(_ step: String) { self.list.withLock { $0.append(step) } }
    }

    /// The real calls, each noted after it has succeeded.
    private static func calls(noting steps: Steps) -> PublishingCalls {
        let real = PublishingCalls()
        return PublishingCalls(
            synchronizeFile: {
                try real.synchronizeFile($0)
                steps.add("sync \(($0.path as NSString).deletingLastPathComponent)")
            },
            rename: {
                try real.rename($0, $1)
                steps.add("name \($1)")
            },
            synchronizeDirectory: {
                try real.synchronizeDirectory($0)
                steps.add("sync \($0)")
            }
        )
    }

    @Test func `Bytes, their name and its directory are on the disk before the version is a row`() async throws {
        let steps = Steps()
        let fixture = try await Fixture.withBucket(publishing: Self.calls(noting: steps))
        try await fixture.put(key("k"), "kept")
        let path = try #require(fixture.files(in: "blobs").first)
        let folder = (path as NSString).deletingLastPathComponent
        #expect(steps.all == ["sync \(fixture.directory)/incoming", "name \(path)", "sync \(folder)"])
    }

    @Test func `Content that is there already is made durable again, for its first writer may not be done`()
        async throws
    {
        let steps = Steps()
        let fixture = try await Fixture.withBucket(publishing: Self.calls(noting: steps))
        try await fixture.put(key("a"), "same")
        try await fixture.put(key("b"), "same")
        #expect(steps.all.count == 6)
        #expect(steps.all.prefix(3) == steps.all.suffix(3))
        #expect(fixture.files(in: "blobs").count == 1)
    }

    @Test(arguments: 0..<3)
    func `A put whose bytes did not become durable fails and writes no row`(_ failing: Int) async throws {
        var calls = PublishingCalls()
        switch failing {
        case 0: calls.synchronizeFile = { _ in throw DiskFailure() }
        case 1: calls.rename = { _, _ in throw DiskFailure() }
        default: calls.synchronizeDirectory = { _ in throw DiskFailure() }
        }
        let fixture = try await Fixture.withBucket(publishing: calls)
        await #expect(throws: DiskFailure.self) { try await fixture.put(key("k")) }
        #expect(await refusal { _ = try await fixture.get(key("k")) } == .noSuchKey)
        #expect(fixture.index.owedSourceEvents.isEmpty)
    }
}
