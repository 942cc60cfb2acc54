// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension Migration {
    /// Who works on the database, and the format that all of them read: see ``FleetMember``.
    static let fleet = Migration(
        version: 6,
        sql: """
            CREATE TABLE penstock_format (
                id bigint PRIMARY KEY CHECK (id = 1),
                format bigint NOT NULL
            );
            INSERT INTO penstock_format VALUES (1, 2);
            CREATE TABLE penstock_server (
                id uuid PRIMARY KEY,
                name text NOT NULL,
                reads bigint NOT NULL,
                seen_at bigint NOT NULL
            );
            """
    )
}
