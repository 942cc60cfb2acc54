// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import PenstockWire

/// Columns of text, as wide as what is in them.
struct TextTable {
    private var rows: [[String]]

    init(_ heads: String...) { self.rows = [heads] }

    mutating func add(_ cells: String?...) { self.rows.append(cells.map { Self.plain($0 ?? "") }) }

    /// One line for the heads, one per row, without the columns in which nothing stands; no more than the heads when
    /// there are no rows.
    var text: String {
        let columns = self.rows[0].indices.filter { column in
            self.rows.count == 1 || self.rows.dropFirst().contains { !$0[column].isEmpty }
        }
        let rows = self.rows.map { row in columns.map { row[$0] } }
        let widths = columns.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            let line = cells.joined(separator: "  ")
            return String(line[..<(line.lastIndex { $0 != " " }.map(line.index(after:)) ?? line.startIndex)])
        }.joined(separator: "\n")
    }

    /// What users and workers wrote must not steer a terminal.
    static func plain(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }
}

extension WireTimestamp {
    /// Parses what ``text`` gives, also with another offset than `Z`; `nil` for everything else.
    init?(text: String) {
        guard let date = try? Date(text, strategy: .iso8601) else { return nil }
        self.init(millisecondsSinceEpoch: Int64((date.timeIntervalSince1970 * 1000).rounded()))
    }

    /// As in `2026-11-23T10:04:05Z`.
    var text: String {
        Date(timeIntervalSince1970: Double(self.millisecondsSinceEpoch) / 1000).formatted(.iso8601)
    }
}

extension WireEncodable {
    /// The answer as the API gives it, spread over lines.
    var jsonText: String { IndentedJSON.text(WireWriter.write(self)) }
}
