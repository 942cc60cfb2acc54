// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts

/// The directory in which an embedded server keeps everything, and which one server at a time may use.
package struct DataDirectory: Sendable {
    package let files: DataDirectoryFiles
    private let lock: DirectoryLock

    /// Makes the directory unless it is there, and locks it for as long as the value lives.
    ///
    /// A directory that holds something else is left alone: its permissions are about to be narrowed, and its files
    /// are not ours.
    ///
    /// - Parameter keepsPermissions: Leaves them as they are, for who is to look at them.
    /// - Throws: ``ServerError`` with code `.inUse` or `.unusable`.
    package init(_ path: String, keepsPermissions: Bool = false) throws {
        self.files = DataDirectoryFiles(path)
        do {
            try Self.makeDirectories(self.files.path)
            if try FileCalls.status(self.files.lock) == nil {
                guard try FileCalls.names(in: self.files.path).allSatisfy({ $0 == "lost+found" }) else {
                    throw ServerError(.unusable, "\(path) has files that are not Penstock's. Name an empty directory.")
                }
            }
            self.lock = try DirectoryLock(self.files.lock)
            if !keepsPermissions { try FileCalls.setPermissions(self.files.path, 0o700) }
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
