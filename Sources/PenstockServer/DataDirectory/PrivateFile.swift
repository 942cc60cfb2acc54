// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts

/// Small files that their owner alone can read.
package enum PrivateFile {
    /// No file of the data directory that is read whole is longer.
    package static let maximumSizeBytes = 64 * 1024

    /// Puts the text in the file's place; it is there whole, or what was there before is, whatever happens.
    ///
    /// One process at a time may write a path; the data directory's lock sees to that.
    package static func write(_ text: String, to path: String) throws {
        let draft = path + ".new"
        try FileCalls.remove(draft)
        let file = try OpenFile.creating(draft)
        try Array(text.utf8).withUnsafeBytes { try file.write($0) }
        try file.synchronize()
        try FileCalls.rename(draft, to: path)
        try FileCalls.synchronizeDirectory(self.parent(of: path))
    }

    /// The text; `nil` when there is no such file. What exceeds the limit is left out.
    package static func read(_ path: String) throws -> String? {
        guard let file = try self.open(path) else { return nil }
        var bytes = [UInt8](repeating: 0, count: self.maximumSizeBytes)
        let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    private static func open(_ path: String) throws(FileError) -> OpenFile? {
        do throws(FileError) {
            return try OpenFile.reading(path)
        } catch  where error.isNotFound {
            return nil
        }
    }

    /// Where a change of the name is to be synced.
    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
