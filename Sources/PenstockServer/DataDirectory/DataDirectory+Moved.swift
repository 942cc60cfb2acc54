// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts

/// What a directory says of rows that were moved elsewhere: `penstock.sqlite` is still there, and is out of date from then
/// on.
extension DataDirectory {
    private static func movedFile(in path: String) -> String { path + "/moved" }

    /// Notes that the rows of the directory's own database are somewhere else by now.
    ///
    /// - Parameter target: What people call the place.
    package static func noteMove(of path: String, to target: String) throws {
        try PrivateFile.write("The rows were moved to \(target).\n", to: Self.movedFile(in: path))
    }

    /// Notes that the rows of the directory's own database have come into it.
    package static func noteArrival(in path: String) throws { try FileCalls.remove(Self.movedFile(in: path)) }

    /// What to tell who works with the directory's own database, when that is out of date.
    package static func moveNotice(in path: String) throws -> String? {
        guard let note = try PrivateFile.read(Self.movedFile(in: path)) else { return nil }
        return """
            \(path) has rows that are out of date. \(note.split(separator: "\n").first ?? "") Name that place with \
            --database or --data-dir. To work with the old rows again, remove \(Self.movedFile(in: path)).
            """
    }

    /// - Throws: ``ServerError`` with code `.configuration` when the directory's own database is out of date.
    package static func requireOwnRows(in path: String) throws {
        if let notice = try Self.moveNotice(in: path) { throw ServerError(.configuration, notice) }
    }
}
