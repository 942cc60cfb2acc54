// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts

/// What a directory says of rows that were moved elsewhere: `penstock.sqlite` is still there, and is out of date from then
/// on.
extension DataDirectoryFiles {
    /// Notes that the rows of the directory's own database are somewhere else by now.
    ///
    /// - Parameter target: What people call the place.
    package func noteMove(to target: String) throws {
        try PrivateFile.write("The rows were moved to \(target).\n", to: self.moved)
    }

    /// Notes that the rows of the directory's own database have come into it.
    package func noteArrival() throws { try FileCalls.remove(self.moved) }

    /// What to tell who works with the directory's own database, when that is out of date.
    package func moveNotice() throws -> String? {
        guard let note = try PrivateFile.read(self.moved) else { return nil }
        return """
            \(self.path) has rows that are out of date. \(note.split(separator: "\n").first ?? "") Name that place with \
            --database or --data-dir. To work with the old rows again, remove \(self.moved).
            """
    }

    /// - Throws: ``ServerError`` with code `.configuration` when the directory's own database is out of date.
    package func requireOwnRows() throws {
        if let notice = try self.moveNotice() { throw ServerError(.configuration, notice) }
    }
}
