// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockStore

extension ServerError {
    /// `nil` unless what is kept is what the error is about.
    init?(opening database: ServerConfiguration.Database, in directory: DataDirectory, failed error: any Error) {
        switch (error, database) {
        case (let error as StoreError, .embedded):
            self.init(.unusable, "The database \(directory.files.database) cannot be used: \(error.message)")
        case (let error as StoreError, .shared(let connection)):
            // A connection string that cannot be read is quoted whole by libpq, and there may be a password in it.
            let text = connection.isEmpty ? error.message : error.message.replacing(connection, with: "****")
            self.init(.unusable, "The PostgreSQL database cannot be used: \(text)")
        case (let error as FileError, _):
            self.init(.unusable, "The data directory cannot be used: \(error).")
        case _:
            return nil
        }
    }
}
