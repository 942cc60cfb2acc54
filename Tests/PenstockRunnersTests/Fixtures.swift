// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import NIOCore
import NIOPosix
import PenstockAccess
import PenstockArtifacts
import PenstockEngine
import PenstockModel
import PenstockRunners
import PenstockRuntime
import PenstockStore
import Testing

/// A runtime in memory with the runners of the service, and an account with two buckets.
final class RunnerFixture {
    static let bucket = "sources"
    static let key = "shop/source.zip"
    static let artifactBucket = "artifacts"

    let clock = ManualServiceClock()
    let context: RuntimeContext
    let artifacts: ArtifactStore
    let runners: RunnerService
    let effects: EffectService
    let call: CallContext
    private let directory: String

    var caller: ArtifactStore.Caller { ArtifactStore.Caller(scope: self.call.scope) }

    /// - Parameter others: Runners besides those of the service.
    init(
        store: any Store = MemoryStore(),
        versioning: Bool = true,
        probe: (any SourceProbe)? = nil,
        others: (ArtifactStore) -> [any ActionRunner] = { _ in [] }
    ) async throws {
        let clock = self.clock
        let masterKey = try #require(MasterKey(bytes: Array(repeating: 7, count: MasterKey.byteCount)))
        self.directory = FileManager.default.temporaryDirectory.path + "/penstock-runners-\(UUID().uuidString)"
        let blobs = try await BlobStore(directory: self.directory, threads: .singleton)
        self.artifacts = ArtifactStore(index: store, blobs: blobs, now: { clock.now }) {
            var generator = SystemRandomNumberGenerator()
            return UniqueID.random(using: &generator)
        }
        let runners = ServiceRunners.all(artifacts: self.artifacts) + others(self.artifacts)
        var settings = RuntimeSettings()
        settings.runnableTypes = Set(runners.flatMap(\.types))
        self.context = RuntimeContext(
            store: store, clock: clock, pollClock: ContinuousClock(), masterKey: masterKey, settings: settings,
            probe: probe, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        self.runners = RunnerService(context: self.context, runners: runners)
        self.effects = EffectService(context: self.context)
        self.call = CallContext(
            scope: Scope(account: .default, region: .default), principal: "arn:aws:iam::000000000000:user/mia",
            requestID: "request")
        try await self.artifacts.createBucket(Self.artifactBucket, as: self.caller)
        try await self.artifacts.createBucket(Self.bucket, as: self.caller)
        if versioning { try await self.artifacts.setVersioning(enabled: true, of: Self.bucket, as: self.caller) }
    }

    deinit { try? FileManager.default.removeItem(atPath: self.directory) }

    /// Puts a version of the source, and returns its revision.
    @discardableResult
    func put(_ content: String, to key: String = key, metadata: [KeyedValue] = []) async throws -> String {
        let name = ObjectName(bucket: Self.bucket, key: ObjectKey(key))
        let written = try await self.artifacts.put(
            name, details: ObjectDetails(metadata: metadata), as: self.caller
        ) { writer in
            try await writer.write(ByteBuffer(string: content))
            return nil
        }
        return written.versionID?.rawValue ?? written.etag
    }

    /// A source action.
    static func source(
        _ name: String = "Get",
        bucket: String = bucket,
        key: String = key,
        polls: String? = nil,
        output: String = "Code"
    ) -> ActionDeclaration {
        var configuration = [KeyedValue("S3Bucket", bucket), KeyedValue("S3ObjectKey", key)]
        if let polls { configuration.append(KeyedValue("PollForSourceChanges", polls)) }
        return ActionDeclaration(
            name: name, typeID: .s3Source, configuration: configuration, outputArtifacts: [output])
    }

    /// A pipeline with the source actions and one action after them.
    private static func definition(
        _ sources: [ActionDeclaration],
        artifactBucket: String = artifactBucket,
        then next: ActionDeclaration = ActionDeclaration(name: "Ask", typeID: .manualApproval)
    ) -> PipelineDefinition {
        let declaration = PipelineDeclaration(
            name: "shop",
            artifactStores: [ArtifactStoreDeclaration(bucket: artifactBucket)],
            stages: [
                StageDeclaration(name: "Source", actions: sources),
                StageDeclaration(name: "Release", actions: [next]),
            ]
        )
        return PipelineDefinition(declaration: declaration, secrets: [], masked: []) { _ in [] }
    }

    /// Creates a pipeline with one source action, whose output is `Code`, and one action after it.
    func createPipeline(
        bucket: String = RunnerFixture.bucket,
        artifactBucket: String = RunnerFixture.artifactBucket,
        polls: String? = nil,
        then next: ActionDeclaration = ActionDeclaration(name: "Ask", typeID: .manualApproval)
    ) async throws {
        let source = Self.source(bucket: bucket, polls: polls)
        let definition = Self.definition([source], artifactBucket: artifactBucket, then: next)
        _ = try await PipelineService(context: self.context).create(self.call, definition, tags: [])
    }

    func createPipeline(_ sources: [ActionDeclaration]) async throws {
        let definition = Self.definition(sources)
        _ = try await PipelineService(context: self.context).create(self.call, definition, tags: [])
    }

    /// Puts a version with these source actions in force.
    func updatePipeline(_ sources: ActionDeclaration...) async throws {
        let definition = Self.definition(sources)
        _ = try await PipelineService(context: self.context).update(self.call, definition)
    }

    /// Starts the pipeline as a user does.
    func startPipeline() async throws {
        let trigger = Trigger(type: .startPipelineExecution, detail: self.call.principal)
        let service = PipelineService(context: self.context)
        _ = try await service.start(self.call, name: "shop", trigger: trigger, token: nil)
    }

    /// Starts what is owed, and runs what can be run.
    func work() async throws {
        try await self.effects.performOwedEffects()
        await self.runners.carryOutClaimableJobs()
    }

    /// Newest first.
    func executions() async throws -> [ExecutionRow] {
        let key = self.call.pipeline("shop")
        return try await self.context.store.read { reader in
            let id = try #require(try reader.pipelineSummary(key)).id
            return try reader.executionRows(of: id, before: nil, succeededIn: nil, limit: 10)
        }
    }

    /// The attempts of an action, the source action's unless another is named, newest first.
    func attempts(of action: String = "Get") async throws -> [ActionExecutionRow] {
        let key = self.call.pipeline("shop")
        return try await self.context.store.read { reader in
            let id = try #require(try reader.pipelineSummary(key)).id
            return try reader.actionExecutionRows(of: id, .all, after: nil, limit: 10)
                .filter { $0.start.action.name == action }
        }
    }

    /// The content of an object.
    func content(_ location: ObjectLocation) async throws -> String {
        let name = ObjectName(bucket: location.bucket, key: ObjectKey(location.key))
        let found = try await self.artifacts.object(name, as: self.caller)
        var text = ""
        for try await part in try await self.artifacts.body(of: found.row) { text += String(buffer: part) }
        return text
    }
}
