// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import NIOPosix
import PenstockArtifacts
import PenstockForeign
import PenstockModel
import PenstockOutbound
import PenstockSigning

/// Blobs in a double of a store.
final class ForeignFixture {
    static let partSizeBytes: Int64 = 600_000

    let double: StoreDouble
    let blobs: ForeignBlobs
    private let receiving: BlobStore
    private let directory: String
    private var lastID: UInt64 = 0

    private init(_ double: StoreDouble, _ blobs: ForeignBlobs) async throws {
        self.double = double
        self.blobs = blobs
        self.directory = FileManager.default.temporaryDirectory.path + "/penstock-foreign-\(UUID().uuidString)"
        self.receiving = try await BlobStore(
            receivingIn: self.directory, threads: .singleton, objects: MemoryBlobObjects())
    }

    deinit { try? FileManager.default.removeItem(atPath: self.directory) }

    static func run(
        bucket: String = StoreDouble.bucket,
        region: String = "eu-central-1",
        timeout: Duration = .seconds(20),
        credentials: S3Credentials = S3Credentials(.double),
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) },
        _ body: (ForeignFixture) async throws -> Void
    ) async throws {
        try await StoreDouble.run { double, port in
            let endpoint = try EndpointURL("http://127.0.0.1:\(port)")
            var settings = S3Client.Settings(endpoint: endpoint, region: region, timeout: timeout)
            settings.retryDelay = .milliseconds(1)
            let client = S3Client(settings, credentials: credentials, secondsSinceEpoch: now)
            let blobs = ForeignBlobs(
                client: client, bucket: bucket, prefix: "a b/é/", partSizeBytes: Self.partSizeBytes)
            try await body(try await ForeignFixture(double, blobs))
        }
    }

    /// Puts the content as the artifact store does.
    @discardableResult
    func put(_ content: [UInt8]) async throws -> BlobName {
        self.lastID += 1
        let generation = UniqueID(high: 5, low: self.lastID)
        return try await self.receiving.receive(id: generation, limitBytes: .max) { writer in
            try await writer.write(ByteBuffer(bytes: content))
        } then: { received in
            let name = BlobName(hash: received.content.hash, generation: generation)
            try await self.blobs.put(name, received)
            return name
        }
    }

    func get(_ name: BlobName, _ range: Range<Int64>, of sizeBytes: Int) async throws -> [UInt8] {
        var reader = try await self.blobs.open(name, range, sizeBytes: Int64(sizeBytes)).makeReader()
        var bytes: [UInt8] = []
        while let piece = try await reader.next() { bytes += piece.readableBytesView }
        return bytes
    }

    func get(_ name: BlobName, of content: [UInt8]) async throws -> [UInt8] {
        try await self.get(name, 0..<Int64(content.count), of: content.count)
    }
}

extension SigningCredentials {
    static let double = Self(accessKeyID: StoreDouble.accessKeyID, secretAccessKey: SecretAccessKey("any"))
}

/// So many bytes, none like its neighbours.
func content(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }

/// What the body throws, if it fails as stores do.
func failure(_ body: () async throws -> Void) async -> ForeignBlobFailure? {
    do {
        try await body()
        return nil
    } catch {
        return error as? ForeignBlobFailure
    }
}
