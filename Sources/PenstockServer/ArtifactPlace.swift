// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import NIOPosix
import PenstockArtifacts
import PenstockForeign
import PenstockModel
import PenstockStore

/// Where the content of artifacts is, which the database remembers: the rows of the one place are no good in another.
struct ArtifactPlace: Sendable {
    private static let setting = StoreSetting.artifactsInForeignStore

    let store: any Store
    let directory: DataDirectory

    /// Opens the place, and takes it if this is the first time.
    ///
    /// - Parameter foreign: `nil` for the data directory.
    /// - Throws: ``ServerError`` when it is not the place that the database's content is in, or cannot be used.
    func open(_ foreign: ForeignBlobs?) async throws -> BlobStore {
        guard let foreign else {
            guard try await self.store.read({ try $0.setting(Self.setting) }) == nil else {
                throw ServerError(
                    .configuration,
                    "The artifacts of this database are in another store: name it with --artifacts.")
            }
            try await self.requireFiles()
            return try await BlobStore(directory: self.directory.files.artifacts, threads: .singleton)
        }
        let (identity, isNew) = try await self.identity(foreign)
        try await Self.explaining { () throws(ForeignPlaceProblem) in
            try await foreign.prepare(identity: identity, isNew: isNew)
        }
        return try await BlobStore(
            receivingIn: self.directory.files.artifacts, threads: .singleton, objects: foreign)
    }

    /// Refuses a directory that never had content where the database names some: it is not mounted, or it is another one,
    /// and what it took would be seen by no other server. Refuses one that has another database's content, too.
    private func requireFiles() async throws {
        let blobs = self.directory.files.artifacts + "/blobs"
        let hasBlobs = try await self.store.readArtifacts { try $0.hasBlobs() }
        guard try FileCalls.status(blobs) == nil, hasBlobs else {
            let identity = try await self.fileIdentity()
            return try ArtifactMark(of: self.directory.files.artifacts).require(identity, hasBlobs: hasBlobs)
        }
        throw ServerError(
            .unusable,
            """
            The database names content, and \(self.directory.files.artifacts) has none. Mount or link the directory that has it, \
            or restore it from a backup. To go on without, make \(blobs).
            """)
    }

    /// What the database is called in the directory that has its content, the same for all servers.
    private func fileIdentity() async throws -> String {
        let name = StoreSetting.artifactsInFiles
        if let known = try await self.store.read({ try $0.setting(name) }) {
            return String(decoding: known, as: UTF8.self)
        }
        let fresh = Self.newIdentity()
        let identity = try await self.store.write { transaction in
            // Another server may have done it at this moment.
            if try transaction.insertSetting(name, Array(fresh.utf8)) { return Array(fresh.utf8) }
            guard let known = try transaction.setting(name) else {
                throw StoreError(.corrupt, "the name of the artifacts' directory is missing")
            }
            return known
        }
        return String(decoding: identity, as: UTF8.self)
    }

    /// Makes sure that workers can be given credentials of the other store.
    ///
    /// - Throws: ``ServerError`` when its STS gives none.
    static func prepare(_ staging: ForeignStaging) async throws {
        try await self.explaining { () throws(ForeignPlaceProblem) in try await staging.prepare() }
    }

    private static func explaining(
        _ body: () async throws(ForeignPlaceProblem) -> Void
    ) async throws(ServerError) {
        do throws(ForeignPlaceProblem) {
            try await body()
        } catch {
            throw ServerError(error.kind == .configuration ? .configuration : .unusable, error.description)
        }
    }

    private static func newIdentity() -> String {
        var generator = SystemRandomNumberGenerator()
        return UniqueID.random(using: &generator).description
    }

    /// What the database is called in the other store, the same for all servers, and whether it has stored nothing yet.
    private func identity(_ foreign: ForeignBlobs) async throws -> (String, isNew: Bool) {
        let fresh = Self.newIdentity()
        let found = try await self.store.write { transaction -> (String, isNew: Bool)? in
            let hasBlobs = try transaction.hasBlobs()
            if let known = try transaction.setting(Self.setting) {
                return (String(decoding: known, as: UTF8.self), !hasBlobs)
            }
            if hasBlobs { return nil }
            guard try transaction.insertSetting(Self.setting, Array(fresh.utf8)) else {
                // Another server has done it at this moment.
                guard let known = try transaction.setting(Self.setting) else {
                    throw StoreError(.corrupt, "the name of the artifacts' place is missing")
                }
                return (String(decoding: known, as: UTF8.self), true)
            }
            return (fresh, true)
        }
        guard let found else {
            throw ServerError(
                .configuration,
                """
                The artifacts of this database are files in \(self.directory.files.artifacts). Leave --artifacts out, or move \
                them with the rows into another database: penstock migrate-store --to-artifacts.
                """)
        }
        return found
    }
}
