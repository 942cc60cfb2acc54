// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockServer
import Testing

struct ScratchDirectoryTests {
    private struct Trouble: Error {}

    @Test func `The directory is its owner's alone, and is removed with all that is in it`() async throws {
        let path = try await ScratchDirectory.use(prefix: "scratch") { directory in
            #expect(directory.contains("/scratch-"))
            #expect(try mode(directory) == 0o700)
            try FileManager.default.createDirectory(atPath: directory + "/in", withIntermediateDirectories: false)
            try Data("x".utf8).write(to: URL(fileURLWithPath: directory + "/in/file"))
            return directory
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `The directory is removed after a failure too, which is what is thrown`() async throws {
        let path = PathRecord()
        await #expect(throws: Trouble.self) {
            try await ScratchDirectory.use { directory in
                path.value = directory
                throw Trouble()
            }
        }
        #expect(!FileManager.default.fileExists(atPath: try #require(path.value)))
    }

    private final class PathRecord {
        var value: String?
    }
}
