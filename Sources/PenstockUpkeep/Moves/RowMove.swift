// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockStore

/// Brings the rows of one place into another, table by table, from where an earlier attempt stopped.
struct RowMove {
    let source: any ContentsReader
    let target: any ContentsTarget
    let place: StorePlace
    let progress: ContentsProgress

    /// How many rows one transaction inserts, and of how many bytes at the most, unless one row has more.
    static let maximumBatchRows = 8000
    static let maximumBatchBytes = 8 << 20

    func run() throws {
        let tables = self.source.tables
        let last = self.progress.last
        let first = last.flatMap { last in tables.firstIndex { $0.name == last.table } } ?? 0
        for (index, table) in zip(first..., tables[first...]) {
            try self.move(table, after: index == first ? last?.key : nil)
        }
    }

    private func move(_ table: ContentsTable, after key: [ContentsValue]?) throws {
        var batch: [ContentsRow] = []
        var bytes = 0
        func insert() throws {
            guard !batch.isEmpty else { return }
            try self.place.explaining { try self.target.insert(batch, into: table) }
            batch.removeAll(keepingCapacity: true)
            bytes = 0
        }
        try self.source.read(table, after: key) { row in
            batch.append(row)
            bytes += row.weight
            if batch.count >= Self.maximumBatchRows || bytes >= Self.maximumBatchBytes { try insert() }
        }
        try insert()
    }
}

extension ContentsRow {
    /// About how many bytes it has.
    fileprivate var weight: Int {
        self.values.reduce(0) { sum, value in
            switch value {
            case .null, .integer: sum + 8
            case .text(let text): sum + text.utf8.count
            case .bytes(let bytes): sum + bytes.count
            }
        }
    }
}
