// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockModel

/// What a directory of artifacts says of whose content it has, as the place in another store does.
///
/// Servers remove content that their database does not know. With the database of another directory, or an empty one, that
/// would be all of it.
package struct ArtifactMark {
    package let directory: String

    package init(of directory: String) { self.directory = directory }

    private static let name = "penstock-artifacts"

    package var path: String { "\(self.directory)/\(Self.name)" }

    /// What the database is called whose content is here; `nil` where nothing says it.
    package func owner() throws -> String? {
        try PrivateFile.read(self.path).map { String($0.prefix { !$0.isNewline }) }
    }

    /// Says that the directory has the content of this database, unless it is said of another one.
    ///
    /// The name is durable once the directory is synced.
    ///
    /// - Returns: Whose content it has.
    func take(for identity: String) throws -> String {
        if let owner = try self.owner() { return owner }
        try FileCalls.makeDirectory(self.directory)
        var generator = SystemRandomNumberGenerator()
        let draft = "\(self.path).\(UniqueID.random(using: &generator))"
        let file = try OpenFile.creating(draft)
        defer { try? FileCalls.remove(draft) }
        try Array("\(identity)\n".utf8).withUnsafeBytes { try file.write($0) }
        try file.synchronize()
        try self.publish(draft)
        return try self.owner() ?? identity
    }

    /// Gives the draft the mark's name. Of servers that begin at once the first one's stays.
    private func publish(_ draft: String) throws(FileError) {
        do throws(FileError) {
            _ = try FileCalls.link(draft, as: self.path)
        } catch {
            guard error.isUnsupported else { throw error }
            try FileCalls.rename(draft, to: self.path)
        }
    }

    /// Whether there is any content, whoever's it is.
    package func hasContent() throws -> Bool {
        let blobs = "\(self.directory)/blobs"
        guard try FileCalls.status(blobs) != nil else { return false }
        return try FileCalls.names(in: blobs).contains { try Self.hasNames("\(blobs)/\($0)") }
    }

    private static func hasNames(_ folder: String) throws(FileError) -> Bool {
        do throws(FileError) {
            return try !FileCalls.names(in: folder).isEmpty
        } catch  where error.isNoDirectory {
            return false
        }
    }

    /// Refuses to begin with an empty database where content of another one is.
    ///
    /// - Parameter database: The file that would be made.
    /// - Throws: ``ServerError`` with code `.unusable`.
    func requireNoOwner(before database: String) throws {
        guard try self.owner() != nil || self.hasContent() else { return }
        throw ServerError(
            .unusable,
            """
            \(self.directory) has content, and \(database), the database that it would be of, is not there. Name the \
            database with --database, or restore a backup into another directory; to begin anew, take an empty one.
            """)
    }

    /// Refuses a directory that is said to have another database's content.
    ///
    /// - Parameter identity: What the database is called whose content is to be there.
    /// - Throws: ``ServerError`` with code `.unusable`.
    package func requireNoOther(than identity: String?) throws {
        if let owner = try self.owner(), owner != identity { throw self.isOfAnother(isMarked: true) }
    }

    /// Makes the directory this database's, if it can be.
    ///
    /// - Parameter hasBlobs: Whether the database names content. One that does may take what nobody has marked.
    /// - Throws: ``ServerError`` with code `.unusable` when the content is another database's.
    func require(_ identity: String, hasBlobs: Bool) throws {
        if try self.owner() == nil, !hasBlobs, try self.hasContent() { throw self.isOfAnother(isMarked: false) }
        guard try self.take(for: identity) == identity else { throw self.isOfAnother(isMarked: true) }
    }

    private func isOfAnother(isMarked: Bool) -> ServerError {
        let reason = isMarked ? "\(self.path) names it" : "this one has stored nothing yet"
        return ServerError(
            .unusable,
            """
            \(self.directory) has the content of another database, which this one does not know and would remove: \
            \(reason). Name the database that it is of, or another directory.
            """)
    }
}
