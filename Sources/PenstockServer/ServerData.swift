// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockAccess
import PenstockArtifacts
import PenstockForeign
import PenstockModel
import PenstockPostgres
import PenstockRuntime
import PenstockSQLite
import PenstockStore

/// Everything a server keeps, opened.
struct ServerData: Sendable {
    let directory: DataDirectory
    let masterKey: MasterKey
    let store: any Store
    let artifacts: ArtifactStore
    /// `nil` where workers get and put artifacts at this service's address.
    let staging: JobStaging?
    let clock: any ServiceClock
    /// The administrator's key; `nil` once it has been disabled.
    let administrator: SharedCredentials?

    /// Opens what is there, and makes what is missing in an order that a crash at any line leaves fit for the next
    /// start: the lock, the master key, the database, the administrator's key in it, and the file of that key.
    ///
    /// - Parameter clock: The service's, if it is not for the configuration to say.
    /// - Throws: ``ServerError`` where the operator can help, else what went wrong. Nothing stays open.
    static func open(
        _ configuration: ServerConfiguration, clock: (any ServiceClock)?, logger: Logger
    ) async throws -> Self {
        let foreign = try configuration.foreignArtifacts()
        let directory = try DataDirectory(configuration.dataDirectory)
        let masterKey =
            if let file = configuration.masterKeyFile { try MasterKey.read(file: file) } else {
                try MasterKey.ofDirectory(directory)
            }
        let store: any Store
        do {
            store = try await self.openStore(configuration, directory, logger)
        } catch {
            throw ServerError(opening: configuration.database, in: directory, failed: error) ?? error
        }
        do {
            let clock = try await ClockOpening(configuration: configuration, store: store).clock(given: clock)
            let administrator = try await Administrator(
                store: store, masterKey: masterKey, account: configuration.account
            )
            .prepare(at: clock.now)
            if let administrator, try await !Self.hasKey(of: store, in: directory.files.credentials) {
                try PrivateFile.write(administrator.fileText, to: directory.files.credentials)
            }
            let blobs = try await ArtifactPlace(store: store, directory: directory).open(foreign?.blobs)
            if let staging = foreign?.staging { try await ArtifactPlace.prepare(staging) }
            let artifacts = ArtifactStore(index: store, blobs: blobs, now: { clock.now }) {
                var generator = SystemRandomNumberGenerator()
                return UniqueID.random(using: &generator)
            }
            let staging = foreign?.staging.map { JobStaging(artifacts: artifacts, objects: $0) }
            return Self(
                directory: directory, masterKey: masterKey, store: store, artifacts: artifacts, staging: staging,
                clock: clock, administrator: administrator)
        } catch {
            await store.close()
            throw ServerError(opening: configuration.database, in: directory, failed: error) ?? error
        }
    }

    /// Whether the file has a key that the database knows; one of another database is of no use with this one.
    private static func hasKey(of store: any Store, in file: String) async throws -> Bool {
        guard let text = try PrivateFile.read(file) else { return false }
        let ids = SharedCredentials.accessKeyIDs(in: text)
        return try await store.read { reader in try ids.contains { try reader.accessKey($0) != nil } }
    }

    private static func openStore(
        _ configuration: ServerConfiguration, _ directory: DataDirectory, _ logger: Logger
    ) async throws -> any Store {
        switch configuration.database {
        case .embedded:
            let files = directory.files
            try files.requireOwnRows()
            // The files beside the database get the permissions of the database, which must not be everybody's.
            if try !files.hasDatabase() {
                try ArtifactMark(of: files.artifacts).requireNoOwner(before: files.database)
                _ = try OpenFile.creating(files.database)
            }
            return try SQLiteStore(path: files.database, logger: logger)
        case .shared(let connection):
            return try await PostgresStore(
                PostgresConfiguration(
                    connectionString: connection, maximumConnections: configuration.databaseConnections),
                logger: logger
            )
        }
    }
}
