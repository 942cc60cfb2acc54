// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockStore
import Testing

/// What forgetting old executions needs, on every store.
struct RetentionRowTests {
    /// An execution that was changed last at the instant.
    private static func execution(
        _ number: Int, status: PipelineExecutionStatus = .succeeded, updatedAt: Int64
    ) -> PipelineExecution {
        var execution = PenstockStoreTests.execution(number, status: status)
        execution.updatedAt = at(updatedAt)
        return execution
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `Ended executions of all pipelines are found by their end, page by page`(
        _ kind: StoreUnderTest
    ) async throws {
        try await kind.withStore { store in
            let (first, second) = (pipeline(1), pipeline(2))
            try await store.write { transaction throws in
                for row in [first, second] { _ = try transaction.insertPipeline(row) }
                for (number, end) in [(1, 30), (2, 10), (3, 20), (4, 20), (5, 40)] as [(Int, Int64)] {
                    let owner = number.isMultiple(of: 2) ? second : first
                    try transaction.putExecution(Self.execution(number, updatedAt: end), of: owner.id)
                }
                try transaction.putExecution(Self.execution(6, status: .inProgress, updatedAt: 5), of: first.id)
                // It goes on after its first end, and its later end counts.
                for (status, end) in [(PipelineExecutionStatus.failed, 6), (.inProgress, 7), (.failed, 35)] {
                    try transaction.putExecution(
                        Self.execution(7, status: status, updatedAt: Int64(end)), of: second.id)
                }
            }
            try await store.read { reader throws in
                let page = try reader.endedExecutions(before: at(40), after: nil, limit: 3)
                #expect(page.map(\.id) == [id(2), id(3), id(4)])
                #expect(page.map(\.endedAt) == [at(10), at(20), at(20)])
                #expect(page.map(\.pipelineID) == [second.id, first.id, second.id])
                #expect(page.map(\.pipelineKey) == [second.key, first.key, second.key])
                let next = try reader.endedExecutions(before: at(40), after: page.last, limit: 3)
                #expect(next.map(\.id) == [id(1), id(7)])
                let between = try reader.endedExecutions(before: at(40), after: page[1], limit: 1)
                #expect(between.map(\.id) == [id(4)])
                #expect(try reader.endedExecutions(before: at(10), after: nil, limit: 9).isEmpty)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `History is deleted in pieces, of one execution alone`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            let row = pipeline()
            try await store.write { transaction throws in
                _ = try transaction.insertPipeline(row)
                for number in 1...4 { try transaction.insertActionExecution(attemptRow(start(number), of: row)) }
                try transaction.insertActionExecution(attemptRow(start(5, execution: 2), of: row))
                try transaction.insertRuleExecution(rule(6, of: 1, at: 5))
                try transaction.insertRuleExecution(rule(7, of: 2, at: 5))
                func delete(limit: Int) throws -> Int {
                    try transaction.deleteHistory(of: id(1), of: row.id, limit: limit)
                }
                #expect(try delete(limit: 3) == 3)
                let left = try transaction.actionExecutionRows(of: row.id, .execution(id(1)), after: nil, limit: 9)
                #expect(left.count == 1)
                #expect(try delete(limit: 9) == 2)
                #expect(try delete(limit: 9) == 0)
                #expect(try transaction.deleteHistory(of: id(2), of: id(9), limit: 9) == 0)
                let attempts = try transaction.actionExecutionRows(of: row.id, .all, after: nil, limit: 9)
                #expect(attempts.map(\.start.id) == [id(5)])
                let rules = try transaction.ruleExecutionRows(of: row.id, .all, after: nil, limit: 9)
                #expect(rules.map(\.start.id) == [id(7)])
                #expect(try transaction.actionExecutionRow(id(1)) == nil)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `An ended execution goes with its successes, a live one stays`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            let row = pipeline()
            try await store.write { transaction throws in
                _ = try transaction.insertPipeline(row)
                let ended = [1, 2].map { Self.execution($0, updatedAt: 9) }
                let live = Self.execution(3, status: .inProgress, updatedAt: 9)
                for execution in ended + [live] {
                    try transaction.putExecution(execution, of: row.id)
                    for stage in ["Build", "Test"] {
                        try transaction.insertStageSuccess(execution.id, stage: stage, of: row.id)
                    }
                }
                for execution in [ended[1], live] {
                    try transaction.deleteExecution(
                        ExecutionRow(execution), succeededIn: ["Build", "Test"], of: row.id)
                }
                #expect(try transaction.execution(id(2), of: row.id) == nil)
                #expect(try transaction.executionRow(id(2), of: row.id) == nil)
                #expect(try transaction.execution(id(3), of: row.id) == live)
                #expect(try transaction.endedExecutions(before: at(99), after: nil, limit: 9).map(\.id) == [id(1)])
                for stage in ["Build", "Test"] {
                    let rows = try transaction.executionRows(
                        of: row.id, before: nil, succeededIn: (stage, 1), limit: 9)
                    #expect(rows.map(\.id) == [id(3), id(1)])
                }
            }
        }
    }
}
