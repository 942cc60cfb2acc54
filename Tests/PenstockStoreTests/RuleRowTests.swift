// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockStore
import Testing

/// The history of rules, on every store.
struct RuleRowTests {
    @Test(arguments: StoreUnderTest.allCases)
    func `The rule history is listed newest first, and the latest leaves out what was replaced`(
        _ kind: StoreUnderTest
    ) async throws {
        try await kind.withStore { store in
            let row = pipeline()
            try await store.write { transaction throws in
                _ = try transaction.insertPipeline(row)
                // Two of the first execution at one instant, the second in the place of the first, and one of another.
                try transaction.insertRuleExecution(rule(1, at: 5))
                try transaction.insertRuleExecution(rule(2, at: 5, replacing: 1))
                try transaction.insertRuleExecution(rule(3, of: 2, at: 9))
                func listed(_ selection: HistorySelection, after: Int? = nil, limit: Int = 9) throws -> [Int] {
                    let cursor = after.map { number in
                        RuleExecutionCursor(startedAt: at(number == 3 ? 9 : 5), id: id(number))
                    }
                    return try transaction.ruleExecutionRows(of: row.id, selection, after: cursor, limit: limit)
                        .map { Int($0.start.id.value.low & 0xFF) }
                }
                #expect(try listed(.all) == [3, 2, 1])
                #expect(try listed(.all, limit: 2) == [3, 2])
                #expect(try listed(.all, after: 2) == [1])
                #expect(try listed(.execution(id(1))) == [2, 1])
                #expect(try listed(.latest(id(1))) == [2])
                #expect(try listed(.latest(id(1)), after: 2) == [])
                #expect(try transaction.ruleExecutionRows(of: id(9), .all, after: nil, limit: 9).isEmpty)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `A run of a rule is read back as it was last written, and goes with its pipeline`(
        _ kind: StoreUnderTest
    ) async throws {
        try await kind.withStore { store in
            let row = pipeline()
            try await store.write { transaction throws in
                _ = try transaction.insertPipeline(row)
                var entry = rule(1, at: 5)
                try transaction.insertRuleExecution(entry)
                entry.run.end(.failed("no"), at: at(20))
                try transaction.updateRuleExecution(entry.run)
                #expect(try transaction.ruleExecutionRows(of: row.id, .all, after: nil, limit: 9) == [entry])
                try transaction.deletePipeline(row.id)
                #expect(try transaction.ruleExecutionRows(of: row.id, .all, after: nil, limit: 9) == [])
            }
            await #expect(throws: StoreError.self) {
                try await store.write { try $0.updateRuleExecution(rule(1, at: 5).run) }
            }
        }
    }
}
