// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
import PenstockAccess
import PenstockArtifacts
import PenstockForeign
import PenstockServer
import PenstockUpkeep

/// Which store a command is about: that of a data directory, or a database that servers share.
struct StoreOptions: ParsableArguments {
    @OptionGroup var dataDirectory: DataDirectoryOption

    @Option(help: ArgumentHelp("The PostgreSQL database that has the rows, postgres://…, instead of the directory."))
    var database: String?

    var directory: DataDirectoryFiles { DataDirectoryFiles(self.dataDirectory.path) }

    var store: StorePlace { self.database.map { .postgres($0) } ?? .sqlite(path: self.directory.database) }

    /// - Throws: ``ServerError`` when there is no store.
    func requireStore() throws { try self.directory.requireStore(self.store) }

    /// What to tell when the store is out of date.
    func moveNotice() throws -> String? {
        guard case .sqlite = self.store else { return nil }
        return try self.directory.moveNotice()
    }

    func validate() throws { try DatabaseOption.check(self.database, of: "--database") }
}

extension DataDirectoryFiles {
    var blobs: BlobDirectory { BlobDirectory(self.artifacts) }

    /// The store that an option names, or the files of the directory.
    func content(in place: String?, option: String = "--artifacts") throws -> ContentPlace {
        guard let place else { return .files(self.blobs) }
        return .objects(try ServerConfiguration.foreignBlobs(place, option: option))
    }

    func requireStore(_ store: StorePlace) throws {
        guard case .sqlite(let path) = store, try FileCalls.status(path) == nil else { return }
        throw ServerError(.unusable, "There is no database at \(path).")
    }

    /// The key that a file has, or else that of the directory; `nil` when there is neither.
    func masterKey(file: String?) throws -> MasterKey? {
        if let file { return try MasterKey.read(file: file) }
        guard try FileCalls.status(self.masterKey) != nil else { return nil }
        return try MasterKey.read(file: self.masterKey)
    }
}

extension Terminal {
    /// Runs a command that is no client of a service, and tells why it fails.
    static func explaining(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as ServerError {
            throw Self.fail(error)
        } catch let error as FileError {
            throw Self.fail(ServerError(.unusable, "\(error)."))
        }
    }
}
