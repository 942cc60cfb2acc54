// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Directories that are there for as long as something runs.
package enum ScratchDirectory {
    /// Makes a directory for its owner alone, and removes it with all that is in it when the body has ended, however it
    /// ended.
    ///
    /// - Parameter prefix: What the directory's name begins with; it lies where the system keeps temporary files.
    /// - Throws: What the body throws, or else why the directory could not be made or removed.
    package static func use<Result: Sendable>(
        prefix: String = "penstock",
        _ body: (String) async throws -> Result
    ) async throws -> Result {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("\(prefix)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let result: Result
        do {
            result = try await body(directory.path)
        } catch {
            try? FileManager.default.removeItem(at: directory)
            throw error
        }
        try FileManager.default.removeItem(at: directory)
        return result
    }
}
