// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import NIOPosix
@testable import PenstockArtifacts
import PenstockModel
import Synchronization

/// An artifact store in a directory of its own, with a clock and ids of the test's making.
final class Fixture: Sendable {
    let directory: String
    let index = MemoryArtifactIndex()
    let store: ArtifactStore
    let blobs: BlobStore
    private let clock: Clock

    final class Clock: Sendable {
        let state = Mutex<(now: Timestamp, id: UInt64)>((Timestamp(millisecondsSinceEpoch: 1_800_000_000_000), 0))
    }

    /// - Parameter objects: Where content is; `nil` for files.
    init(publishing: PublishingCalls = PublishingCalls(), objects: MemoryBlobObjects? = nil) async throws {
        let clock = Clock()
        self.clock = clock
        self.directory = FileManager.default.temporaryDirectory.path + "/penstock-artifacts-\(UUID().uuidString)"
        var blobs =
            if let objects {
                try await BlobStore(receivingIn: self.directory, threads: .singleton, objects: objects)
            } else {
                try await BlobStore(directory: self.directory, threads: .singleton)
            }
        blobs.publishing = publishing
        self.blobs = blobs
        self.store = ArtifactStore(
            index: self.index,
            blobs: self.blobs,
            now: { clock.state.withLock { $0.now } },
            newID: {
                clock.state.withLock { state in
                    state.id += 1
                    return UniqueID(high: 7, low: state.id)
                }
            }
        )
    }

    deinit { try? FileManager.default.removeItem(atPath: self.directory) }

    func advance(_ duration: Duration) { self.clock.state.withLock { $0.now = $0.now + duration } }

    /// A fixture with one bucket.
    static func withBucket(
        _ name: String = "bucket", versioning: BucketRow.Versioning = .off,
        publishing: PublishingCalls = PublishingCalls(), objects: MemoryBlobObjects? = nil
    ) async throws -> Fixture {
        let fixture = try await Fixture(publishing: publishing, objects: objects)
        try await fixture.store.createBucket(name, as: owner)
        if versioning != .off {
            try await fixture.store.setVersioning(enabled: versioning == .enabled, of: name, as: owner)
        }
        return fixture
    }

    @discardableResult
    func put(
        _ key: ObjectKey, _ content: String = "content", in bucket: String = "bucket",
        conditions: WriteConditions = WriteConditions(), as caller: ArtifactStore.Caller = owner
    ) async throws -> WrittenObject {
        try await self.store.put(ObjectName(bucket: bucket, key: key), conditions: conditions, as: caller) { writer in
            try await writer.write(ByteBuffer(string: content))
            return nil
        }
    }

    func get(
        _ key: ObjectKey, version: VersionID? = nil, in bucket: String = "bucket", range: Range<Int64>? = nil
    ) async throws -> String {
        let name = ObjectName(bucket: bucket, key: key, versionID: version)
        let row = try await self.store.object(name, as: owner).row
        var all = ByteBuffer()
        for try await var chunk in try await self.store.body(of: row, range: range) { all.writeBuffer(&chunk) }
        return String(buffer: all)
    }

    /// The files below a folder of the store, with their paths.
    func files(in folder: String) -> [String] {
        let names = FileManager.default.enumerator(atPath: "\(self.directory)/\(folder)")?.allObjects ?? []
        return names.compactMap { $0 as? String }.map { "\(self.directory)/\(folder)/\($0)" }.filter {
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(atPath: $0, isDirectory: &isDirectory) && !isDirectory.boolValue
        }
    }

    /// Makes files look as if nobody had touched them for some days.
    func age(_ paths: [String]) throws {
        for path in paths {
            let date = Date(timeIntervalSinceNow: -5 * 86_400)
            try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
        }
    }
}

let owner = ArtifactStore.Caller(scope: Scope(account: .default, region: .default))

func key(_ text: String) -> ObjectKey { ObjectKey(text) }

/// Runs the body and returns the code of what it throws.
func refusal(_ body: () async throws -> Void) async -> ArtifactError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? ArtifactError)?.code
    }
}

/// SplitMix64: the same sequence for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { self.state = seed }
    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Whether the condition comes to hold, once what is on its way to the threads for files has been done.
func becomesTrue(_ condition: () -> Bool) async -> Bool {
    for _ in 0..<1000 {
        if condition() { return true }
        try? await NIOThreadPool.singleton.runIfActive {}
    }
    return false
}
