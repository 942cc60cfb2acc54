// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// A table as all databases have it, whatever their schemas make of it.
///
/// This is the form in which rows leave a database and enter another: backups and moves know nothing else. Where a
/// database keeps a column otherwise, its module translates.
package struct ContentsTable: Sendable, Hashable {
    package struct Column: Sendable, Hashable {
        package enum Kind: Sendable, Hashable {
            case integer
            /// 0 or 1.
            case flag
            case text
            case bytes
            /// 16 bytes.
            case id
            /// The id of a row of the table of pipelines.
            case pipeline
        }

        package let name: String
        package let kind: Kind
        package let isOptional: Bool
        /// The version of the schema that brought it.
        package let since: Int

        package init(_ name: String, _ kind: Kind, isOptional: Bool = false, since: Int = 1) {
            self.name = name
            self.kind = kind
            self.isOptional = isOptional
            self.since = since
        }
    }

    package let name: String
    /// Those of the key first.
    package private(set) var columns: [Column]
    /// How many columns the key has. Rows are read by ascending key: numbers by value, text and bytes by their bytes.
    package let keyCount: Int
    /// The version of the schema that brought it.
    package let since: Int

    init(_ name: String, key: [Column], _ columns: [Column], since: Int = 1) {
        self.name = name
        self.columns = key + columns
        self.keyCount = key.count
        self.since = since
    }

    package var key: ArraySlice<Column> { self.columns.prefix(self.keyCount) }

    /// The place of a column, which the table has.
    package func index(of column: String) -> Int {
        guard let index = self.columns.firstIndex(where: { $0.name == column }) else {
            preconditionFailure("\(self.name) has no column \(column)")
        }
        return index
    }

    /// The tables that a schema of this version has, with the columns that they have there, in an order in which each
    /// comes after those that its rows refer to.
    package static func all(inSchema version: Int) -> [ContentsTable] {
        Self.all.filter { $0.since <= version }.map { table in
            var table = table
            table.columns.removeAll { $0.since > version }
            return table
        }
    }

    /// The table of this name, as the newest schema has it.
    package static func named(_ name: String) -> ContentsTable? { Self.all.first { $0.name == name } }
}
