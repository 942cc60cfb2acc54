// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Which module may import which, as `docs/architecture/README.md` draws it.
struct ModuleGraph {
    /// What each module names behind its ◀, in the order of the page.
    private(set) var named: [(module: String, imports: [String])] = []

    /// Reads the lines of the form `PenstockHTTP/   ◀ Access   what it is for`; a line without ◀ imports nothing.
    init(page: String) {
        var isInGraph = false
        for line in page.split(separator: "\n") {
            if line == "Sources/" { isInGraph = true; continue }
            guard isInGraph else { continue }
            guard line.hasPrefix("  ") else { break }
            let columns = line.split(separator: "  ").map { $0.drop { $0 == " " } }.filter { !$0.isEmpty }
            guard let folder = columns.first, folder.hasSuffix("/") else { continue }
            let arrow = columns.dropFirst().first { $0.hasPrefix("◀ ") }
            let imports = arrow.map { $0.dropFirst(2).split(separator: ", ").map { Self.fullName(String($0)) } } ?? []
            self.named.append((String(folder.dropLast()), imports))
        }
    }

    /// Modules of C: they have no imports in Swift to be read, and names without `Penstock`.
    static let ofC: Set<String> = ["CLibPQ", "CSQLiteSettings"]

    /// The pages leave `Penstock` out behind the arrow.
    private static func fullName(_ name: String) -> String { self.ofC.contains(name) ? name : "Penstock" + name }

    var modules: [String] { self.named.map(\.module) }

    /// What a module may import: what it names, and what those may import. A module that is named too early has none.
    func reach(of module: String) -> Set<String> {
        var reach: [String: Set<String>] = [:]
        for (name, imports) in self.named {
            reach[name] = imports.reduce(into: []) { $0.formUnion((reach[$1] ?? []).union([$1])) }
            if name == module { break }
        }
        return reach[module] ?? []
    }
}
