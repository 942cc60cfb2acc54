// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The files of the repository that these tests are part of.
enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// What people write, as paths from the root, sorted. Builds, environments and what a server left are not looked at.
    static let files: [String] = Self.paths(below: "")

    /// The files below the folder whose names end as said.
    static func files(below folder: String = "", _ suffixes: String...) -> [String] {
        Self.files.filter { path in
            path.hasPrefix(folder) && suffixes.contains { path.hasSuffix($0) }
        }
    }

    static func text(_ path: String) throws -> String {
        try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
    }

    /// The lines with their numbers, counted from 1.
    static func lines(_ path: String) throws -> [(number: Int, text: Substring)] {
        try Self.text(path).split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            .map { ($0.offset + 1, $0.element) }
    }

    /// The Swift sources of a target that people write.
    static func sources(_ folder: String) -> [String] {
        Self.files(below: folder, ".swift").filter { !$0.contains("/Generated/") }
    }

    private static func paths(below folder: String) -> [String] {
        let url = folder.isEmpty ? Self.root : Self.root.appending(path: folder)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        return names.sorted().flatMap { name -> [String] in
            guard !name.hasPrefix(".") || Self.writtenDotFiles.contains(name), name != "__pycache__" else { return [] }
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: Self.root.appending(path: path).path, isDirectory: &isFolder)
            return isFolder.boolValue ? Self.paths(below: path) : [path]
        }
    }

    private static let writtenDotFiles: Set<String> = [".ci", ".gitignore", ".swift-format"]
}
