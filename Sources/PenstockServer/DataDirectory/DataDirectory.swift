// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts

/// The directory in which an embedded server keeps everything, and which one server at a time may use.
///
/// ```text
/// lock                 held while a server runs
/// master-key           what every other key is derived from; backups leave it out
/// credentials          the administrator's key, in the form of AWS's shared credentials file
/// endpoint             where the running server listens
/// penstock.sqlite…     the database
/// artifacts/           the content of objects
/// ```
package struct DataDirectory: Sendable {
    package let path: String
    private let lock: DirectoryLock

    /// Whether a server is working on the directory now.
    ///
    /// - Throws: `FileError` when that cannot be seen.
    package static func isInUse(_ path: String) throws -> Bool { try DirectoryLock.isTaken(Self.lockFile(in: path)) }

    private static func lockFile(in path: String) -> String { path + "/lock" }

    package static func credentialsFile(in path: String) -> String { path + "/credentials" }
    package static func endpointFile(in path: String) -> String { path + "/endpoint" }

    package var masterKeyFile: String { self.path + "/master-key" }
    package var credentialsFile: String { Self.credentialsFile(in: self.path) }
    package var endpointFile: String { Self.endpointFile(in: self.path) }
    package var database: String { self.path + "/penstock.sqlite" }
    package var artifacts: String { self.path + "/artifacts" }

    /// Whether an embedded server has worked here before.
    ///
    /// - Throws: `FileError` when that cannot be seen.
    package func hasDatabase() throws -> Bool { try FileCalls.status(self.database) != nil }

    /// Makes the directory unless it is there, and locks it for as long as the value lives.
    ///
    /// A directory that holds something else is left alone: its permissions are about to be narrowed, and its files
    /// are not ours.
    ///
    /// - Parameter keepsPermissions: Leaves them as they are, for who is to look at them.
    /// - Throws: ``ServerError`` with code `.inUse` or `.unusable`.
    package init(_ path: String, keepsPermissions: Bool = false) throws {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        do {
            try Self.makeDirectories(self.path)
            let lockFile = Self.lockFile(in: self.path)
            if try FileCalls.status(lockFile) == nil {
                guard try FileCalls.names(in: self.path).allSatisfy({ $0 == "lost+found" }) else {
                    throw ServerError(.unusable, "\(path) has files that are not Penstock's. Name an empty directory.")
                }
            }
            self.lock = try DirectoryLock(lockFile)
            if !keepsPermissions { try FileCalls.setPermissions(self.path, 0o700) }
        } catch let error as DirectoryLock.Taken {
            let holder = error.holder.map { ", process \($0)," } ?? ""
            throw ServerError(.inUse, "Another Penstock server\(holder) is using \(path).")
        } catch let error as FileError {
            throw ServerError(.unusable, "The data directory cannot be used: \(error).")
        }
    }

    /// With the parents that are missing.
    private static func makeDirectories(_ path: String) throws(FileError) {
        for (index, character) in zip(path.indices, path) where character == "/" && index != path.startIndex {
            try self.makeDirectory(String(path[..<index]))
        }
        try self.makeDirectory(path)
    }

    private static func makeDirectory(_ path: String) throws(FileError) {
        guard try FileCalls.status(path) == nil else { return }
        try FileCalls.makeDirectory(path)
        try FileCalls.synchronizeDirectory(PrivateFile.parent(of: path))
    }
}
