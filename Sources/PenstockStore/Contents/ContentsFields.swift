// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// The values of a row by the names of their columns.
package struct ContentsFields {
    package let row: ContentsRow
    package let table: ContentsTable

    package init(_ row: ContentsRow, of table: ContentsTable) {
        self.row = row
        self.table = table
    }

    /// The row by its key, for people: `job 01890a5d-…`.
    package var name: String {
        "\(self.table.name) \(self.row.key(of: self.table).map(\.shown).joined(separator: " "))"
    }

    /// For a value that is not what its column holds.
    package func unreadable(_ column: String) -> StoreError {
        StoreError(.corrupt, "\(self.name) has a \(column) that cannot be read")
    }

    private func value(_ column: String) throws -> ContentsValue {
        let index = self.table.index(of: column)
        guard index < self.row.values.count else { throw self.unreadable(column) }
        return self.row.values[index]
    }

    package func integer(_ column: String) throws -> Int64 {
        guard case .integer(let value) = try self.value(column) else { throw self.unreadable(column) }
        return value
    }

    package func text(_ column: String) throws -> String {
        guard case .text(let value) = try self.value(column) else { throw self.unreadable(column) }
        return value
    }

    package func bytes(_ column: String) throws -> [UInt8] {
        guard case .bytes(let value) = try self.value(column) else { throw self.unreadable(column) }
        return value
    }

    package func id(_ column: String) throws -> UniqueID {
        guard let id = UniqueID(contents: try self.bytes(column)) else { throw self.unreadable(column) }
        return id
    }

    package func isAbsent(_ column: String) throws -> Bool { try self.value(column) == .null }

    package func optionalInteger(_ column: String) throws -> Int64? {
        try self.isAbsent(column) ? nil : try self.integer(column)
    }

    package func optionalText(_ column: String) throws -> String? {
        try self.isAbsent(column) ? nil : try self.text(column)
    }

    package func optionalBytes(_ column: String) throws -> [UInt8]? {
        try self.isAbsent(column) ? nil : try self.bytes(column)
    }

    /// Of the columns `account` and `region`.
    package func scope() throws -> Scope {
        guard let account = AccountID(try self.text("account")) else { throw self.unreadable("account") }
        guard let region = Region(try self.text("region")) else { throw self.unreadable("region") }
        return Scope(account: account, region: region)
    }
}
