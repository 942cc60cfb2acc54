// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockEngine
package import PenstockModel

/// Reads of pipelines, their executions and their history: each by key or by an index, whatever the history's length.
package protocol PipelineReader {
    /// The pipeline of this name; `nil` when there is none.
    func pipelineSummary(_ key: PipelineKey) throws -> PipelineSummaryRow?

    /// The tags of the pipeline of this name, by ascending key; `nil` when there is none.
    func pipelineTags(_ key: PipelineKey) throws -> [KeyedValue]?

    /// The pipelines of a scope by ascending name in byte order, those with a name greater than `after`, at most `limit`.
    func pipelineSummaries(in scope: Scope, after: String, limit: Int) throws -> [PipelineSummaryRow]

    /// How many pipelines the scope has.
    func pipelineCount(in scope: Scope) throws -> Int

    /// The version; `nil` when there is none.
    func pipelineVersion(_ version: Int, of id: PipelineID) throws -> PipelineVersionRow?

    /// In no defined order; stages whose entrance was never written are absent.
    func stageEntrances(of id: PipelineID) throws -> [StageEntranceRow]

    /// In no defined order; stages that nobody entered are absent.
    func stageRuns(of id: PipelineID) throws -> [StageRunRow]

    /// In no defined order.
    func currentRevisions(of id: PipelineID) throws -> [CurrentRevisionRow]

    /// The engine's state of an execution, live or archived; `nil` when the pipeline has no such execution. It is decoded
    /// whole, and not what reads are answered from.
    func execution(_ id: PipelineExecutionID, of pipeline: PipelineID) throws -> PipelineExecution?

    /// The execution of this pipeline, live or ended.
    func executionRow(_ id: PipelineExecutionID, of pipeline: PipelineID) throws -> ExecutionRow?

    /// Executions by descending sequence, those with a sequence below `before` (`nil`: all), at most `limit`; with a
    /// stage only those of that version which succeeded in it.
    func executionRows(
        of pipeline: PipelineID,
        before: Int?,
        succeededIn: (stage: String, version: Int)?,
        limit: Int
    ) throws -> [ExecutionRow]

    /// The execution that succeeded in the stage last: of those of the newest version that has one, the most recent.
    func lastSuccess(in stage: String, of pipeline: PipelineID) throws -> ExecutionRow?

    /// Selected attempts by descending (`startedAt`, `id`), those after the cursor, at most `limit`.
    func actionExecutionRows(
        of pipeline: PipelineID,
        _ selection: HistorySelection,
        after: ActionExecutionCursor?,
        limit: Int
    ) throws -> [ActionExecutionRow]

    /// Selected runs of rules by descending (`startedAt`, `id`), those after the cursor, at most `limit`.
    func ruleExecutionRows(
        of pipeline: PipelineID,
        _ selection: HistorySelection,
        after: RuleExecutionCursor?,
        limit: Int
    ) throws -> [RuleExecutionRow]

    /// The attempt of any pipeline.
    func actionExecutionRow(_ id: ActionExecutionID) throws -> ActionExecutionRow?

    /// Executions of all pipelines that ended before the instant and did not go on, by ascending (`endedAt`, `id`), those
    /// after the cursor, at most `limit`.
    func endedExecutions(before: Timestamp, after: EndedExecutionRow?, limit: Int) throws -> [EndedExecutionRow]

    /// What the token started in this pipeline, if it is remembered and has not expired at the instant.
    func startToken(_ token: String, of pipeline: PipelineID, at: Timestamp) throws -> PipelineExecutionID?

    /// What the revision started in this pipeline; `nil` when it has not been told of.
    func execution(startedBy revision: SeenRevision, of pipeline: PipelineID) throws -> PipelineExecutionID?
}

/// Writes of pipelines. All but ``insertPipeline(_:)`` are for who holds the pipeline's lock.
package protocol PipelineWriter {
    /// The pipeline, locked until the transaction ends; `nil` when there is none.
    func lockPipeline(_ key: PipelineKey) throws -> PipelineRow?

    /// The pipeline's id, locked like ``lockPipeline(_:)``, also where the rest of the row cannot be read.
    func lockPipelineID(_ key: PipelineKey) throws -> PipelineID?

    /// - Returns: `false`, with nothing written, when the name is taken.
    func insertPipeline(_ row: PipelineRow) throws -> Bool

    /// Replaces the row of this id.
    func updatePipeline(_ row: PipelineRow) throws

    /// Deletes the pipeline with everything that hangs on it: versions, executions, history, jobs, timers, watches.
    func deletePipeline(_ id: PipelineID) throws

    func insertPipelineVersion(_ row: PipelineVersionRow) throws

    /// Writes the engine's state of an execution, among the live ones or, once it has ended, in the archive, and the
    /// row that reads show of it (``ExecutionRow``).
    func putExecution(_ execution: PipelineExecution, of pipeline: PipelineID) throws

    func putStageEntrance(_ row: StageEntranceRow, of pipeline: PipelineID) throws
    func putStageRun(_ row: StageRunRow, of pipeline: PipelineID) throws
    func putCurrentRevision(_ row: CurrentRevisionRow, of pipeline: PipelineID) throws

    /// Forgets the stage's entrance, run and current revisions.
    func deleteStage(_ name: String, of pipeline: PipelineID) throws

    /// Notes that the execution succeeded in the stage; repeating it changes nothing.
    func insertStageSuccess(_ execution: PipelineExecutionID, stage: String, of pipeline: PipelineID) throws

    /// Writes the history entry of a new attempt, in progress and without outputs yet. The one that it replaces is the
    /// latest of its action no more.
    func insertActionExecution(_ row: ActionExecutionRow) throws

    /// Writes how an attempt stands, which has an entry.
    func updateActionExecution(_ attempt: ActionAttempt, outputVariables: [KeyedValue]) throws

    /// Writes the history entry of a rule that starts. The run that it replaces is the latest of its rule no more.
    func insertRuleExecution(_ row: RuleExecutionRow) throws

    /// Writes how a run of a rule stands, which has an entry.
    func updateRuleExecution(_ run: RuleRun) throws

    /// Forgets entries of the execution's history, attempts and runs of rules, at most `limit`; returns how many.
    func deleteHistory(of execution: PipelineExecutionID, of pipeline: PipelineID, limit: Int) throws -> Int

    /// Forgets an execution that ended and has no history any more, and that it succeeded in the stages; one that is
    /// live stays.
    func deleteExecution(_ row: ExecutionRow, succeededIn stages: [String], of pipeline: PipelineID) throws

    /// Remembers what a token started until it expires.
    func putStartToken(
        _ token: String,
        started: PipelineExecutionID,
        expires: Timestamp,
        of pipeline: PipelineID
    ) throws

    /// Remembers what a revision started, for as long as the pipeline is there.
    func putSeenRevision(
        _ revision: SeenRevision,
        started: PipelineExecutionID,
        of pipeline: PipelineID
    ) throws

    /// Forgets tokens that expired before the instant, at most `limit`; returns how many it forgot.
    func deleteStartTokens(expiredBefore: Timestamp, limit: Int) throws -> Int
}
