// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HashTreeCollections
import PenstockEngine
import PenstockModel

/// Every row but those of artifacts, as a value.
struct MemoryRows: Sendable {
    var pipelines: TreeDictionary<PipelineID, Pipeline> = [:]
    var pipelineIDs: TreeDictionary<PipelineKey, PipelineID> = [:]
    /// Which pipeline has the attempt.
    var actionExecutions: TreeDictionary<ActionExecutionID, PipelineID> = [:]
    /// Which pipeline has the run of a rule.
    var ruleExecutions: TreeDictionary<RuleExecutionID, PipelineID> = [:]
    var openJobs: TreeDictionary<JobID, JobRow> = [:]
    var endedJobs: TreeDictionary<JobID, JobRow> = [:]
    var timers: TreeDictionary<TimerRow.Key, Leasable<TimerRow>> = [:]
    var effects: TreeDictionary<UniqueID, Leasable<EffectRow>> = [:]
    /// The fence of the newest claim of all.
    var lastFence: Int64 = 0
    var eventLines: TreeDictionary<EventQueue, EventLine> = [:]
    var lastEvent: Int64 = 0
    var deadLetters: TreeDictionary<Int64, DeadLetterRow> = [:]
    var lastDeadLetter: Int64 = 0
    var actionTypes: TreeDictionary<ActionTypeKey, ActionTypeRow> = [:]
    var connections: TreeDictionary<ClientID, ConnectionRow> = [:]
    var accessKeys: TreeDictionary<String, AccessKeyRow> = [:]
    var settings: TreeDictionary<String, [UInt8]> = [:]
    /// By number, in the order of their arrival.
    var auditEntries: TreeDictionary<Int64, AuditRow> = [:]
    var lastAuditEntry: Int64 = 0

    /// A pipeline with everything that hangs on it, jobs and timers excepted.
    struct Pipeline: Sendable {
        var row: PipelineRow
        var versions: TreeDictionary<Int, PipelineVersionRow> = [:]
        var entrances: TreeDictionary<String, StageEntranceRow> = [:]
        var stageRuns: TreeDictionary<String, StageRunRow> = [:]
        var revisions: TreeDictionary<RevisionKey, CurrentRevisionRow> = [:]
        var live: TreeDictionary<PipelineExecutionID, PipelineExecution> = [:]
        var archived: TreeDictionary<PipelineExecutionID, PipelineExecution> = [:]
        var sequences: TreeDictionary<Int, PipelineExecutionID> = [:]
        var successes: TreeSet<StageSuccess> = []
        var actionExecutions: TreeDictionary<ActionExecutionID, ActionExecutionRow> = [:]
        /// Attempts that a later one of the same action replaced.
        var replacedAttempts: TreeSet<ActionExecutionID> = []
        var ruleExecutions: TreeDictionary<RuleExecutionID, RuleExecutionRow> = [:]
        /// Runs that a later one of the same rule replaced.
        var replacedRules: TreeSet<RuleExecutionID> = []
        var seenRevisions: TreeDictionary<SeenRevision, PipelineExecutionID> = [:]
        var startTokens: TreeDictionary<String, StartToken> = [:]
        var watches: TreeDictionary<String, SourceWatchRow> = [:]

        func execution(_ id: PipelineExecutionID) -> PipelineExecution? { self.live[id] ?? self.archived[id] }
    }

    struct RevisionKey: Sendable, Hashable {
        var stageName: String
        var actionName: String
    }

    struct StageSuccess: Sendable, Hashable {
        var stageName: String
        var executionID: PipelineExecutionID
    }

    struct StartToken: Sendable {
        var executionID: PipelineExecutionID
        var expires: Timestamp
    }

    /// A row with who may hold it: claims hand out the greatest fence so far, so that no two claims have the same.
    struct Leasable<Row: Sendable>: Sendable {
        var row: Row
        /// 0 while nobody has claimed it since it was set.
        var fence: Int64 = 0
        var leaseUntil: Timestamp?

        func isFree(at now: Timestamp) -> Bool { self.leaseUntil.map { $0 <= now } ?? true }
    }

    /// `account` is `nil` for the types of partners, which are unique in their region.
    struct ActionTypeKey: Sendable, Hashable {
        var region: Region
        var account: AccountID?
        var id: ActionTypeID
    }
}

/// What the schema of a database would refuse.
func constraint(_ message: String) -> StoreError { StoreError(.constraint, message) }

/// Byte order, the one that databases sort texts by.
func precedes(_ left: String, _ right: String) -> Bool { left.utf8.lexicographicallyPrecedes(right.utf8) }
