// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import Logging
public import PenstockClient
public import ServiceLifecycle
import Synchronization

/// How a worker polls, how much it does at once and how it watches what it does.
public struct WorkerConfiguration: Sendable {
    /// How many jobs are worked on at once; the worker polls only while it has room.
    public var maximumConcurrentJobs = 4
    /// How long the service is asked to hold an empty poll; `nil` polls at intervals alone. AWS ignores it.
    public var longPoll: Duration? = .seconds(20)
    /// The wait after an empty poll that was answered at once; it doubles while there is nothing.
    public var shortestPollInterval: Duration = .seconds(1)
    /// The longest wait between polls.
    public var longestPollInterval: Duration = .seconds(30)
    /// How often the worker looks whether a job it works on still exists.
    public var watchInterval: Duration = .seconds(60)
    /// How often a report that was not answered is sent again before the worker gives the job up.
    public var maximumReportAttempts = 2000

    /// Creates the defaults.
    public init() {}
}

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
/// Graceful shutdown stops polling and finishes what the worker holds; cancellation abandons it.
public struct JobWorker: Service {
    /// Does the work; throws ``JobFailure`` when the job failed. It is cancelled when the job is gone.
    public typealias Handler = @Sendable (WorkerJob) async throws -> JobOutcome

    private let family: any JobFamily
    private let configuration: WorkerConfiguration
    private let pacing: Pacing
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
        self.init(
            family: CustomJobs(client: client, actionType: actionType, queryParameters: queryParameters),
            configuration: configuration, pacing: .real(), logger: logger, handler: handler)
    }

    /// Creates a worker for a partner's action type, for all customers who connected it.
    ///
    /// - Parameter clientTokens: Finds a customer's client token by the client id; nothing when there is none.
    public init(
        partnerActionType: ActionTypeID, client: CodePipelineClient,
        configuration: WorkerConfiguration = WorkerConfiguration(), logger: Logger = Logger(label: "penstock.worker"),
        clientTokens: @escaping @Sendable (String) async throws -> Sensitive?, handler: @escaping Handler
    ) {
        self.init(
            family: PartnerJobs(client: client, actionType: partnerActionType, clientTokens: clientTokens),
            configuration: configuration, pacing: .real(), logger: logger, handler: handler)
    }

    init(
        family: any JobFamily, configuration: WorkerConfiguration, pacing: Pacing, logger: Logger,
        handler: @escaping Handler
    ) {
        self.family = family
        self.configuration = configuration
        self.pacing = pacing
        self.logger = logger
        self.handler = handler
    }

    /// Works until graceful shutdown or cancellation.
    public func run() async throws {
        let (polled, intake) = AsyncStream.makeStream(of: (JobReference, JobContent?).self)
        let capacity = Capacity(limit: max(1, self.configuration.maximumConcurrentJobs))
        await withDiscardingTaskGroup { group in
            group.addTask {
                await cancelWhenGracefulShutdown { await self.poll(into: intake, capacity: capacity) }
                intake.finish()
            }
            for await (reference, content) in polled {
                group.addTask {
                    await self.work(on: reference, content)
                    capacity.release()
                }
            }
        }
    }

    // MARK: Polling

    private func poll(into intake: AsyncStream<(JobReference, JobContent?)>.Continuation, capacity: Capacity) async {
        let configuration = self.configuration
        var pacer = PollPacer(
            shortest: configuration.shortestPollInterval, longest: configuration.longestPollInterval,
            heldThreshold: (configuration.longPoll ?? .seconds(20)) / 2)
        while !Task.isCancelled, let room = await capacity.room() {
            let start = self.pacing.uptime()
            var result = PollPacer.Result.failure
            do {
                let jobs = try await self.family.poll(
                    maximum: room, options: CallOptions(longPoll: configuration.longPoll))
                capacity.take(jobs.count)
                for job in jobs { intake.yield(job) }
                result = jobs.isEmpty ? .nothing(after: self.pacing.uptime() - start) : .jobs
            } catch {
                guard !Task.isCancelled else { return }
                self.logger.warning("A poll failed", metadata: ["error": "\(error)"])
            }
            let wait = pacer.wait(after: result, chance: self.pacing.chance())
            if wait > .zero { try? await self.pacing.sleep(wait) }
        }
    }

    // MARK: One job

    private enum Ending: Sendable {
        case finished(Result<JobOutcome, JobFailure>)
        case gone
        case abandoned
    }

    private func work(on polled: JobReference, _ content: JobContent?) async {
        var logger = self.logger
        logger[metadataKey: "job"] = "\(polled.jobID)"
        do {
            var (reference, content) = (polled, content)
            if content == nil {
                guard let details = try await self.family.details(polled) else { return }
                (reference, content) = (details.0, details.1)
            }
            guard let content, try await self.acknowledge(reference) else {
                logger.debug("The job is somebody else's")
                return
            }
            switch await self.handle(reference, content, logger: logger) {
            case .finished(let result): await self.report(result, of: reference, logger: logger)
            case .gone: logger.notice("The job is gone; its work was cancelled")
            case .abandoned: logger.notice("The job was abandoned, since the worker was cancelled")
            }
        } catch {
            logger.warning("The job could not be taken", metadata: ["error": "\(error)"])
        }
    }

    /// A lost answer must not leave a job that the service believes is ours: the same nonce may be sent again.
    private func acknowledge(_ reference: JobReference) async throws -> Bool {
        let attempts = 5
        for _ in 1..<attempts {
            do {
                return try await self.family.acknowledge(reference)
            } catch let error as any OperationError where error.callFailure?.code == .unreachable {
                try await self.pacing.sleep(self.configuration.shortestPollInterval)
            }
        }
        return try await self.family.acknowledge(reference)
    }

    private func handle(_ reference: JobReference, _ content: JobContent, logger: Logger) async -> Ending {
        let family = self.family
        let job = WorkerJob(content, reference: reference) { try await family.details(reference)?.1.credentials }
        return await withTaskGroup(of: Ending.self) { group in
            group.addTask { await self.outcome(of: job, logger: logger) }
            group.addTask { await self.watch(reference) }
            let first = await group.next() ?? .abandoned
            group.cancelAll()
            return first
        }
    }

    private func outcome(of job: WorkerJob, logger: Logger) async -> Ending {
        do {
            return .finished(.success(try await self.handler(job)))
        } catch let failure as JobFailure {
            return .finished(.failure(failure))
        } catch {
            guard !Task.isCancelled else { return .abandoned }
            logger.error("The handler threw an unexpected error", metadata: ["error": "\(error)"])
            return .finished(
                .failure(JobFailure(.jobFailed, "The job worker met an unexpected error: \(type(of: error))")))
        }
    }

    /// Returns when the job is gone or the work is over.
    private func watch(_ reference: JobReference) async -> Ending {
        while true {
            do { try await self.pacing.sleep(self.configuration.watchInterval) } catch { return .abandoned }
            do {
                if try await self.family.details(reference) == nil { return .gone }
            } catch {
                if Task.isCancelled { return .abandoned }
                self.logger.debug("A look at the job failed", metadata: ["error": "\(error)"])
            }
        }
    }

    // MARK: Reporting

    /// Reports until the service accepts or refuses, or the worker is cancelled.
    private func report(_ result: Result<JobOutcome, JobFailure>, of reference: JobReference, logger: Logger) async {
        var result = result
        var pacer = PollPacer(
            shortest: self.configuration.shortestPollInterval, longest: self.configuration.longestPollInterval,
            heldThreshold: .seconds(20))
        for _ in 0..<self.configuration.maximumReportAttempts {
            do {
                switch result {
                case .success(let outcome): try await self.family.succeed(reference, outcome)
                case .failure(let failure): try await self.family.fail(reference, failure.details)
                }
                return
            } catch let error as any OperationError where error.isModelled {
                guard case .success = result, let refusal = error.serviceError,
                    refusal.code == .validation || refusal.code == .outputVariablesSizeExceeded
                else {
                    logger.notice("The result was refused", metadata: ["error": "\(error)"])
                    return
                }
                // The job is still ours: an end that says why is better than a timeout.
                result = .failure(JobFailure(.jobFailed, "The worker's result was refused: \(refusal.message)"))
            } catch {
                guard !Task.isCancelled else { return }
                logger.warning("A report failed and is repeated", metadata: ["error": "\(error)"])
                try? await self.pacing.sleep(pacer.wait(after: .failure, chance: self.pacing.chance()))
            }
        }
        logger.error("The result could not be reported")
    }
}

/// How many more jobs a worker may take.
final class Capacity: Sendable {
    private let limit: Int
    private let inUse = Mutex(0)
    private let released: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init(limit: Int) {
        self.limit = limit
        (self.released, self.signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Waits until there is room; nothing when the task is cancelled. One task alone may wait.
    func room() async -> Int? {
        var iterator = self.released.makeAsyncIterator()
        while true {
            let free = self.limit - self.inUse.withLock { $0 }
            if free > 0 { return free }
            guard await iterator.next() != nil else { return nil }
        }
    }

    func take(_ count: Int) {
        self.inUse.withLock { $0 += count }
    }

    func release() {
        self.inUse.withLock { $0 -= 1 }
        self.signal.yield()
    }
}
