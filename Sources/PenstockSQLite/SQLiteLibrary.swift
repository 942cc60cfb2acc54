// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import CSQLiteSettings

/// SQLite itself, of which a process has one for all its databases.
package enum SQLiteLibrary {
    private static let isSetUp: Void = { _ = penstock_sqlite_count_no_memory() }()

    /// Sets SQLite up as a server has it, if this is the first that the process does with it: it counts no memory, since
    /// nobody asks, and every allocation would take one lock of the process.
    ///
    /// What reads or moves whole contents runs without as well. Where another thread uses SQLite for the first time
    /// meanwhile, as tests may, SQLite keeps counting, or counts wrongly.
    package static func setUp() { self.isSetUp }
}
