// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension Migration {
    /// Nothing: one server works on a file. It keeps the numbers of both databases alike, so that a number says what
    /// rows there are.
    static let fleet = Migration(version: 6, sql: "")
}
