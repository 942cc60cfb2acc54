// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

struct ModuleTests {
    private let graph: ModuleGraph

    init() throws {
        self.graph = ModuleGraph(page: try Repository.text("docs/architecture/README.md"))
        try #require(self.graph.modules.count > 20, "the page draws the graph")
    }

    @Test func `The page on architecture has every module, and no other`() throws {
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: Repository.root.appending(path: "Sources").path)
        #expect(self.graph.modules.sorted() == folders.filter { !$0.hasPrefix(".") }.sorted())
    }

    @Test func `A module names only modules that stand above it, so that there is no cycle`() {
        var above: Set<String> = []
        for (module, imports) in self.graph.named {
            #expect(above.isSuperset(of: imports), "\(module)")
            above.insert(module)
        }
    }

    @Test func `Modules import what the graph lets them, and nothing else of ours`() throws {
        let modules = Set(self.graph.modules)
        for module in self.graph.modules {
            let reach = self.graph.reach(of: module)
            for path in Repository.files(below: "Sources/\(module)/", ".swift") {
                for imported in try Self.imports(of: path) where modules.contains(imported) {
                    #expect(reach.contains(imported), "\(path) imports \(imported)")
                }
            }
        }
    }

    @Test func `An arrow of the graph is a dependency of the manifest`() throws {
        for (module, imports) in self.graph.named where !ModuleGraph.ofC.contains(module) {
            let declared = try Self.dependencies(of: module)
            for imported in imports {
                let isIndirect = imports.contains { $0 != imported && self.graph.reach(of: $0).contains(imported) }
                #expect(declared.contains(imported) || isIndirect, "\(module) ◀ \(imported)")
            }
        }
    }

    /// SwiftPM lets a target import whatever some other target has caused to be built. With `MemberImportVisibility` a
    /// file names every module whose members it uses; here every module that a file names is one that its target
    /// declares. Both together make the manifest complete.
    @Test func `What a module imports of others is declared for it`() throws {
        let ours = Set(self.graph.modules)
        for module in self.graph.modules where !ModuleGraph.ofC.contains(module) {
            let declared = try Self.dependencies(of: module).union(Self.toolchain)
            for path in Repository.files(below: "Sources/\(module)/", ".swift") {
                let undeclared = try Self.imports(of: path).filter { !ours.contains($0) && !declared.contains($0) }
                #expect(undeclared == [], "\(path)")
            }
        }
    }

    /// What stands in quotation marks in the target's part of the manifest: modules of ours, and products of others,
    /// which are all named as their modules; and the products for which a short name stands there.
    private static func dependencies(of module: String) throws -> Set<String> {
        let parts = try Repository.text("Package.swift").split(separator: "    targets: [\n", maxSplits: 1)
        let start = try #require(parts[1].range(of: "name: \"\(module)\""), "\(module)").upperBound
        let target = parts[1][start...].prefix { $0 != "]" }
        let words = Set(target.matches(of: /[ \[]\.(\w+)/).map(\.output.1))
        let short = parts[0].matches(of: /static let (\w+) = product\(name: "(\w+)"/)
            .filter { named in words.contains(named.output.1) }
        return Set(target.matches(of: /"([^"]+)"/).map { String($0.output.1) } + short.map { String($0.output.2) })
    }

    /// What comes with the compiler.
    private static let toolchain: Set<String> = [
        "Darwin", "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Musl", "Synchronization", "System",
    ]

    @Test func `The engine and what it stands on know no clock, no chance, no tasks and no input or output`() throws {
        let pure = ["PenstockModel", "PenstockEngine"]
        let banned = ["Foundation", "Dispatch", "Glibc", "Logging", "NIOCore", "Synchronization", "_Concurrency"]
        let words = ["ContinuousClock", "SystemRandomNumberGenerator", "Task {", "await ", "async "]
        for path in pure.flatMap({ Repository.sources("Sources/\($0)/") }) {
            #expect(try Self.imports(of: path).filter(banned.contains) == [], "\(path)")
            for line in try Repository.lines(path) where !line.text.drop(while: { $0 == " " }).hasPrefix("//") {
                for word in words { #expect(!line.text.contains(word), "\(path):\(line.number)") }
            }
        }
    }

    @Test func `SQL is written in the store modules alone`() throws {
        let statements = ["SELECT ", "INSERT INTO", "DELETE FROM", "CREATE TABLE", "PRAGMA "]
        for path in Repository.sources("Sources/")
        where !path.hasPrefix("Sources/PenstockSQLite/") && !path.hasPrefix("Sources/PenstockPostgres/") {
            let text = try Repository.text(path)
            #expect(statements.filter(text.contains) == [], "\(path)")
        }
    }

    /// The modules that a file imports, whatever stands before `import`.
    private static func imports(of path: String) throws -> [String] {
        try Repository.lines(path).compactMap { line in
            let words = line.text.split(separator: " ")
            guard let place = words.firstIndex(of: "import"),
                words[..<place].allSatisfy({ Self.beforeImport.contains(String($0)) }),
                let name = words[(place + 1)...].first(where: { !Self.kinds.contains(String($0)) })
            else { return nil }
            return String(name.prefix { $0 != "." })
        }
    }

    /// What may stand between `import` and the one declaration that is imported.
    private static let kinds: Set<String> = ["class", "enum", "func", "let", "protocol", "struct", "typealias", "var"]

    private static let beforeImport: Set<String> = [
        "public", "package", "internal", "fileprivate", "private", "@testable", "@preconcurrency", "@_exported",
    ]
}
