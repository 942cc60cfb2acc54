// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockAccess
import PenstockServer
import PenstockTesting
import Testing

struct DataDirectoryTests {
    @Test func `A new directory is its owner's alone, with its parents made`() async throws {
        try await TemporaryDirectory.use { parent in
            let path = parent + "/some/where"
            _ = try DataDirectory(path)
            #expect(try mode(path) == 0o700)
        }
    }

    @Test func `A directory that others could read is narrowed`() async throws {
        try await TemporaryDirectory.use { path in
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
            _ = try DataDirectory(path)
            #expect(try mode(path) == 0o700)
        }
    }

    @Test func `A directory with somebody else's files is left alone`() async throws {
        try await TemporaryDirectory.use { path in
            try "mine".write(toFile: path + "/notes", atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
            #expect(throws: ServerError.self) { try DataDirectory(path) }
            #expect(try mode(path) == 0o755)
        }
    }

    @Test func `A second server is refused, and told which process has the directory`() async throws {
        try await TemporaryDirectory.use { path in
            let first = try DataDirectory(path)
            let error = #expect(throws: ServerError.self) { try DataDirectory(path) }
            #expect(error?.code == .inUse)
            #expect(error?.message.contains("process \(ProcessInfo.processInfo.processIdentifier)") == true)
            withExtendedLifetime(first) {}
        }
    }

    @Test func `The directory is free again once its server is gone`() async throws {
        try await TemporaryDirectory.use { path in
            do { _ = try DataDirectory(path) }
            _ = try DataDirectory(path)
        }
    }

    @Test func `Whether a server has a directory is seen from outside, without getting into its way`() async throws {
        try await TemporaryDirectory.use { path in
            #expect(try !DataDirectoryFiles(path).isInUse())
            let server = try DataDirectory(path)
            #expect(try DataDirectoryFiles(path).isInUse())
            #expect(try DataDirectoryFiles(path).isInUse())
            withExtendedLifetime(server) {}
        }
        try await TemporaryDirectory.use { path in
            do { _ = try DataDirectory(path) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask { for _ in 0..<1000 { _ = try DataDirectoryFiles(path).isInUse() } }
                }
                for _ in 0..<100 { _ = try DataDirectory(path) }
                try await group.waitForAll()
            }
        }
    }

    @Test func `A file is replaced whole, whatever a crash left beside it`() async throws {
        try await TemporaryDirectory.use { directory in
            let path = directory + "/file"
            try "half of someth".write(toFile: path + ".new", atomically: false, encoding: .utf8)
            try PrivateFile.write("one", to: path)
            try PrivateFile.write("two", to: path)
            #expect(try PrivateFile.read(path) == "two")
            #expect(try mode(path) == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["file"])
        }
    }

    @Test(arguments: [
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    ])
    func `A master key is read with and without padding`(text: String) async throws {
        try await TemporaryDirectory.use { directory in
            try PrivateFile.write(text, to: directory + "/key")
            let key = try MasterKey.read(file: directory + "/key")
            #expect(key.checkValue == MasterKey(bytes: Array(0..<32))?.checkValue)
        }
    }

    @Test(arguments: ["", "AAECAwQFBgc=", "not a key at all, but long enough to be 1"])
    func `What is no master key is refused`(text: String) async throws {
        try await TemporaryDirectory.use { directory in
            try PrivateFile.write(text, to: directory + "/key")
            #expect(throws: ServerError.self) { try MasterKey.read(file: directory + "/key") }
        }
    }
}
