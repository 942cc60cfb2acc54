// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockAccess
import PenstockModel
import PenstockRuntime
import PenstockStore

/// A runtime on memory and a clock moved by hand, with one account in it.
struct RuntimeFixture {
    let store: MemoryStore
    let clock = ManualServiceClock()
    let context: RuntimeContext
    let pipelines: PipelineService
    let jobs: JobService
    let connections: ConnectionService
    let call: CallContext

    static let customType = ActionTypeID(category: .test, owner: .custom, provider: "Checker", version: "1")
    static let partnerType = ActionTypeID(category: .test, owner: .thirdParty, provider: "Partner", version: "1")

    init(settings: RuntimeSettings = RuntimeSettings()) async throws {
        self.store = MemoryStore()
        guard let key = MasterKey(bytes: Array(repeating: 7, count: MasterKey.byteCount)) else {
            throw Rejection(.validation, "the key has the wrong length")
        }
        self.context = RuntimeContext(
            store: self.store, clock: self.clock, pollClock: ContinuousClock(), masterKey: key,
            settings: settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        self.pipelines = PipelineService(context: self.context)
        self.jobs = JobService(context: self.context)
        self.connections = ConnectionService(context: self.context)
        self.call = CallContext(
            scope: Scope(account: .default, region: .default),
            principal: "arn:aws:iam::000000000000:user/mia",
            requestID: "request"
        )
        try await self.register(Self.customType)
        try await self.register(
            Self.partnerType,
            executor: ActionTypeExecutor(
                kind: .jobWorker(pollingAccounts: [AccountID.default.rawValue], pollingServicePrincipals: [])
            )
        )
    }

    func register(
        _ id: ActionTypeID,
        properties: [ActionTypeProperty] = [],
        executor: ActionTypeExecutor? = nil
    ) async throws {
        let row = ActionTypeRow(
            region: .default,
            account: .default,
            definition: ActionTypeDefinition(
                id: id,
                properties: properties,
                inputArtifacts: ArtifactCount(0, 5),
                outputArtifacts: ArtifactCount(0, 5),
                executor: executor
            ),
            document: [],
            created: self.clock.now
        )
        try await self.store.write { try $0.putActionType(row) }
        self.context.catalog.invalidate()
    }

    /// Creates a pipeline with one action in each of two stages, and starts its first execution.
    func createPipeline(
        named name: String = "shop",
        type: ActionTypeID = Self.customType,
        configuration: [KeyedValue] = [],
        secrets: [SecretValue] = [],
        onFailure: FailureHandling? = nil
    ) async throws {
        let stages = ["Build", "Release"].map { stage in
            StageDeclaration(
                name: stage,
                actions: [ActionDeclaration(name: "Work", typeID: type, configuration: configuration)],
                onFailure: onFailure
            )
        }
        let declaration = PipelineDeclaration(
            name: name,
            artifactStores: [ArtifactStoreDeclaration(bucket: "artifacts")],
            stages: stages
        )
        let definition = PipelineDefinition(declaration: declaration, secrets: secrets, masked: []) { _ in [] }
        _ = try await self.pipelines.create(self.call, definition, tags: [])
    }

    func poll(
        _ type: ActionTypeID = Self.customType,
        query: [KeyedValue] = [],
        limit: Int = 10
    ) async throws -> [JobDetails] {
        try await self.jobs.pollForJobs(self.call, type: type, query: query, limit: limit, wait: .zero)
    }

    /// Takes the next job, acknowledged.
    func takeJob() async throws -> JobDetails? {
        guard let job = try await self.poll(limit: 1).first, let nonce = job.nonce else { return nil }
        _ = try await self.jobs.acknowledge(self.call, job.id, nonce: nonce, proof: .sameAccount)
        return job
    }

    func fail(_ job: JobID, message: String = "3 tests failed", proof: WorkerProof = .sameAccount) async throws {
        let failure = FailureDetails(type: .jobFailed, message: message)
        try await self.jobs.complete(
            self.call, job, .failure(failure, externalExecutionID: "run-42"), operation: "PutJobFailureResult",
            proof: proof)
    }

    func succeed(_ job: JobID, token: String? = nil, variables: [KeyedValue] = []) async throws {
        try await self.jobs.complete(
            self.call,
            job,
            .success(ActionProgressFixture.done, continuationToken: token, outputVariables: variables),
            operation: "PutJobSuccessResult",
            proof: .sameAccount
        )
    }
}
