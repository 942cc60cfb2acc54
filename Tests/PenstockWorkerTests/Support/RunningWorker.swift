// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockSigning
import PenstockTesting
import ServiceLifecycle

@testable import PenstockWorker

/// A client of a service that a test plays; it sends each call once, so that a test sees what the worker repeats.
func client(
    of service: PlayedService, pacing: ManualPacing = ManualPacing(), policy: RetryPolicy = .never,
    artifactEndpoint: String? = "http://127.0.0.1:7480"
) -> CodePipelineClient {
    let credentials = SigningCredentials(accessKeyID: "AKIDWORKER", secretAccessKey: SecretAccessKey("worker-secret"))
    var configuration = ClientConfiguration(region: "eu-west-1", credentials: StaticCredentials(credentials))
    configuration.artifactEndpoint = artifactEndpoint.flatMap { Endpoint($0) }
    configuration.retryPolicy = policy
    return CodePipelineClient(configuration: configuration, transport: service.transport, pacing: pacing.pacing)
}

extension WorkerConfiguration {
    /// Small, so that a test's upload in parts is.
    static let testPartBytes = 64 << 10

    /// With times that no other wait of a test has.
    static func test(concurrentJobs: Int = 4, journal: String? = nil) -> WorkerConfiguration {
        var configuration = WorkerConfiguration()
        configuration.maximumConcurrentJobs = concurrentJobs
        configuration.journalDirectory = journal
        configuration.watchInterval = .seconds(45)
        configuration.transferStallLimit = .seconds(70)
        configuration.uploadPartBytes = Self.testPartBytes
        return configuration
    }
}

func worker(
    _ service: PlayedService, _ configuration: WorkerConfiguration = .test(), pacing: ManualPacing = ManualPacing(),
    client given: CodePipelineClient? = nil,
    clientTokens: @escaping @Sendable (String) async throws -> Sensitive? = { id in
        id == PlayedService.clientID ? PlayedService.clientToken : nil
    },
    handler: @escaping JobWorker.Handler
) -> JobWorker {
    let client = given ?? client(of: service, pacing: pacing)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    switch service.family {
    case .custom:
        return JobWorker(
            actionType: service.family.actionType, client: client, configuration: configuration, logger: logger,
            handler: handler)
    case .partner:
        return JobWorker(
            partnerActionType: service.family.actionType, client: client, configuration: configuration,
            logger: logger, clientTokens: clientTokens, handler: handler)
    }
}

/// A worker at work.
struct RunningWorker: Sendable {
    private let group: ServiceGroup

    /// Runs a worker while the body runs, then asks it to finish; returns when it has.
    static func run<Result: Sendable>(
        _ worker: JobWorker, _ body: (RunningWorker) async throws -> Result
    ) async throws -> Result {
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: worker, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let result = try await body(RunningWorker(group: group))
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return result
        }
    }

    /// Runs a worker while the body runs, then cuts it off as a crash would; returns when nothing of it is left.
    static func crash(_ worker: JobWorker, after body: @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await worker.run() }
            try await body()
            tasks.cancelAll()
            try await tasks.waitForAll()
        }
    }

    /// Asks the worker to finish, as SIGTERM does; returns at once.
    func beginShutdown() async { await self.group.triggerGracefulShutdown() }
}
