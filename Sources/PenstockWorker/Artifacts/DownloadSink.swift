// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Where the bytes of a download go.
protocol DownloadSink: Sendable {
    /// Begins, or begins again and forgets what came before.
    ///
    /// - Parameter sizeBytes: What the store says that there will be.
    func begin(sizeBytes: Int64?) async throws

    func append(_ bytes: [UInt8]) async throws
}

/// Holds what is downloaded in memory, up to a limit.
final class MemorySink: DownloadSink {
    private let limit: Int
    private let name: String
    private let content = Mutex<[UInt8]>([])

    init(limit: Int, of place: ArtifactPlace) {
        self.limit = limit
        self.name = place.name
    }

    var bytes: [UInt8] { self.content.withLock { $0 } }

    func begin(sizeBytes: Int64?) async throws {
        guard sizeBytes ?? 0 <= self.limit else { throw self.tooLarge }
        self.content.withLock { $0 = [] }
    }

    func append(_ bytes: [UInt8]) async throws {
        let isWithin = self.content.withLock { content in
            guard content.count + bytes.count <= self.limit else { return false }
            content += bytes
            return true
        }
        if !isWithin { throw self.tooLarge }
    }

    private var tooLarge: ArtifactError {
        ArtifactError(.tooLarge, "\(self.name) is larger than \(self.limit) bytes")
    }
}

/// Writes what is downloaded into a file of another name, which gets its own name at the end.
final class FileSink: DownloadSink {
    private let target: String
    private let file: LocalFile

    /// Makes the file, for its owner alone.
    init(_ target: String) async throws {
        self.target = target
        let suffix = String(UInt64.random(in: .min ... .max), radix: 16)
        self.file = try await ArtifactError.telling("A file of the worker could not be written") {
            try LocalFile.open("\(target).\(suffix).part", .creating)
        }
    }

    func begin(sizeBytes: Int64?) async throws {
        let file = self.file
        try await ArtifactError.telling("A file of the worker could not be written") { try file.truncate(to: 0) }
    }

    func append(_ bytes: [UInt8]) async throws {
        let file = self.file
        try await ArtifactError.telling("A file of the worker could not be written") { try file.append(bytes) }
    }

    /// Gives the file its name; what had it is gone.
    func finish() async throws {
        let (file, target) = (self.file, self.target)
        try await ArtifactError.telling("A file of the worker could not be written") {
            try LocalFile.rename(file.path, to: target)
        }
    }

    /// Leaves nothing behind, whatever becomes of the task.
    func discard() async {
        let file = self.file
        // A shield: the file is removed although the task may have been cancelled.
        await Task {
            try? await ArtifactError.telling("A file of the worker could not be written") {
                try LocalFile.remove(file.path)
            }
        }.value
    }
}
