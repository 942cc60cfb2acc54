// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Logging
import NIOPosix
import PenstockAPI
import PenstockAccess
import PenstockArtifacts
import PenstockCommands
import PenstockModel
import PenstockRunners
import PenstockRuntime
import PenstockStore
import PenstockWire
import Testing

/// What the README and the pages for operators say there is, against what there is.
struct ReferenceTests {
    private static let works = "works"
    private static let later = "not yet"

    @Test func `The README tells of every operation whether it works`() throws {
        let table = try Self.table(headed: "| operation |")
        let key = try #require(MasterKey(bytes: Array(repeating: 1, count: MasterKey.byteCount)))
        let context = RuntimeContext(
            store: MemoryStore(), clock: ManualServiceClock(), pollClock: ContinuousClock(), masterKey: key,
            logger: Logger(label: "test"))
        let handlers = CodePipelineOperations(context: context).handlers
        #expect(Set(handlers.map(\.name)) == Set(Operations.allNames))
        let states = Dictionary(
            uniqueKeysWithValues: handlers.map { ($0.name, $0.isAvailable ? Self.works : Self.later) })
        #expect(table == states)
    }

    @Test func `The README tells of every provider whether its actions are carried out`() async throws {
        let table = try Self.table(headed: "| provider |")
        let runnable = try await Self.runnableTypes()
        let states = BuiltInActionTypes.definitions.keys.map { id in
            let isCarriedOut = runnable.contains(id) || id == .manualApproval
            return ("\(id.category.rawValue) / \(id.provider)", isCarriedOut ? Self.works : Self.later)
        }
        #expect(table == Dictionary(uniqueKeysWithValues: states))
    }

    @Test func `Every command is told on the page for operators`() throws {
        let page = try Repository.text("docs/operating/commands.md")
        for command in Self.leaves(PenstockCommand.self, path: "penstock") {
            #expect(page.contains("`\(command)`"), "\(command)")
        }
    }

    @Test func `Every option of the server is told on the page for operators`() throws {
        let options = try Self.options(of: "serve")
        let page = try Repository.text("docs/operating/running.md")
        #expect(options.count > 10)
        #expect(options.filter { !page.contains("`\($0)`") } == [])
    }

    @Test func `Every option of what looks after a store is told on the page for operators`() throws {
        let page = try Repository.text("docs/operating/backup.md")
        for name in ["backup", "restore", "migrate-store", "doctor"] {
            let options = try Self.options(of: name)
            #expect(options.count > 1)
            #expect(options.filter { !page.contains($0) } == [], "\(name)")
        }
    }

    /// Those of the command's own.
    private static func options(of name: String) throws -> Set<String> {
        let help = PenstockCommand.helpMessage(for: try Self.command(name), columns: 200)
        let options = help.matches(of: /\s(--[a-z][a-z-]+)/).map { String($0.output.1) }
        return Set(options).subtracting(["--help", "--version"])
    }

    @Test func `The README's worker comes with a manifest that brings what it imports, as ours does`() throws {
        let readme = try Repository.text("README.md")
        let found = try #require(readme.firstMatch(of: /<!-- manifest of the worker -->\n```swift\n([^`]+)```/))
        let block = found.output.1
        let products = Set(block.matches(of: /\.product\(name: "(\w+)"/).map { String($0.output.1) })
        let worker = try Repository.text("Tests/Ship/main.swift")
        let imported = Set(worker.matches(of: /import (\w+)/).map { String($0.output.1) })
        #expect(products == imported)
        let ours = try Repository.text("Package.swift")
        #expect(ours.hasPrefix(block.prefix { !$0.isNewline }))
        for line in block.split(separator: "\n") where line.contains(".package(url:") || line.contains("platforms:") {
            #expect(ours.contains(line.trimmingCharacters(in: .whitespaces)), "\(line)")
        }
    }

    @Test func `The README's worker is the program that is built and run here, to the byte`() throws {
        let readme = try Repository.text("README.md")
        let found = try #require(readme.firstMatch(of: /<!-- from: Tests\/Ship\/main.swift -->\n```swift\n([^`]+)```/))
        // Behind the two lines of the licence and an empty one.
        let program = try Repository.lines("Tests/Ship/main.swift").dropFirst(3).map(\.text)
        #expect(program.joined(separator: "\n") == found.output.1)
    }

    // MARK: Reading

    /// The rows below the heading: what stands in code in the first column, and the first words of the last one.
    private static func table(headed heading: String) throws -> [String: String] {
        var rows: [String: String] = [:]
        let lines = try Repository.lines("README.md").map(\.text)
        for line in lines.drop(while: { !$0.hasPrefix(heading) }).dropFirst(2).prefix(while: { $0.hasPrefix("|") }) {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            let state = try #require([Self.works, Self.later].first { cells.last?.hasPrefix($0) == true }, "\(line)")
            for match in cells[0].matches(of: /`([^`]+)`/) {
                #expect(rows.updateValue(state, forKey: String(match.output.1)) == nil, "\(match.output.1) twice")
            }
        }
        return rows
    }

    /// What a server's runners carry out.
    private static func runnableTypes() async throws -> Set<PenstockModel.ActionTypeID> {
        let directory = FileManager.default.temporaryDirectory.path + "/penstock-repository-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let blobs = try await BlobStore(directory: directory, threads: .singleton)
        let artifacts = ArtifactStore(
            index: MemoryStore(), blobs: blobs, now: { Timestamp(millisecondsSinceEpoch: 0) },
            newID: { UniqueID(high: 0, low: 1) })
        return Set(ServiceRunners.all(artifacts: artifacts).flatMap(\.types))
    }

    private static func command(_ name: String) throws -> any ParsableCommand.Type {
        try #require(PenstockCommand.configuration.subcommands.first { $0.configuration.commandName == name })
    }

    /// The commands that do something, with the words that name them.
    private static func leaves(_ command: any ParsableCommand.Type, path: String) -> [String] {
        let subcommands = command.configuration.subcommands
        guard !subcommands.isEmpty else { return [path] }
        return subcommands.flatMap { self.leaves($0, path: "\(path) \($0._commandName)") }
    }
}
