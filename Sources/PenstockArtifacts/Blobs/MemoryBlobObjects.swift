// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// Objects that live as long as their process: for tests, and the measure of what other stores must do.
package final class MemoryBlobObjects: BlobObjects {
    /// What is asked of the store.
    package enum Call: Sendable, Hashable {
        case put(BlobName)
        case look(BlobName)
        case open(BlobName)
        case remove(BlobName)
    }

    /// Runs before and after each call has had its effect; what it throws is what the call throws.
    package typealias Interception = @Sendable (_ call: Call, _ isDone: Bool) async throws -> Void

    private struct State {
        var objects: [BlobName: ByteBuffer] = [:]
        var calls: [Call] = []
        var interception: Interception?
    }

    private let state = Mutex(State())

    package init() {}

    /// The names of all objects, in order.
    package var names: [BlobName] { self.state.withLock { $0.objects.keys.sorted() } }
    /// The calls so far, in the order in which they had their effect.
    package var calls: [Call] { self.state.withLock { $0.calls } }

    /// Puts the closure in the way of every call from now on; `nil` for none.
    package func intercept(_ interception: Interception?) { self.state.withLock { $0.interception = interception } }

    /// The object is gone, and nobody was asked.
    package func lose(_ name: BlobName) { self.state.withLock { $0.objects[name] = nil } }

    private func perform<Result: Sendable>(
        _ call: Call, _ body: @Sendable (inout [BlobName: ByteBuffer]) -> Result
    ) async throws -> Result {
        let interception = self.state.withLock { $0.interception }
        try await interception?(call, false)
        let result = self.state.withLock { state in
            state.calls.append(call)
            return body(&state.objects)
        }
        try await interception?(call, true)
        return result
    }

    package func put(_ name: BlobName, _ content: ReceivedBlob) async throws {
        let bytes = try await content.open().read(at: 0, count: Int(content.content.sizeBytes))
        try await self.perform(.put(name)) { $0[name] = bytes }
    }

    package func sizeBytes(of name: BlobName) async throws -> Int64? {
        try await self.perform(.look(name)) { $0[name].map { Int64($0.readableBytes) } }
    }

    package func open(_ name: BlobName, _ bytes: Range<Int64>, sizeBytes: Int64) async throws -> any BlobRun {
        let found = try await self.perform(.open(name)) { $0[name] }
        guard let found, let run = found.getSlice(at: Int(bytes.lowerBound), length: bytes.count) else {
            throw ArtifactError.contentMissing
        }
        return Run(bytes: run)
    }

    package func remove(_ name: BlobName, sizeBytes: Int64) async throws {
        try await self.perform(.remove(name)) { $0[name] = nil }
    }

    private struct Run: BlobRun {
        let bytes: ByteBuffer
        func makeReader() -> any BlobReader { Reader(rest: self.bytes) }
    }

    private struct Reader: BlobReader {
        var rest: ByteBuffer
        mutating func next() -> ByteBuffer? {
            self.rest.readableBytes == 0
                ? nil : self.rest.readSlice(length: min(self.rest.readableBytes, BlobStore.chunkSizeBytes))
        }
    }
}
