// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension Migration {
    /// A job's row is written at every step of its life, and PostgreSQL reads the text of each `CHECK` anew for each
    /// statement. Decision 27 tells what holds instead.
    static let uncheckedJobs = Migration(
        version: 9,
        sql: """
            ALTER TABLE job DROP CONSTRAINT IF EXISTS job_status_check, DROP CONSTRAINT IF EXISTS job_dispatch_check,
                DROP CONSTRAINT IF EXISTS job_check, DROP CONSTRAINT IF EXISTS job_check1;
            """
    )
}
