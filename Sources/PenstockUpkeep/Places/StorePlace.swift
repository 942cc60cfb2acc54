// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockPostgres
import PenstockSQLite
import PenstockServer
import PenstockStore

/// Where rows are.
package enum StorePlace: Sendable, Hashable {
    /// The file of an embedded server.
    case sqlite(path: String)
    /// A PostgreSQL database, by its connection string.
    case postgres(String)

    /// For people; a connection string may have a password in it.
    package var name: String {
        switch self {
        case .sqlite(let path): "the database \(path)"
        case .postgres: "the PostgreSQL database"
        }
    }

    /// Hands the body everything that is there at this moment.
    ///
    /// - Parameter keepsOut: No server may work with a shared database meanwhile. The caller keeps them from a file by the
    ///   lock of its directory.
    /// - Throws: ``ServerError`` when the place cannot be read; what the body throws.
    func read<Result>(keepsOut: Bool = false, _ body: (any ContentsReader) throws -> Result) throws -> Result {
        try self.explaining {
            switch self {
            case .sqlite(let path):
                try SQLiteContents.read(path: path, body)
            case .postgres(let connection):
                try PostgresContents.read(
                    PostgresConfiguration(connectionString: connection), keepsOut: keepsOut, body)
            }
        }
    }

    /// Opens the place for rows that are moved into it, and finds out how far an earlier attempt came.
    ///
    /// - Returns: How far it came; a file that this made is not one of an earlier attempt.
    /// - Throws: ``ServerError`` when the place is not empty, or that of another move.
    func begin(
        _ origin: ContentsOrigin, schema: Int
    ) throws -> (target: any ContentsTarget, progress: ContentsProgress) {
        try self.explaining {
            let target: any ContentsTarget
            var isMade = false
            switch self {
            case .sqlite(let path):
                isMade = try FileCalls.status(path) == nil
                if isMade { try Self.makeFile(path, origin, schema: schema) }
                target = try SQLiteContentsTarget(path: path)
            case .postgres(let connection):
                target = try PostgresContentsTarget(PostgresConfiguration(connectionString: connection))
            }
            var progress = try target.begin(origin, schema: schema)
            if isMade { progress.isResumed = false }
            return (target, progress)
        }
    }

    /// What an earlier attempt began to move into the place; `nil` when none did. Nothing is made or changed.
    func begun() throws -> ContentsOrigin? {
        try self.explaining {
            switch self {
            case .sqlite(let path):
                try FileCalls.status(path) == nil ? nil : try SQLiteContentsTarget(path: path).begun()
            case .postgres(let connection):
                try PostgresContentsTarget(PostgresConfiguration(connectionString: connection)).begun()
            }
        }
    }

    /// What a database is used for that rows are not being moved into.
    struct Use {
        /// What it is called in the other store that has its content; `nil` while that is in files.
        var foreignIdentity: String?
    }

    /// `nil` when the place is not there or empty, or rows are being moved into it. Nothing is made or changed.
    func use() throws -> Use? {
        if case .sqlite(let path) = self, try FileCalls.status(path) == nil { return nil }
        return try self.read { contents in
            guard contents.schemaVersion >= 1, !contents.isUnfinished else { return nil }
            return Use(foreignIdentity: try contents.foreignIdentity())
        }
    }

    /// Whether the content of the rows is in another store.
    ///
    /// - Throws: ``ServerError`` when they cannot be read.
    package func hasContentElsewhere() throws -> Bool {
        try self.read { contents in
            try contents.requireReadable(self)
            return try contents.foreignIdentity() != nil
        }
    }

    /// Under its name the file is never without the mark that keeps servers out. It is for its owner alone, and so is what
    /// SQLite puts beside it.
    private static func makeFile(_ path: String, _ origin: ContentsOrigin, schema: Int) throws {
        let draft = path + ".new"
        try FileCalls.remove(draft)
        _ = try OpenFile.creating(draft)
        _ = try SQLiteContentsTarget(path: draft).begin(origin, schema: schema)
        try FileCalls.rename(draft, to: path)
        try FileCalls.synchronizeDirectory(path.parentDirectory)
    }

    /// Opens the place to put right what it counts by itself.
    func repair() throws -> any ContentsRepair {
        try self.explaining {
            switch self {
            case .sqlite(let path): try SQLiteRepair(path: path)
            case .postgres(let connection):
                try PostgresRepair(PostgresConfiguration(connectionString: connection))
            }
        }
    }

    /// Says of which place something is the matter.
    func explaining<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as StoreError {
            var text = error.message
            if case .postgres(let connection) = self, !connection.isEmpty {
                // libpq quotes what it cannot read.
                text = text.replacing(connection, with: "****")
            }
            throw ServerError(.unusable, "\(self.name) cannot be used: \(text)".withCapital)
        }
    }
}

extension ContentsReader {
    /// - Throws: ``ServerError`` unless the schema is one that this program reads, and all of its rows are there.
    func requireReadable(_ place: StorePlace) throws {
        if self.isUnfinished {
            throw ServerError(
                .unusable, "\(place.name) cannot be used: \(StoreError.unfinishedMove.message)".withCapital)
        }
        let newest = Schema.newest
        guard self.schemaVersion <= newest else {
            throw ServerError(
                .unusable,
                "\(place.name) has schema \(self.schemaVersion), this program knows up to \(newest); use a newer one"
                    .withCapital)
        }
        guard self.schemaVersion >= 1 else {
            throw ServerError(.unusable, "\(place.name) has no tables of Penstock".withCapital)
        }
    }
}

/// What this program knows of schemas.
package enum Schema {
    /// The version of the newest one, which both databases count alike.
    package static let newest = SQLiteSchema.newestVersion
}

extension String {
    var withCapital: String { self.prefix(1).uppercased() + self.dropFirst() }

    /// Of a path without a slash at its end.
    var parentDirectory: String {
        guard let slash = self.lastIndex(of: "/") else { return "." }
        return slash == self.startIndex ? "/" : String(self[..<slash])
    }
}
