// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension Migration {
    /// Blobs that are objects of another store: which generation has the content, and which are to be removed.
    static let blobObjects = Migration(
        version: 7,
        sql: """
            ALTER TABLE blob ADD COLUMN generation uuid;

            CREATE TABLE condemned_blob (
                hash bytea NOT NULL CHECK (length(hash) = 32),
                generation uuid NOT NULL,
                size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
                PRIMARY KEY (hash, generation)
            );
            """
    )
}
