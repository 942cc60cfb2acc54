// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// The contents of a database as they are once the content of artifacts has gone to another kind of place, or another
/// place of the same kind.
///
/// Rows of content get the generation that it has there, the setting says whose place it is, and names that are condemned
/// are left out, for they are of the old place. So are rows of content that nothing names, which is not taken along.
package struct RelocatedContents: ContentsReader {
    package enum Place: Sendable, Hashable {
        case files
        /// Under the identity of the database there, which is the generation of all content as well.
        case objects(identity: UniqueID)
    }

    /// The version of the schema that can say that content is in another store.
    package static let leastSchemaOfObjects = 7

    private let source: any ContentsReader
    private let place: Place

    /// - Parameter source: For a place in another store of schema ``leastSchemaOfObjects`` or a later one.
    package init(_ source: any ContentsReader, to place: Place) {
        precondition(
            place == .files || source.schemaVersion >= Self.leastSchemaOfObjects,
            "older schemas know of no other store")
        self.source = source
        self.place = place
    }

    package var schemaVersion: Int { self.source.schemaVersion }
    package var isUnfinished: Bool { self.source.isUnfinished }
    package func selfCheck() throws -> [String] { try self.source.selfCheck() }

    package func read(
        _ table: ContentsTable,
        after key: [ContentsValue]?,
        unreadable: (StoreError) throws -> Void,
        _ body: (ContentsRow) throws -> Void
    ) throws {
        switch table.name {
        case "setting": try self.readSettings(table, after: key, unreadable, body)
        case "condemned_blob": break
        case "blob":
            try self.source.read(table, after: key, unreadable: unreadable) { row in
                if let row = try self.relocated(row, table) { try body(row) }
            }
        default: try self.source.read(table, after: key, unreadable: unreadable, body)
        }
    }

    /// `nil` for content that nothing names.
    private func relocated(_ row: ContentsRow, _ table: ContentsTable) throws -> ContentsRow? {
        guard try ContentsFields(row, of: table).integer("references") > 0 else { return nil }
        guard table.columns.contains(where: { $0.name == "generation" }) else { return row }
        var row = row
        switch self.place {
        case .files: row.values[table.index(of: "generation")] = .null
        case .objects(let identity): row.values[table.index(of: "generation")] = .bytes(identity.contents)
        }
        return row
    }

    /// The key after which rows are wanted may be that of the row that the source does not have, so all are read.
    private func readSettings(
        _ table: ContentsTable,
        after key: [ContentsValue]?,
        _ unreadable: (StoreError) throws -> Void,
        _ body: (ContentsRow) throws -> Void
    ) throws {
        let own = StoreSetting.artifactsInForeignStore
        var hasOwn = true
        var last: String?
        if case .text(let text) = key?.first { last = text }
        func hand(_ name: String, _ row: ContentsRow) throws {
            if last.map({ Self.precedes($0, name) }) ?? true { try body(row) }
        }
        func handOwn() throws {
            guard hasOwn, case .objects(let identity) = self.place else { return }
            hasOwn = false
            try hand(own, ContentsRow([.text(own), .bytes(Array(identity.description.utf8))]))
        }
        try self.source.read(table, after: nil, unreadable: unreadable) { row in
            let name = try ContentsFields(row, of: table).text("name")
            if !Self.precedes(name, own) { try handOwn() }
            if name != own { try hand(name, row) }
        }
        try handOwn()
    }

    /// The order of keys, which is that of their bytes.
    private static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}

/// Settings that more than one module knows.
package enum StoreSetting {
    /// Its value is what the database is called in the other store that has its content; there is none while that is in
    /// files.
    package static let artifactsInForeignStore = "artifacts-in-foreign-store"
    /// Its value is what the database is called in the directory that has its content, while that is in files.
    package static let artifactsInFiles = "artifacts-in-files"
}

extension ContentsReader {
    /// The value of a setting; `nil` when there is none of that name.
    package func setting(_ name: String) throws -> [UInt8]? {
        var found: [UInt8]?
        for table in self.tables where table.name == "setting" {
            try self.read(table) { row in
                let fields = ContentsFields(row, of: table)
                if try fields.text("name") == name { found = try fields.bytes("value") }
            }
        }
        return found
    }

    /// What the database is called in the other store that has its content; `nil` while that is in files.
    package func foreignIdentity() throws -> String? {
        try self.setting(StoreSetting.artifactsInForeignStore).map { String(decoding: $0, as: UTF8.self) }
    }

    /// What the database is called in the directory that has its content; `nil` where no server has used one yet.
    package func fileIdentity() throws -> String? {
        try self.setting(StoreSetting.artifactsInFiles).map { String(decoding: $0, as: UTF8.self) }
    }
}
