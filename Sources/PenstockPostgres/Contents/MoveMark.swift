// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockStore

/// The table that a database has while rows are being moved into it, and that keeps servers out: what they are of, and the
/// last one that is there.
enum MoveMark {
    static func isThere(on session: PostgresSession) throws -> Bool {
        try session.rows("SELECT to_regclass('penstock_move') IS NOT NULL", []) { try $0.bool() }.first == true
    }

    static func put(_ origin: ContentsOrigin, on session: PostgresSession) throws {
        try session.run(
            """
            CREATE TABLE penstock_move (
                id bigint PRIMARY KEY CHECK (id = 1),
                source text COLLATE "C" NOT NULL,
                place bytea
            )
            """
        )
        _ = try session.change("INSERT INTO penstock_move (id, source) VALUES (1, $1)", [origin.description])
    }

    /// What the rows are of, and the last one.
    static func read(on session: PostgresSession) throws -> (origin: ContentsOrigin, last: ContentsPlace?) {
        let found = try session.rows("SELECT source, place FROM penstock_move WHERE id = 1", []) { row in
            (
                origin: ContentsOrigin(try row.text()),
                last: try row.bytesIfPresent().map { try ContentsPlace(decoding: $0) }
            )
        }
        guard let mark = found.first else { throw StoreError(.corrupt, "the mark of a move has lost its row") }
        return mark
    }

    static func note(_ place: ContentsPlace, on session: PostgresSession) throws {
        _ = try session.change("UPDATE penstock_move SET place = $1 WHERE id = 1", [place.encoded()])
    }

    static func remove(on session: PostgresSession) throws { try session.run("DROP TABLE penstock_move") }
}
