// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockEngine
import PenstockModel
import PenstockStore

let scope = Scope(account: .default, region: .default)
let buildType = ActionTypeID(category: .build, owner: .custom, provider: "Make", version: "1")
let buildQueue = JobQueue(region: .default, typeID: buildType, account: .default)

func at(_ milliseconds: Int64) -> Timestamp { Timestamp(millisecondsSinceEpoch: milliseconds) }

/// An id that is the same for the same number.
func id<ID: UniqueIdentifier>(_ number: Int, as _: ID.Type = ID.self) -> ID {
    ID(UniqueID(high: 0x4000, low: 0x8000_0000_0000_0000 | UInt64(number)))
}

func pipeline(_ number: Int = 1, name: String? = nil, in scope: Scope = scope) -> PipelineRow {
    let name = name ?? "pipeline-\(number)"
    return PipelineRow(
        id: id(number),
        key: PipelineKey(scope: scope, name: name),
        created: at(1),
        updated: at(2),
        pipelineType: .v2,
        executionMode: .superseded,
        tags: [KeyedValue("team", "é")],
        head: PipelineHead(declaration: declaration(name: name))
    )
}

func declaration(name: String = "pipeline-1", version: Int = 1) -> PipelineDeclaration {
    let action = ActionDeclaration(name: "make", typeID: buildType)
    let stage = StageDeclaration(name: "Build", actions: [action])
    return PipelineDeclaration(name: name, version: version, stages: [stage])
}

func execution(
    _ number: Int,
    sequence: Int? = nil,
    version: Int = 1,
    status: PipelineExecutionStatus = .inProgress
) -> PipelineExecution {
    var execution = PipelineExecution(
        id: id(number),
        sequence: sequence ?? number,
        pipelineVersion: version,
        mode: .superseded,
        trigger: Trigger(type: .startPipelineExecution, detail: "arn"),
        startedAt: at(Int64(number)),
        firstStage: "Build"
    )
    execution.status = status
    return execution
}

func start(
    _ number: Int,
    execution: Int = 1,
    stage: String = "Build",
    action: String = "make",
    startedAt: Int64 = 10
) -> ActionStart {
    ActionStart(
        id: id(number),
        executionID: id(execution),
        pipelineVersion: 1,
        stageName: stage,
        action: ActionDeclaration(name: action, typeID: buildType),
        resolvedConfiguration: [KeyedValue("target", "all")],
        inputs: [],
        outputs: [],
        startedAt: at(startedAt),
        deadline: at(startedAt + 1000)
    )
}

func attemptRow(_ start: ActionStart, of pipeline: PipelineRow) -> ActionExecutionRow {
    ActionExecutionRow(
        pipelineID: pipeline.id,
        start: start,
        attempt: ActionAttempt(id: start.id, startedAt: start.startedAt)
    )
}

func rule(_ number: Int, of execution: Int = 1, at start: Int64, replacing: Int? = nil) -> RuleExecutionRow {
    RuleExecutionRow(
        pipelineID: id(1),
        start: RuleStart(
            id: id(number),
            executionID: id(execution),
            pipelineVersion: 1,
            stageName: "Build",
            gate: .beforeEntry,
            rule: RuleDeclaration(name: "window", typeID: .deploymentWindow),
            resolvedConfiguration: [KeyedValue("Cron", "* * * * ? *")],
            resolvedCommands: ["true"],
            inputs: [],
            startedAt: at(start),
            deadline: at(start + 60_000),
            replaces: replacing.map { id($0) }
        ),
        run: RuleRun(id: id(number), name: "window", startedAt: at(start))
    )
}

func job(
    _ number: Int,
    of pipeline: PipelineRow,
    createdAt: Int64 = 10,
    queue: JobQueue? = buildQueue,
    queryValue: String? = nil,
    clientID: ClientID? = nil
) -> JobRow {
    JobRow(
        scope: pipeline.key.scope,
        pipelineID: pipeline.id,
        pipelineName: pipeline.key.name,
        queue: queue,
        queryValue: queryValue,
        clientID: clientID,
        continuationToken: "go on",
        jobDeadline: at(99),
        start: start(number),
        job: Job(id: id(number), createdAt: at(createdAt))
    )
}

func timer(_ number: Int, due: Int64, of pipeline: PipelineRow) -> TimerRow {
    TimerRow(
        key: .jobDeadline(id(number)),
        due: at(due),
        pipelineID: pipeline.id,
        pipelineKey: pipeline.key,
        executionID: id(1)
    )
}

func change(bucket: String = "bucket", key: String = "source.zip", at time: Int64 = 5) -> ObjectChange {
    ObjectChange(scope: scope, bucket: bucket, key: ObjectKey(key), versionID: nil, etag: "e", at: at(time))
}

func watch(
    _ action: String,
    of pipeline: PipelineRow,
    key: String = "source.zip",
    cursor: String? = nil
) -> SourceWatchRow {
    SourceWatchRow(
        bucket: "bucket",
        objectKey: key,
        pipelineID: pipeline.id,
        pipelineKey: pipeline.key,
        actionName: action,
        cursor: cursor
    )
}
