// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import PenstockSigning
import PenstockTesting
import Synchronization
import Testing

@testable import PenstockWorker

/// How a handler writes its outputs.
@Suite(.timeLimit(.minutes(10))) struct UploadTests {
    private static let path = "/artifacts/shop/Built/a1"

    /// Two whole parts and a little.
    private static let large: [UInt8] = (0..<(2 * WorkerConfiguration.testPartBytes + 5)).map {
        UInt8(truncatingIfNeeded: $0 &* 31 >> 8)
    }

    private func error(
        _ store: PlayedStore, _ body: @escaping @Sendable (WorkerJob) async throws -> Void
    ) async -> ArtifactError? {
        await #expect(throws: ArtifactError.self) { try await withJob(store, body) }
    }

    @Test func `Bytes are written in one request, with hash and checksum, where the job says`() async throws {
        let store = PlayedStore()
        let stored = try await withJob(store) { try await $0.upload(Array("built".utf8), to: $0.outputArtifacts[0]) }
        #expect(store.object(Self.path) == Array("built".utf8))
        #expect(stored == StoredArtifact(etag: "\"\(md5(Array("built".utf8)))\"", versionID: "v1"))
        let request = try #require(store.requests.first)
        #expect(store.requests.count == 1)
        #expect(request.head.method == .put && request.head.path == Self.path)
        #expect(request.header("x-amz-content-sha256") == PayloadHash(of: "built".utf8).description)
        #expect(request.header("x-amz-checksum-crc64nvme") == checksum(Array("built".utf8)))
        #expect(request.header("Content-Type") == "application/zip")
        #expect(request.header("x-amz-server-side-encryption") == nil)
    }

    @Test func `Nothing is as good an output as any`() async throws {
        let store = PlayedStore()
        try await withJob(store) { _ = try await $0.upload([], to: $0.outputArtifacts[0], contentType: "text/plain") }
        #expect(store.object(Self.path) == [])
        #expect(store.requests.first?.header("Content-Type") == "text/plain")
    }

    @Test func `The key of the artifact store encrypts, and at AWS the account's own where there is none`() async throws
    {
        var keyed = PlayedJob.withArtifacts
        keyed.encryptionKey = EncryptionKey(id: "alias/artifacts", type: .kms)
        for (job, endpoint, key) in [
            (keyed, "http://127.0.0.1:7480", "alias/artifacts"), (keyed, nil, "alias/artifacts"),
            (PlayedJob.withArtifacts, nil, nil),
        ] as [(PlayedJob, String?, String?)] {
            let store = PlayedStore()
            try await withJob(store, job: job, artifactEndpoint: endpoint) {
                _ = try await $0.upload([1], to: $0.outputArtifacts[0])
            }
            let request = try #require(store.requests.first)
            #expect(request.header("x-amz-server-side-encryption") == "aws:kms")
            #expect(request.header("x-amz-server-side-encryption-aws-kms-key-id") == key)
        }
    }

    // MARK: In parts

    /// What is sent for the large object, and what the store makes of it.
    private func expectParts(_ store: PlayedStore, _ stored: StoredArtifact) throws {
        #expect(store.object(Self.path) == Self.large)
        #expect(stored == StoredArtifact(etag: "\"abc-3\"", versionID: "v9"))
        let requests = store.requests
        let targets = requests.map { "\($0.head.method) \($0.head.path?.dropFirst(Self.path.count) ?? "")" }
        #expect(targets.first == "POST ?uploads=")
        #expect(
            targets.dropFirst().dropLast().sorted() == (1...3).map { "PUT ?partNumber=\($0)&uploadId=u%261" })
        #expect(targets.last == "POST ?uploadId=u%261")
        #expect(requests.first?.header("x-amz-checksum-algorithm") == "CRC64NVME")
        #expect(requests.last?.header("x-amz-checksum-crc64nvme") == checksum(Self.large))
        #expect(requests.last?.header("x-amz-checksum-type") == "FULL_OBJECT")
        let part = try #require(requests.first { $0.head.path?.contains("partNumber=3") == true })
        #expect(part.body.count == 5)
        let completion = try #require(requests.last).text
        let etag = "&quot;\(md5(part.body))&quot;"
        #expect(
            completion.hasSuffix(
                "<Part><PartNumber>3</PartNumber><ETag>\(etag)</ETag><ChecksumCRC64NVME>\(checksum(part.body))"
                    + "</ChecksumCRC64NVME></Part></CompleteMultipartUpload>"))
    }

    @Test func `A large file is written in parts, in order`() async throws {
        try await TemporaryDirectory.use { directory in
            let file = directory + "/built.zip"
            try Data(Self.large).write(to: URL(filePath: file))
            let store = PlayedStore()
            let stored = try await withJob(store) { try await $0.upload(contentsOf: file, to: $0.outputArtifacts[0]) }
            try self.expectParts(store, stored)
        }
    }

    @Test func `Many bytes and pieces of any size are written in the same parts`() async throws {
        let store = PlayedStore()
        try self.expectParts(
            store, try await withJob(store) { try await $0.upload(Self.large, to: $0.outputArtifacts[0]) })
        let other = PlayedStore()
        let stored = try await withJob(other) { job in
            let pieces = AsyncStream { source in
                var rest = Self.large[...]
                while !rest.isEmpty {
                    source.yield(Array(rest.prefix(10_007)))
                    rest = rest.dropFirst(10_007)
                }
                source.finish()
            }
            return try await job.upload(pieces: pieces, to: job.outputArtifacts[0])
        }
        try self.expectParts(other, stored)
    }

    @Test func `However much there is, three parts are on their way and one is ready`() async throws {
        struct Counts { var (produced, completed, inFlight, most) = (0, 0, 0, 0) }
        let counts = Mutex(Counts())
        let (store, release) = (PlayedStore(), Event())
        store.interject(nil)
        for _ in 0..<10 {
            store.interject { _ in
                counts.withLock { counts in
                    counts.inFlight += 1
                    counts.most = max(counts.most, counts.inFlight)
                }
                await release.wait()
                counts.withLock { counts in
                    counts.inFlight -= 1
                    counts.completed += 1
                }
                return TransportResponse(status: 200, headers: [.eTag: "\"p\""], body: [])
            }
        }
        try await withJob(store) { job in
            let part = [UInt8](repeating: 7, count: WorkerConfiguration.testPartBytes)
            let pieces = AsyncStream {
                let (produced, held) = counts.withLock { counts in
                    counts.produced += 1
                    return (counts.produced, counts.produced - counts.completed)
                }
                #expect(held <= 4)
                return produced <= 10 ? part : nil
            }
            async let upload = job.upload(pieces: pieces, to: job.outputArtifacts[0])
            await store.untilAsked(times: 4)
            release.happen()
            _ = try await upload
        }
        #expect(counts.withLock { $0.most } == 3)
        #expect(store.requests.count == 12)
    }

    @Test func `A part that is not answered is sent again, alone`() async throws {
        let store = PlayedStore()
        store.interject(
            nil, { _ in throw TransportError(.connectionFailed, "reset") }, { _ in .s3Error("SlowDown", 503) })
        let stored = try await withJob(store) { try await $0.upload(Self.large, to: $0.outputArtifacts[0]) }
        #expect(store.object(Self.path) == Self.large && stored.versionID == "v9")
        #expect(store.requests.count == 7)
    }

    @Test func `An answer of success that holds an error is one`() async throws {
        let error: ScriptedTransport.Answer = { _ in
            .document("<?xml version=\"1.0\"?> <Error><Code>InternalError</Code></Error>")
        }
        let store = PlayedStore()
        store.interject(nil, nil, nil, nil, error)
        _ = try await withJob(store) { try await $0.upload(Self.large, to: $0.outputArtifacts[0]) }
        #expect(store.object(Self.path) == Self.large)
        #expect(store.requests.count == 6)
    }

    @Test func `An upload that fails is aborted, whatever it fails of`() async throws {
        let refused = PlayedStore()
        refused.interject(nil, { _ in .s3Error("AccessDenied", 403) })
        #expect(
            await self.error(refused) { _ = try await $0.upload(Self.large, to: $0.outputArtifacts[0]) }?.code
                == .refused)
        #expect(refused.requests.last?.head.method == .delete)
        struct Broken: Error {}
        let broken = PlayedStore()
        await #expect(throws: Broken.self) {
            try await withJob(broken) { job in
                let pieces = AsyncThrowingStream<[UInt8], any Error> { source in
                    source.yield(Array(Self.large.prefix(WorkerConfiguration.testPartBytes)))
                    source.finish(throwing: Broken())
                }
                _ = try await job.upload(pieces: pieces, to: job.outputArtifacts[0])
            }
        }
        #expect(broken.requests.last?.head.method == .delete)
        #expect(broken.object(Self.path) == nil)
    }

    @Test func `Cancelling aborts an upload in parts`() async throws {
        let store = PlayedStore()
        store.interject(
            nil,
            { _ in
                await Event().wait()
                throw CancellationError()
            })
        let error = await self.error(store) { job in
            let upload = Task { _ = try await job.upload(Self.large, to: job.outputArtifacts[0]) }
            await store.untilAsked(times: 4)
            upload.cancel()
            try await upload.value
        }
        #expect(error?.code == .cancelled)
        #expect(store.requests.last?.head.method == .delete)
    }

    // MARK: What is checked

    @Test func `A store that has got something else is told so`() async throws {
        let store = PlayedStore()
        let wrong: ScriptedTransport.Answer = { _ in
            TransportResponse(
                status: 200, headers: [.eTag: "\"x\"", name("x-amz-checksum-crc64nvme"): checksum([0])], body: [])
        }
        store.interject(wrong)
        _ = try await withJob(store) { try await $0.upload([1], to: $0.outputArtifacts[0]) }
        #expect(store.requests.count == 2)
        store.interject(wrong, wrong, wrong)
        #expect(await self.error(store) { _ = try await $0.upload([1], to: $0.outputArtifacts[0]) }?.code == .corrupted)
    }

    @Test func `What is no file is not read as one`() async throws {
        for path in ["/absent/file", "/dev", "/dev/null"] {
            let error = await self.error(PlayedStore()) {
                _ = try await $0.upload(contentsOf: path, to: $0.outputArtifacts[0])
            }
            #expect(error?.code == .file, "\(path)")
        }
    }

    @Test func `A file that shrinks is noticed`() async throws {
        try await TemporaryDirectory.use { directory in
            let file = directory + "/built.zip"
            try Data(Self.large).write(to: URL(filePath: file))
            var source = try await FileSource(file)
            _ = try await source.next(WorkerConfiguration.testPartBytes)
            try Data().write(to: URL(filePath: file), options: [])
            let error = await #expect(throws: ArtifactError.self) {
                _ = try await source.next(WorkerConfiguration.testPartBytes)
            }
            #expect(error?.code == .file)
        }
    }
}
