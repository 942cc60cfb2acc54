// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import Logging
public import PenstockClient
public import ServiceLifecycle

/// A job worker: polls, acknowledges, hands each job to a closure, and reports what comes of it.
///
/// ```swift
/// let worker = JobWorker(actionType: type, client: client) { job in
///     guard let host = job.configuration["Host"] else { throw JobFailure(.configurationError, "Host is not set") }
///     try await deploy(to: host)
///     return .success(summary: "Deployed to \(host)")
/// }
/// try await ServiceGroup(services: [worker], gracefulShutdownSignals: [.sigterm], logger: logger).run()
/// ```
///
/// Graceful shutdown stops polling and finishes what the worker holds; cancellation abandons it. With a
/// ``WorkerConfiguration/journalDirectory`` the next start goes on with what was abandoned, or left by a crash.
public struct JobWorker: Service {
    /// Does the work; throws ``JobFailure`` when the job failed. It is cancelled when the job is gone.
    public typealias Handler = @Sendable (WorkerJob) async throws -> JobOutcome

    private let family: any JobFamily
    private let configuration: WorkerConfiguration
    private let client: CodePipelineClient
    private let logger: Logger
    private let handler: Handler

    /// Creates a worker for a custom action type of the client's own account.
    ///
    /// - Parameter queryParameters: The type's queryable property and its value, when it has one.
    public init(
        actionType: ActionTypeID, queryParameters: [String: String]? = nil, client: CodePipelineClient,
        configuration: WorkerConfiguration = WorkerConfiguration(), logger: Logger = Logger(label: "penstock.worker"),
        handler: @escaping Handler
    ) {
        self.family = CustomJobs(client: client, actionType: actionType, queryParameters: queryParameters)
        self.configuration = configuration
        self.client = client
        self.logger = logger
        self.handler = handler
    }

    /// Creates a worker for a partner's action type, for all customers who connected it.
    ///
    /// - Parameter clientTokens: Finds a customer's client token by the client id; nothing when there is none.
    public init(
        partnerActionType: ActionTypeID, client: CodePipelineClient,
        configuration: WorkerConfiguration = WorkerConfiguration(), logger: Logger = Logger(label: "penstock.worker"),
        clientTokens: @escaping @Sendable (String) async throws -> Sensitive?, handler: @escaping Handler
    ) {
        self.family = PartnerJobs(client: client, actionType: partnerActionType, clientTokens: clientTokens)
        self.configuration = configuration
        self.client = client
        self.logger = logger
        self.handler = handler
    }

    /// Works until graceful shutdown or cancellation.
    ///
    /// - Throws: ``JournalError`` when there is to be a journal and it cannot be kept.
    public func run() async throws {
        let journal = try await self.openJournal()
        let files = try await journal?.files() ?? []
        let (jobs, intake) = AsyncStream.makeStream(of: IncomingJob.self)
        let capacity = Capacity(limit: max(1, self.configuration.maximumConcurrentJobs))
        let poller = Poller(
            family: self.family, configuration: self.configuration, pacing: self.client.pacing, logger: self.logger,
            capacity: capacity, intake: intake)
        let runner = JobRunner(
            family: self.family, configuration: self.configuration, pacing: self.client.pacing, journal: journal,
            store: S3Caller(self.client, self.configuration), logger: self.logger, handler: self.handler)
        await withDiscardingTaskGroup { group in
            group.addTask {
                await cancelWhenGracefulShutdown { await poller.run(journal, files) }
                intake.finish()
            }
            for await job in jobs {
                group.addTask {
                    await runner.run(job)
                    capacity.release()
                }
            }
        }
    }

    private func openJournal() async throws -> JobJournal? {
        guard let directory = self.configuration.journalDirectory else { return nil }
        return try await JobJournal.open(directory, self.family.actionType)
    }
}
