// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation

/// Writes the Swift side of the service description: types, constraints, operations, exceptions, the client's methods,
/// and sample bodies for the tests.
@main
struct Wiregen: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wiregen",
        abstract: "Writes the Generated folders from the service description.")

    @Argument(help: "The service description.")
    var description = "../shared/spec/codepipeline-api.json"

    @Option(help: "The folder of the package.")
    var root = "."

    @Flag(help: "Write nothing; fail when the files are not what would be written.")
    var check = false

    func run() throws {
        guard let data = FileManager.default.contents(atPath: self.description) else {
            guard self.check else {
                throw ValidationError("There is no service description at \(self.description).")
            }
            print("There is no service description at \(self.description): nothing to compare with, skipped.")
            return
        }
        let service = try ServiceDescription(OrderedJSON.parse(Array(data)))
        let files = try SwiftWriter(service: service).files().merging(ClientWriter(service: service).files()) { $1 }
        let output = Output(files: files, root: URL(fileURLWithPath: self.root))
        if self.check {
            try self.compare(output)
        } else {
            try output.write()
            print("\(output.files.count) files written.")
        }
    }

    private func compare(_ output: Output) throws {
        let differences = try output.differences()
        for difference in differences {
            print(difference)
        }
        guard differences.isEmpty else {
            print("Generated files differ from the service description: run `swift run wiregen`.")
            throw ExitCode.failure
        }
        print("\(output.files.count) generated files are up to date.")
    }
}

/// The files of one run and the folders they fill, in which nothing else may be.
struct Output {
    static let folders = [
        "Sources/PenstockWire/Generated", ClientWriter.folder, "Tests/PenstockWireTests/Generated",
    ]

    let files: [String: String]
    let root: URL

    func write() throws {
        for folder in Self.folders {
            try? FileManager.default.removeItem(at: self.root.appendingPathComponent(folder))
        }
        for (path, text) in self.files.sorted(by: { $0.key < $1.key }) {
            let url = self.root.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
    }

    func differences() throws -> [String] {
        let existing = self.existingPaths()
        let missing = self.files.keys.filter { !existing.contains($0) }.map { "missing: \($0)" }
        let surplus = existing.filter { self.files[$0] == nil }.map { "surplus: \($0)" }
        let changed = try self.files.filter { path, text in
            try existing.contains(path)
                && Data(contentsOf: self.root.appendingPathComponent(path)) != Data(text.utf8)
        }.keys.map { "changed: \($0)" }
        return (missing + surplus + changed).sorted()
    }

    private func existingPaths() -> Set<String> {
        var paths: Set<String> = []
        for folder in Self.folders {
            let entries = FileManager.default.enumerator(atPath: self.root.appendingPathComponent(folder).path)
            while let entry = entries?.nextObject() as? String {
                if entry.hasSuffix(".swift") {
                    paths.insert("\(folder)/\(entry)")
                }
            }
        }
        return paths
    }
}
