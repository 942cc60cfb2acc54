// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import GRDB
import PenstockStore

/// The table that a database has while rows are being moved into it, and that keeps servers out: what they are of, and the
/// last one that is there.
enum MoveMark {
    static func isThere(in database: Database) throws -> Bool {
        try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master WHERE name = 'unfinished_move'") != 0
    }

    static func put(_ origin: ContentsOrigin, in database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE unfinished_move (
                    only INTEGER PRIMARY KEY CHECK (only = 1),
                    source TEXT NOT NULL,
                    place BLOB
                ) STRICT
                """
        )
        try database.execute(
            sql: "INSERT INTO unfinished_move (only, source) VALUES (1, ?)", arguments: [origin.description])
    }

    /// What the rows are of, and the last one.
    static func read(in connection: SQLiteConnection) throws -> (origin: ContentsOrigin, last: ContentsPlace?) {
        var found: (origin: ContentsOrigin, last: ContentsPlace?)?
        try connection.each("SELECT source, place FROM unfinished_move", []) { row in
            found = (ContentsOrigin(row.text(0)), try row.optionalBlob(1).map { try ContentsPlace(decoding: $0) })
        }
        guard let found else { throw StoreError(.corrupt, "the mark of a move has lost its row") }
        return found
    }

    static func note(_ place: ContentsPlace, in connection: SQLiteConnection) throws {
        try connection.run("UPDATE unfinished_move SET place = ?1", [.blob(place.encoded())])
    }

    static func remove(from database: Database) throws {
        try database.execute(sql: "DROP TABLE unfinished_move")
    }
}
