// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockStore

/// How a table of the contents is kept in this schema, where pipelines are named by numbers and some columns of jobs and
/// timers are in one value.
struct SQLiteTableForm {
    let table: ContentsTable

    /// Every column of the schema, by the table, that is no column of the contents: a number of its own, a copy of what
    /// another table says, or several columns in one value.
    static let ownColumns: [String: Set<String>] = [
        "pipeline": ["number"],
        "action_execution": ["pipeline_id"],
        "rule_execution": ["pipeline_id"],
        "source_watch": ["pipeline_id"],
        "job": ["number", "fixed"],
        "timer": ["details"],
    ]

    /// Every column of the contents, by the table, that the schema does not have.
    static let foldedColumns: [String: Set<String>] = [
        "job": ["pipeline_name", "continuation_token", "job_deadline", "start"],
        "timer": ["account", "region", "pipeline_name", "execution"],
    ]

    // MARK: Reading

    /// Rows by ascending key, those after the key, whose parameters are numbered by its columns. The outer loop is the one
    /// that the key begins with, so that an index gives the order and nothing is sorted.
    func select(isAfterKey: Bool) -> String {
        let columns = self.table.columns.map(self.expression).joined(separator: ", ")
        let key = self.table.key.map(self.expression)
        var conditions: [String] = []
        if isAfterKey {
            let parameters = key.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
            if self.beginsWithPipeline { conditions.append("p.id >= ?1") }
            conditions.append("(\(key.joined(separator: ", "))) > (\(parameters))")
        }
        let condition = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        return "SELECT \(columns) FROM \(self.source)\(condition) ORDER BY \(key.joined(separator: ", "))"
    }

    private var beginsWithPipeline: Bool { self.table.columns.first?.kind == .pipeline }

    private var source: String {
        let own = "\"\(self.table.name)\" AS t"
        if self.beginsWithPipeline { return "pipeline AS p CROSS JOIN \(own) ON t.pipeline = p.number" }
        guard self.table.columns.contains(where: { $0.kind == .pipeline }) else { return own }
        return "\(own) CROSS JOIN pipeline AS p ON p.number = t.pipeline"
    }

    /// What stands for a column; for those that are in one value, that value in the place of the last and nothing in the
    /// places of the others.
    private func expression(_ column: ContentsTable.Column) -> String {
        switch (self.table.name, column.name) {
        case ("job", "start"): "t.fixed"
        case ("job", "pipeline_name"), ("job", "continuation_token"), ("job", "job_deadline"): "NULL"
        case ("timer", "execution"): "t.details"
        case ("timer", "account"), ("timer", "region"), ("timer", "pipeline_name"): "NULL"
        case ("source_watch", "object_key"): "CAST(t.object_key AS BLOB)"
        case (_, _) where column.kind == .pipeline: "p.id"
        case (_, _): "t.\"\(column.name)\""
        }
    }

    /// The row that a statement stands on, or why it cannot be read.
    func row(_ row: SQLRow) -> Result<ContentsRow, StoreError> {
        var values: [ContentsValue] = []
        values.reserveCapacity(self.table.columns.count)
        for (index, column) in zip(Int32(0)..., self.table.columns) {
            guard let value = Self.value(of: column, row, index) else {
                return .failure(self.unreadable(values, "its \(column.name) is not UTF-8"))
            }
            values.append(value)
        }
        do {
            switch self.table.name {
            case "job": try self.unfoldJob(&values)
            case "timer": try self.unfoldTimer(&values)
            default: break
            }
            return .success(ContentsRow(values))
        } catch {
            return .failure(self.unreadable(values, "\(error)"))
        }
    }

    private func unreadable(_ values: [ContentsValue], _ reason: String) -> StoreError {
        let key = values.prefix(self.table.keyCount).map(\.shown).joined(separator: " ")
        return StoreError(.corrupt, "\(self.table.name) \(key) cannot be read: \(reason)")
    }

    /// `nil` for text that is none.
    private static func value(of column: ContentsTable.Column, _ row: SQLRow, _ index: Int32) -> ContentsValue? {
        if row.isNull(index) { return .null }
        switch column.kind {
        case .integer, .flag: return .integer(row.integer(index))
        // In the place of a timer's execution stands the value that holds it.
        case .bytes, .id, .pipeline: return .bytes(row.blob(index))
        case .text: return row.validText(index).map { .text($0) }
        }
    }

