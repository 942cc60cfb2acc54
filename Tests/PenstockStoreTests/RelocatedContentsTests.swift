// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockStore
import Testing

/// Rows by their tables, ascending as they are given.
private struct RowsInMemory: ContentsReader {
    var schemaVersion = 7
    var isUnfinished = false
    var rows: [String: [ContentsRow]]

    func read(
        _ table: ContentsTable,
        after key: [ContentsValue]?,
        unreadable: (StoreError) throws -> Void,
        _ body: (ContentsRow) throws -> Void
    ) throws {
        var isPast = key == nil
        for row in self.rows[table.name] ?? [] {
            if isPast { try body(row) } else { isPast = row.key(of: table) == key }
        }
    }

    func selfCheck() throws -> [String] { ["damaged"] }
}

private let own = ContentsValue.text(StoreSetting.artifactsInForeignStore)
private let identity = unique(77)

private func unique(_ number: UInt64) -> UniqueID { UniqueID(high: 1, low: number) }

private func setting(_ name: ContentsValue, _ value: String = "v") -> ContentsRow {
    ContentsRow([name, .bytes(Array(value.utf8))])
}

private func blob(_ hash: UInt8, references: Int64, generation: UniqueID?) -> ContentsRow {
    ContentsRow([
        .bytes([hash]), .integer(5), .integer(references), .integer(9),
        generation.map { .bytes($0.contents) } ?? .null,
    ])
}

private func rows(
    _ contents: some ContentsReader, _ table: String, after key: ContentsValue? = nil
) throws -> [ContentsRow] {
    let table = try #require(contents.tables.first { $0.name == table })
    var found: [ContentsRow] = []
    try contents.read(table, after: key.map { [$0] }) { found.append($0) }
    return found
}

@Suite struct `Relocated contents` {
    @Test func `Content that goes into another store has the generation of the move, and what nothing names stays`()
        throws
    {
        let source = RowsInMemory(rows: [
            "blob": [
                blob(1, references: 1, generation: nil), blob(2, references: 0, generation: nil),
                blob(3, references: 7, generation: unique(3)),
            ],
            "condemned_blob": [ContentsRow([.bytes([9]), .bytes(unique(9).contents), .integer(3)])],
            "upload": [ContentsRow([.text("kept")])],
        ])
        let moved = RelocatedContents(source, to: .objects(identity: identity))
        #expect(
            try rows(moved, "blob") == [
                blob(1, references: 1, generation: identity), blob(3, references: 7, generation: identity),
            ])
        #expect(try rows(moved, "blob", after: .bytes([1])) == [blob(3, references: 7, generation: identity)])
        #expect(try rows(moved, "condemned_blob").isEmpty)
        #expect(try rows(moved, "upload") == [ContentsRow([.text("kept")])])
        #expect(try moved.foreignIdentity() == identity.description)
        #expect(moved.schemaVersion == 7 && !moved.isUnfinished)
        #expect(try moved.selfCheck() == ["damaged"])
    }

    @Test func `Content that goes into files has no generation, and no setting names another store`() throws {
        let source = RowsInMemory(rows: [
            "blob": [blob(1, references: 1, generation: unique(3)), blob(2, references: 0, generation: unique(4))],
            "condemned_blob": [ContentsRow([.bytes([9]), .bytes(unique(9).contents), .integer(3)])],
            "setting": [setting(.text("a")), setting(own, unique(3).description), setting(.text("b"))],
        ])
        #expect(try source.foreignIdentity() == unique(3).description)
        let moved = RelocatedContents(source, to: .files)
        #expect(try rows(moved, "blob") == [blob(1, references: 1, generation: nil)])
        #expect(try rows(moved, "condemned_blob").isEmpty)
        #expect(try rows(moved, "setting") == [setting(.text("a")), setting(.text("b"))])
        #expect(try moved.foreignIdentity() == nil)
    }

    @Test func `Rows of a schema without generations stay as they are on their way to files`() throws {
        let old = ContentsRow([.bytes([1]), .integer(5), .integer(1), .integer(9)])
        let source = RowsInMemory(schemaVersion: 6, rows: ["blob": [old]])
        #expect(try rows(RelocatedContents(source, to: .files), "blob") == [old])
    }

    @Test(arguments: [["a", "z"], ["a"], ["z"], [], ["a", "artifacts-in-foreign-store", "z"], ["artifacts-é", "é"]])
    func `The setting that names the other store stands in its order, and is resumed after`(_ names: [String]) throws {
        let source = RowsInMemory(rows: ["setting": names.map { setting(.text($0)) }])
        let moved = RelocatedContents(source, to: .objects(identity: identity))
        let found = try rows(moved, "setting")
        let wanted = Set(names).union([StoreSetting.artifactsInForeignStore])
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        #expect(found.map { $0.values[0] } == wanted.map { .text($0) })
        #expect(found.filter { $0.values[0] == own } == [setting(own, identity.description)])
        for (index, row) in found.enumerated() {
            #expect(try rows(moved, "setting", after: row.values[0]) == Array(found[(index + 1)...]))
        }
    }
}

@Suite struct `Origins of contents` {
    private static let place = "s3://bucket/a to b/ at https://store.example"

    static let all = [
        ContentsOrigin(source: "store 0123"),
        ContentsOrigin(source: "store 0123", content: .files),
        ContentsOrigin(source: "store 0123", content: .objects(place: place, identity: identity)),
    ]

    @Test(arguments: Self.all) func `An origin is read as it was written`(_ origin: ContentsOrigin) {
        #expect(ContentsOrigin(origin.description) == origin)
    }

    @Test func `A move goes on with the identity that its first attempt had`() throws {
        let again = ContentsOrigin(source: "store 0123", content: .objects(place: Self.place, identity: unique(5)))
        #expect(try again.resuming(Self.all[2]) == Self.all[2])
        #expect(try Self.all[1].resuming(Self.all[1]) == Self.all[1])
        #expect(try Self.all[0].resuming(Self.all[0]) == Self.all[0])
    }

    @Test func `A move of other rows, or of content to somewhere else, is not gone on with`() {
        let others =
            Self.all + [
                ContentsOrigin(source: "store 4567"),
                ContentsOrigin(source: "store 0123", content: .objects(place: "s3://other", identity: identity)),
            ]
        for (number, origin) in Self.all.enumerated() {
            for (index, other) in others.enumerated() where index != number {
                #expect(throws: StoreError.self) { try origin.resuming(other) }
            }
        }
    }
}
