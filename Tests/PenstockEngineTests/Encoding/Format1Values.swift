// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel

/// Values with every field set that format 1 knows. Golden files hold their bytes, so they do not change.
enum Format1Values {
    static let head: PipelineHead = {
        var head = PipelineHead(declaration: Self.declaration)
        head.nextSequence = 300
        head.gates[0].owner = id(3)
        head.gates[0].latest = id(3)
        head.gates[0].waiting = [id(4), id(5)]
        head.gates[1].latest = id(2)
        head.gates[1].departed = DepartedExecution(id: id(1), status: .stopped)
        head.gates[1].inbound.isEnabled = false
        head.gates[1].inbound.disabledReason = "freeze ❄"
        head.gates[1].inbound.lastChangedBy = mia
        head.gates[1].inbound.lastChangedAt = at(20)
        head.gates[1].inbound.closedSince = at(10)
        head.gates[1].outbound.lastChangedBy = "noa"
        head.gates[1].outbound.lastChangedAt = at(30)
        var removed = StageGate(name: "Old")
        removed.owner = id(6)
        head.removedGates = [removed]
        return head
    }()

    static func execution(_ bare: PipelineExecution = Self.bareExecution) -> PipelineExecution {
        var execution = bare
        execution.updatedAt = at(50)
        execution.status = .stopping
        execution.statusSummary = "The pipeline was updated; waiting for running actions"
        execution.position = .inside
        execution.waitingSince = at(40)
        execution.stageRun = Self.stageRun
        execution.stop = StopRequest(abandon: false, reason: "wrong region", requestedBy: mia)
        execution.cancelledByVersion = 8
        execution.variables = [KeyedValue("Env", "prod"), KeyedValue("Size", "s")]
        execution.boundRevisions = [ActionRevision(actionName: "Get", revision: SourceRevision(revisionID: "v6"))]
        execution.objectKeys = [KeyedValue("Get", "other.zip")]
        execution.sourceRevisions = [
            ActionRevision(actionName: "Get", artifactName: "Source", revision: Self.revision)
        ]
        execution.artifacts = [Self.source]
        execution.outputs = [NamespaceVariables(namespace: "Build", values: [KeyedValue("Tag", "7")])]
        execution.attempt = 3
        return execution
    }

    static let bareExecution = PipelineExecution(
        id: id(3),
        sequence: 299,
        pipelineVersion: 7,
        mode: .queued,
        trigger: Trigger(type: .pollForSourceChanges, detail: "Get"),
        startedAt: at(30),
        firstStage: "Source"
    )

    static let stageRun: StageRun = {
        let actions: [ActionDeclaration] = [.work("Test"), .approval(), .work("Publish", runOrder: 999)]
        var run = StageRun(entering: StageDeclaration(name: "Build", actions: actions), at: at(41))
        run.status = .stopping
        run.actions[0].attempt = Self.attempt
        run.actions[0].previous = id(70)
        run.actions[1].attempt = ActionAttempt(
            id: id(72),
            startedAt: at(43),
            isApproval: true,
            entityURL: "https://staging.example.org"
        )
        run.manualRetries = 2
        return run
    }()

    static let attempt: ActionAttempt = {
        var attempt = ActionAttempt(id: id(71), startedAt: at(42), outputs: [Self.source])
        let progress = ActionProgress(
            summary: "half way",
            externalExecutionID: "run-51",
            percentComplete: 50,
            revision: Self.revision
        )
        attempt.report(progress, at: at(44))
        attempt.end(.failed(.broken), at: at(45))
        return attempt
    }()

    static let start = ActionStart(
        id: id(71),
        executionID: id(3),
        pipelineVersion: 7,
        stageName: "Build",
        action: Self.action,
        resolvedConfiguration: [KeyedValue("target", "all"), KeyedValue("token", ActionDeclaration.maskedValue)],
        inputs: [Self.source],
        outputs: [ArtifactReference(name: "App", location: ObjectLocation(bucket: "artifacts", key: "shop/App/b"))],
        startedAt: at(42),
        deadline: at(86_442),
        boundRevision: Self.revision,
        replaces: id(70)
    )

    static let job: Job = {
        var job = Job(id: id(80), createdAt: at(42))
        job.dispatch(to: mia, nonce: "nonce-1", at: at(46), visibility: .seconds(60))
        _ = job.acknowledge(nonce: "nonce-1", at: at(47))
        job.end(.failed, resultDigest: "digest", at: at(48))
        return job
    }()

    static let revision = SourceRevision(
        revisionID: "v7",
        changeID: "c7",
        summary: "Amazon S3 version id: v7",
        url: "https://e/v7",
        created: at(29)
    )

    static let source = ArtifactReference(
        name: "Source",
        location: ObjectLocation(bucket: "artifacts", key: "shop/Source/a.zip", versionID: "v7")
    )
}