    private func unfoldJob(_ values: inout [ContentsValue]) throws {
        guard case .bytes(let bytes) = values[self.table.index(of: "start")] else { return }
        let fixed = try FixedJobColumns(storedBytes: bytes).row
        values[self.table.index(of: "pipeline_name")] = .text(fixed.pipelineName)
        values[self.table.index(of: "continuation_token")] =
            fixed.continuationToken.map { .bytes(Array($0.utf8)) } ?? .null
        values[self.table.index(of: "job_deadline")] =
            fixed.jobDeadline.map { .integer($0.millisecondsSinceEpoch) } ?? .null
        values[self.table.index(of: "start")] = .bytes(fixed.start.storedBytes())
    }

    private func unfoldTimer(_ values: inout [ContentsValue]) throws {
        guard case .bytes(let bytes) = values[self.table.index(of: "execution")] else { return }
        let details = try TimerDetails(storedBytes: bytes)
        values[self.table.index(of: "account")] = .text(details.pipelineKey.scope.account.rawValue)
        values[self.table.index(of: "region")] = .text(details.pipelineKey.scope.region.rawValue)
        values[self.table.index(of: "pipeline_name")] = .text(details.pipelineKey.name)
        values[self.table.index(of: "execution")] = .bytes(details.executionID.value.contents)
    }

    // MARK: Writing

    /// Inserts a row, whose values are numbered by the table's columns.
    var insert: String {
        var names: [String] = []
        var values: [String] = []
        for (index, column) in self.table.columns.enumerated() {
            let parameter = "?\(index + 1)"
            switch (self.table.name, column.name) {
            case ("job", "start"):
                names.append("fixed")
                values.append(parameter)
            case ("timer", "execution"):
                names.append("details")
                values.append(parameter)
            case (let table, let name) where Self.foldedColumns[table]?.contains(name) == true: break
            case ("source_watch", "object_key"):
                names.append(column.name)
                values.append("CAST(\(parameter) AS TEXT)")
            case (_, _) where column.kind == .pipeline:
                names.append("pipeline")
                values.append("(SELECT number FROM pipeline WHERE id = \(parameter))")
                if Self.ownColumns[self.table.name]?.contains("pipeline_id") == true {
                    names.append("pipeline_id")
                    values.append(parameter)
                }
            case (_, _):
                names.append("\"\(column.name)\"")
                values.append(parameter)
            }
        }
        return """
            INSERT INTO "\(self.table.name)" (\(names.joined(separator: ", "))) VALUES (\(values.joined(separator: ", ")))
            """
    }

    /// The values of a row, as ``insert`` takes them.
    func parameters(_ row: ContentsRow) throws -> [SQLValue] {
        var values = row.values.map { SQLValue($0) }
        switch self.table.name {
        case "job": values[self.table.index(of: "start")] = .blob(try self.fixedColumns(row).storedBytes())
        case "timer": values[self.table.index(of: "execution")] = .blob(try self.timerDetails(row).storedBytes())
        default: break
        }
        return values
    }

    private func fixedColumns(_ row: ContentsRow) throws -> FixedJobColumns {
        let fields = ContentsFields(row, of: self.table)
        return FixedJobColumns(
            JobRow(
                scope: try fields.scope(),
                pipelineID: PipelineID(try fields.id("pipeline")),
                pipelineName: try fields.text("pipeline_name"),
                queue: try fields.optionalText("queue").map { text in
                    guard let queue = JobQueue(text) else { throw fields.unreadable("queue") }
                    return queue
                },
                queryValue: try fields.optionalText("query_value"),
                clientID: nil,
                continuationToken: try fields.optionalBytes("continuation_token")
                    .map { String(decoding: $0, as: UTF8.self) },
                jobDeadline: try fields.optionalInteger("job_deadline").map { Timestamp(millisecondsSinceEpoch: $0) },
                start: try ActionStart(storedBytes: fields.bytes("start")),
                job: try Job(storedBytes: fields.bytes("state"))
            )
        )
    }

    private func timerDetails(_ row: ContentsRow) throws -> TimerDetails {
        let fields = ContentsFields(row, of: self.table)
        guard let key = TimerRow.Key(text: try fields.text("key")) else { throw fields.unreadable("key") }
        return TimerDetails(
            row: TimerRow(
                key: key,
                due: Timestamp(millisecondsSinceEpoch: try fields.integer("due")),
                pipelineID: PipelineID(try fields.id("pipeline")),
                pipelineKey: PipelineKey(scope: try fields.scope(), name: try fields.text("pipeline_name")),
                executionID: PipelineExecutionID(try fields.id("execution"))
            )
        )
    }
}

extension SQLValue {
    init(_ value: ContentsValue) {
        switch value {
        case .null: self = .null
        case .integer(let value): self = .integer(value)
        case .text(let text): self = .text(text)
        case .bytes(let bytes): self = .blob(bytes)
        }
    }
}
