// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension Migration {
    /// Nothing: a `CHECK` is compiled with its statement here, once. As ``fleet``, it keeps the numbers alike.
    static let uncheckedJobs = Migration(version: 9, sql: "")
}
