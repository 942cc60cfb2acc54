// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
public import PenstockClient
public import ServiceLifecycle

/// What a test waited for did not happen in time.
public struct TestTimeout: Error, Sendable, CustomStringConvertible {
    /// What it was, and how things stood.
    public var message: String

    /// The message.
    public var description: String { self.message }
}

extension TestServer {
    private static let lookInterval = Duration.milliseconds(5)

    /// Waits until a pipeline's latest execution has come to its end, whichever it is.
    ///
    /// - Throws: ``TestTimeout`` when it goes on for longer than the limit, or when there is none in that time.
    public func finishedExecution(
        of pipeline: String, within limit: Duration = .seconds(60)
    ) async throws -> PipelineExecutionSummary {
        let client = CodePipelineClient(configuration: self.clientConfiguration)
        let deadline = ContinuousClock.now + limit
        while true {
            let page = try await client.listPipelineExecutions(pipelineName: pipeline, maxResults: 1)
            let latest = page.pipelineExecutionSummaries?.first
            let running: [PipelineExecutionStatus?] = [.inProgress, .stopping, nil]
            if let latest, !running.contains(latest.status) { return latest }
            guard ContinuousClock.now < deadline else {
                let status = latest?.status?.rawValue ?? "not there"
                throw TestTimeout(message: "The execution of \(pipeline) is \(status) after \(limit)")
            }
            try await Task.sleep(for: Self.lookInterval)
        }
    }

    /// Runs a service, such as a job worker, while the body runs; then asks it to finish, and returns when it has.
    public func running<Result: Sendable>(
        _ service: any Service, _ body: () async throws -> Result
    ) async throws -> Result {
        let logger = Logger(label: "penstock.testing") { _ in SwiftLogNoOpLogHandler() }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: logger))
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let result = try await body()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return result
        }
    }
}
