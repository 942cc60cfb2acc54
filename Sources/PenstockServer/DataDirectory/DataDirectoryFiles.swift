// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts

/// What lies where in a data directory, whether a server runs on it or not.
///
/// ```text
/// lock                 held while a server runs
/// master-key           what every other key is derived from; backups leave it out
/// credentials          the administrator's key, in the form of AWS's shared credentials file
/// endpoint             where the running server listens
/// penstock.sqlite…     the database
/// moved                where the rows of the database are by now, if they were moved elsewhere
/// artifacts/           the content of objects
/// ```
package struct DataDirectoryFiles: Sendable, Hashable {
    package let path: String

    package init(_ path: String) { self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path }

    package var lock: String { self.path + "/lock" }
    package var masterKey: String { self.path + "/master-key" }
    package var credentials: String { self.path + "/credentials" }
    package var endpoint: String { self.path + "/endpoint" }
    package var database: String { self.path + "/penstock.sqlite" }
    package var moved: String { self.path + "/moved" }
    package var artifacts: String { self.path + "/artifacts" }

    /// Those that nobody but the owner may read.
    package var secrets: [String] { [self.masterKey, self.credentials, self.database, self.database + "-wal"] }

    /// Whether an embedded server has worked here before.
    ///
    /// - Throws: `FileError` when that cannot be seen.
    package func hasDatabase() throws -> Bool { try FileCalls.status(self.database) != nil }

    /// Whether a server is working on the directory now.
    ///
    /// - Throws: `FileError` when that cannot be seen.
    package func isInUse() throws -> Bool { try DirectoryLock.isTaken(self.lock) }
}
