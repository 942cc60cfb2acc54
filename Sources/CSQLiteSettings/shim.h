// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0
#include <sqlite3.h>

/// Lets SQLite count no memory, for which every allocation of every connection takes the same lock.
///
/// What is called here takes a variable number of arguments, which Swift does not pass. Returns SQLITE_MISUSE, and
/// changes nothing, once SQLite is in use.
static inline int penstock_sqlite_count_no_memory(void) {
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}
