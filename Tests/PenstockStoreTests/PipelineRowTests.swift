// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockStore
import Testing

@Suite struct `Rows of pipelines in every store` {
    @Test(arguments: StoreUnderTest.allCases)
    func `A pipeline is inserted once, found by name, and replaced`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            try await store.write { transaction throws in
                var row = pipeline()
                #expect(try transaction.lockPipeline(row.key) == nil)
                #expect(try transaction.pipelineSummary(row.key) == nil)
                #expect(try transaction.insertPipeline(row))
                #expect(try !transaction.insertPipeline(pipeline(2, name: row.key.name)))
                row.executionMode = .queued
                row.updated = at(7)
                row.head.nextSequence = 5
                try transaction.updatePipeline(row)
                #expect(try transaction.lockPipeline(row.key) == row)
                #expect(try transaction.lockPipelineID(row.key) == row.id)
                #expect(try transaction.lockPipelineID(pipeline(2).key) == nil)
                #expect(try transaction.pipelineSummary(row.key) == PipelineSummaryRow(row))
                let version = PipelineVersionRow(
                    pipelineID: row.id,
                    declaration: declaration(),
                    document: [1, 2],
                    sealedSecrets: nil
                )
                try transaction.insertPipelineVersion(version)
                #expect(try transaction.pipelineVersion(1, of: row.id) == version)
                #expect(try transaction.pipelineVersion(2, of: row.id) == nil)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `Pipelines are listed by name in byte order, those of the scope alone`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            let names = ["b", "B", "a.1", "a-1", "a_1", "Z"]
            let account = try #require(AccountID("123456789012"))
            try await store.write { transaction throws in
                for (number, name) in names.enumerated() {
                    _ = try transaction.insertPipeline(pipeline(number, name: name))
                }
                let elsewhere = Scope(account: account, region: .default)
                _ = try transaction.insertPipeline(pipeline(99, name: "a", in: elsewhere))
            }
            try await store.read { reader throws in
                let first = try reader.pipelineSummaries(in: scope, after: "", limit: 4).map(\.key.name)
                #expect(first == ["B", "Z", "a-1", "a.1"])
                let rest = try reader.pipelineSummaries(in: scope, after: "a.1", limit: 4).map(\.key.name)
                #expect(rest == ["a_1", "b"])
                #expect(try reader.pipelineCount(in: scope) == 6)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `An execution moves to the archive when it ends, and back when it is retried`(
        _ kind: StoreUnderTest
    ) async throws {
        try await kind.withStore { store in
            let row = pipeline()
            try await store.write { transaction throws in
                _ = try transaction.insertPipeline(row)
                for status in [PipelineExecutionStatus.inProgress, .failed, .stopping, .stopped] {
                    let execution = execution(1, status: status)
                    try transaction.putExecution(execution, of: row.id)
                    #expect(try transaction.execution(execution.id, of: row.id) == execution)
                    #expect(try transaction.executionRow(execution.id, of: row.id) == ExecutionRow(execution))
                }
                #expect(try transaction.execution(id(2), of: row.id) == nil)
                #expect(try transaction.executionRow(id(1), of: id(2)) == nil)
                #expect(try transaction.executionRows(of: row.id, before: nil, succeededIn: nil, limit: 9).count == 1)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `Executions are listed from the newest, whole or by the stage they succeeded in`(
        _ kind: StoreUnderTest
    ) async throws {
        try await kind.withStore { store in
            let row = pipeline()
            try await store.write { transaction throws in
                _ = try transaction.insertPipeline(row)
                for number in 1...20 {
                    let execution = execution(number, version: number % 2 + 1, status: .succeeded)
                    try transaction.putExecution(execution, of: row.id)
                    if number % 3 == 0 {
                        try transaction.insertStageSuccess(execution.id, stage: "Build", of: row.id)
                        try transaction.insertStageSuccess(execution.id, stage: "Build", of: row.id)
                    }
                }
            }
            await #expect {
                try await store.write { try $0.insertStageSuccess(id(21), stage: "Build", of: row.id) }
            } throws: {
                ($0 as? StoreError)?.code == .constraint && "\($0)".contains("only an execution succeeds in a stage")
            }
            try await store.read { reader throws in
                let page = try reader.executionRows(of: row.id, before: 8, succeededIn: nil, limit: 3)
                #expect(page.map(\.sequence) == [7, 6, 5])
                let succeeded = try reader.executionRows(of: row.id, before: nil, succeededIn: ("Build", 2), limit: 9)
                #expect(succeeded.map(\.sequence) == [15, 9, 3])
                let older = try reader.executionRows(of: row.id, before: 15, succeededIn: ("Build", 2), limit: 1)
                #expect(older.map(\.sequence) == [9])
                #expect(try reader.lastSuccess(in: "Build", of: row.id)?.sequence == 15)
                #expect(try reader.lastSuccess(in: "Test", of: row.id) == nil)
                #expect(try reader.executionRows(of: row.id, before: nil, succeededIn: ("Test", 2), limit: 9).isEmpty)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `Pages of the action history agree with a sorted list`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            let (row, other) = (pipeline(), pipeline(2))
            var starts = (1...60).map { start($0, execution: $0 % 3, startedAt: Int64($0 * 7 % 11)) }
            for index in stride(from: 10, to: 60, by: 5) { starts[index].replaces = starts[index - 3].id }
            let history = starts
            let replaced = Set(history.compactMap(\.replaces))
            try await store.write { transaction throws in
                for pipeline in [row, other] { _ = try transaction.insertPipeline(pipeline) }
                for start in history { try transaction.insertActionExecution(attemptRow(start, of: row)) }
                try transaction.insertActionExecution(attemptRow(start(99), of: other))
            }
            let selections: [HistorySelection] = [.all, .execution(id(1)), .latest(id(1))]
            for selection in selections {
                let expected = history.filter { selection.execution ?? $0.executionID == $0.executionID }
                    .filter { selection != .latest(id(1)) || !replaced.contains($0.id) }
                    .sorted { ($0.startedAt, $0.id) > ($1.startedAt, $1.id) }.map(\.id)
                let found = try await store.read { reader throws in
                    var found: [ActionExecutionID] = []
                    var cursor: ActionExecutionCursor?
                    while true {
                        let page = try reader.actionExecutionRows(
                            of: row.id, selection, after: cursor, limit: 7
                        )
                        found += page.map(\.start.id)
                        guard let last = page.last else { return found }
                        cursor = ActionExecutionCursor(startedAt: last.start.startedAt, id: last.start.id)
                    }
                }
                #expect(found == expected)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `An attempt's entry shows how it stands`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            try await store.write { transaction throws in
                _ = try transaction.insertPipeline(pipeline())
                var entry = attemptRow(start(1), of: pipeline())
                try transaction.insertActionExecution(entry)
                entry.attempt.end(.failed(FailureDetails(type: .jobFailed, message: "no")), at: at(20))
                entry.outputVariables = [KeyedValue("a", "b")]
                try transaction.updateActionExecution(entry.attempt, outputVariables: entry.outputVariables)
                #expect(try transaction.actionExecutionRow(id(1)) == entry)
                #expect(try transaction.actionExecutionRow(id(2)) == nil)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `A stage's entrance, run and revisions are replaced, and forgotten with it`(
        _ kind: StoreUnderTest
    ) async throws {
        try await kind.withStore { store in
            let row = pipeline()
            try await store.write { transaction throws in
                _ = try transaction.insertPipeline(row)
                let stage = declaration().stages[0]
                let run = StageRunRow(executionID: id(1), run: StageRun(entering: stage, at: at(3)))
                var entrance = StageEntranceRow(row.head.gates[0])
                let revision = SourceRevision(revisionID: "r1")
                let current = CurrentRevisionRow(stageName: "Build", actionName: "make", revision: revision)
                try transaction.putStageEntrance(entrance, of: row.id)
                entrance.waiting = [id(1)]
                try transaction.putStageEntrance(entrance, of: row.id)
                try transaction.putStageRun(run, of: row.id)
                try transaction.putCurrentRevision(current, of: row.id)
                #expect(try transaction.stageEntrances(of: row.id) == [entrance])
                #expect(try transaction.stageRuns(of: row.id) == [run])
                #expect(try transaction.currentRevisions(of: row.id) == [current])
                try transaction.deleteStage("Other", of: row.id)
                #expect(try transaction.stageRuns(of: row.id) == [run])
                try transaction.deleteStage("Build", of: row.id)
                #expect(try transaction.stageEntrances(of: row.id).isEmpty)
                #expect(try transaction.stageRuns(of: row.id).isEmpty)
                #expect(try transaction.currentRevisions(of: row.id).isEmpty)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `Start tokens are remembered until they are forgotten, the oldest first`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            let row = pipeline()
            try await store.write { transaction throws in
                _ = try transaction.insertPipeline(row)
                for number in 1...4 {
                    let expires = at(Int64(number))
                    try transaction.putStartToken("t\(number)", started: id(number), expires: expires, of: row.id)
                }
                #expect(try transaction.startToken("t1", of: row.id, at: at(0)) == id(1))
                #expect(try transaction.startToken("t1", of: id(9), at: at(0)) == nil)
                #expect(try transaction.deleteStartTokens(expiredBefore: at(4), limit: 2) == 2)
                #expect(try transaction.startToken("t2", of: row.id, at: at(0)) == nil)
                #expect(try transaction.startToken("t3", of: row.id, at: at(2)) == id(3))
                #expect(try transaction.startToken("t3", of: row.id, at: at(3)) == nil)
                #expect(try transaction.deleteStartTokens(expiredBefore: at(4), limit: 2) == 1)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `A deleted pipeline leaves nothing, and its name is free`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            let (row, other) = (pipeline(), pipeline(2))
            try await store.write { transaction throws in
                for (number, row) in [row, other].enumerated() {
                    _ = try transaction.insertPipeline(row)
                    try transaction.putExecution(execution(number + 1), of: row.id)
                    try transaction.insertActionExecution(attemptRow(start(number + 1), of: row))
                    try transaction.insertJob(job(number + 1, of: row))
                    try transaction.putTimer(timer(number + 1, due: 5, of: row))
                    try transaction.replaceSourceWatches(of: row.id, with: [watch("source", of: row)])
                    try transaction.putStartToken("token", started: id(1), expires: at(9), of: row.id)
                }
                try transaction.deletePipeline(row.id)
            }
            try await store.write { transaction throws in
                #expect(try transaction.pipelineSummary(row.key) == nil)
                #expect(try transaction.execution(id(1), of: row.id) == nil)
                #expect(try transaction.actionExecutionRow(id(1)) == nil)
                #expect(try transaction.job(id(1)) == nil)
                #expect(try transaction.startToken("token", of: row.id, at: at(0)) == nil)
                let watches = try transaction.sourceWatches(bucket: "bucket", objectKey: "source.zip", in: scope)
                #expect(watches.map(\.pipelineID) == [other.id])
                let claimed = try transaction.claimTimers(dueBy: at(9), leaseUntil: at(99), limit: 9)
                #expect(claimed.map(\.row) == [timer(2, due: 5, of: other)])
                #expect(try transaction.insertPipeline(pipeline(3, name: row.key.name)))
            }
        }
    }

    @Test(arguments: StoreUnderTest.databases)
    func `A pipeline whose head cannot be read can be deleted by its id`(_ kind: StoreUnderTest) async throws {
        try await kind.withDamage { store, damage in
            let row = pipeline()
            try await store.write { transaction throws in
                _ = try transaction.insertPipeline(row)
                try transaction.insertJob(job(1, of: row))
            }
            try await damage("head", "pipeline")
            try await store.write { transaction throws in
                #expect(throws: StoreError.self) { try transaction.lockPipeline(row.key) }
                #expect(try transaction.lockPipelineID(row.key) == row.id)
                try transaction.deletePipeline(row.id)
                #expect(try transaction.lockPipelineID(row.key) == nil)
                #expect(try transaction.job(id(1)) == nil)
            }
        }
    }
}
