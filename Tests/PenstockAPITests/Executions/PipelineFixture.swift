// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockEngine
import PenstockModel
import PenstockRuntime
import PenstockStore
import struct PenstockWire.WireTimestamp
import Testing

extension ActionTypeID {
    /// Sources that a worker of the customer's own fetches.
    static let fetcher = Self(category: .source, owner: .custom, provider: "Fetcher", version: "1")
}

extension StageDeclaration {
    static func stage(_ name: String, _ actions: ActionDeclaration...) -> Self { Self(name: name, actions: actions) }
}

extension ActionDeclaration {
    /// What a worker does.
    static func work(
        _ name: String = "Work",
        type: ActionTypeID = .checker,
        runOrder: Int = 1,
        configuration: KeyValuePairs<String, String> = [:],
        inputs: [String] = [],
        outputs: [String] = [],
        namespace: String? = nil
    ) -> Self {
        Self(
            name: name,
            typeID: type,
            runOrder: runOrder,
            configuration: configuration.map { KeyedValue($0.key, $0.value) },
            inputArtifacts: inputs,
            outputArtifacts: outputs,
            namespace: namespace
        )
    }

    /// What a person decides.
    static func approval(
        _ name: String = "SignOff",
        runOrder: Int = 1,
        configuration: KeyValuePairs<String, String> = [:],
        timeoutInMinutes: Int? = nil
    ) -> Self {
        Self(
            name: name,
            typeID: .manualApproval,
            runOrder: runOrder,
            configuration: configuration.map { KeyedValue($0.key, $0.value) },
            timeoutInMinutes: timeoutInMinutes
        )
    }

    /// An object that starts the pipeline, or does not.
    static func object(_ name: String = "Get", polls: Bool = true, allowsOtherKeys: Bool = false) -> Self {
        Self(
            name: name,
            typeID: .s3Source,
            configuration: [
                KeyedValue("S3Bucket", "sources"), KeyedValue("S3ObjectKey", "app.zip"),
                KeyedValue("PollForSourceChanges", "\(polls)"),
                KeyedValue("AllowOverrideForS3ObjectKey", "\(allowsOtherKeys)"),
            ],
            outputArtifacts: ["Source"]
        )
    }
}

extension APITestBed {
    /// A bed with the pipeline `shop` and the worker's type, and the execution that its creation started.
    static func withPipeline(
        _ stages: StageDeclaration...,
        type: PipelineType = .v2,
        mode: ExecutionMode = .superseded,
        variables: [VariableDeclaration] = [],
        settings: RuntimeSettings = RuntimeSettings()
    ) async throws -> (bed: APITestBed, first: String) {
        let bed = try await APITestBed(settings: settings)
        try await bed.register()
        try await bed.register(.fetcher)
        let declaration = Self.declaration(stages, type: type, mode: mode, variables: variables)
        let first = try await bed.createPipeline(declaration)
        return (bed, first?.description ?? "")
    }

    static func declaration(
        _ stages: [StageDeclaration],
        named name: String = "shop",
        type: PipelineType = .v2,
        mode: ExecutionMode = .superseded,
        variables: [VariableDeclaration] = []
    ) -> PipelineDeclaration {
        PipelineDeclaration(
            name: name,
            pipelineType: type,
            executionMode: mode,
            artifactStores: [ArtifactStoreDeclaration(bucket: "artifacts")],
            variables: variables,
            stages: stages
        )
    }

    /// Creates a pipeline beside `shop`, and returns its first execution.
    func createOtherPipeline() async throws -> String {
        try #require(try await self.createPipeline("other")).description
    }

    /// Puts another version of `shop` in force.
    func update(_ stages: StageDeclaration..., mode: ExecutionMode = .superseded) async throws {
        let definition = PipelineDefinition(
            declaration: Self.declaration(stages, mode: mode), secrets: [], masked: []
        ) { _ in [] }
        _ = try await self.pipelines.update(self.caller(), definition)
    }

    /// What the one open job of the pipeline was started with.
    func openJob() async throws -> JobRow {
        let rows = try await self.store.read { try $0.openJobs(in: self.caller().scope, after: nil, limit: 2) }
        try #require(rows.count == 1)
        return rows[0]
    }
}

/// What the runner of S3 sources does, without objects.
extension APITestBed {
    /// Reports that the open source action found this revision.
    func finishSource(revision: String) async throws {
        let row = try await self.openJob()
        let claim = JobClaim(queue: try #require(row.queue), limit: 1)
        let claimed = try await self.jobs.claim(claim, principal: "runner")
        let job = try #require(claimed.first?.row.job)
        let found = SourceRevision(revisionID: revision, summary: "Amazon S3 version id: \(revision)")
        let progress = ActionProgress(summary: found.summary, externalExecutionID: revision, revision: found)
        let result = JobResult.success(progress, continuationToken: nil, outputVariables: [])
        #expect(try await self.jobs.completeRun(job.id, dispatch: job.dispatch, result))
    }

    /// The revision that the source has seen last.
    func sourceCursor() async throws -> String? {
        let key = self.caller().pipeline("shop")
        return try await self.store.read { reader in
            let id = try #require(try reader.pipelineSummary(key)).id
            return try #require(try reader.sourceWatches(of: id).first).cursor
        }
    }
}

extension APITestBed {
    var now: WireTimestamp {
        WireTimestamp(clampingMilliseconds: self.clock.now.millisecondsSinceEpoch)
    }

    /// Moves the clock, and leaves what is due undone.
    func pass(time: Duration) { self.clock.advance(by: time) }

    /// Creates the pipeline `shop` whose action has a secret.
    func createPipelineWithSecret(_ key: String, _ value: String) async throws {
        try await self.createPipeline(
            configuration: [KeyedValue(key, ActionDeclaration.maskedValue)],
            secrets: [SecretValue(stageName: "Build", actionName: "Work", key: key, value: value)]
        )
    }

    /// Creates a pipeline that waits for approvals in the same places as `shop`.
    func createPipelineLikeShop(named name: String) async throws {
        try await self.createPipeline(
            Self.declaration([.stage("Build", .work()), .stage("Release", .approval())], named: name))
    }
}

extension APITestBed {
    /// Puts the object that ``PenstockModel/ActionDeclaration/object(_:polls:allowsOtherKeys:)`` watches.
    func putSourceObject() async throws {
        let (scope, now, key) = (self.caller().scope, self.clock.now, ObjectKey("app.zip"))
        let version = ObjectVersionRow(
            bucket: "sources",
            key: key,
            versionID: VersionID("v1"),
            sizeBytes: 1,
            etag: "e",
            lastModified: now,
            details: ObjectDetails()
        )
        let change = ObjectChange(
            scope: scope, bucket: "sources", key: key, versionID: version.versionID, etag: "e", at: now)
        try await self.createSourceBucket()
        try await self.store.withArtifacts { transaction throws in
            try transaction.insertVersion(version)
            try transaction.oweSourceEvent(change)
        }
    }

    /// Makes the bucket of that object, if it is not there.
    func createSourceBucket(of identity: TestIdentity = .customer) async throws {
        let (scope, now) = (self.caller(identity).scope, self.clock.now)
        try await self.store.withArtifacts { transaction throws in
            _ = try transaction.insertBucket(
                BucketRow(name: "sources", scope: scope, created: now, versioning: .enabled))
        }
    }
}
