// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import PenstockWorker
import ServiceLifecycle
import UnixSignals

/// The code in the articles of PenstockWorker.
enum WorkerSnippets {
    static func runWorker() async throws {
        let type = ActionTypeID(category: .deploy, owner: .custom, provider: "Ship", version: "1")
        let client = CodePipelineClient(configuration: try .loaded())
        let worker = JobWorker(actionType: type, client: client) { job in
            guard let harbour = job.configuration["Harbour"] else {
                throw JobFailure(.configurationError, "Harbour is not set")
            }
            return .success(summary: "Shipped to \(harbour)")
        }
        let logger = Logger(label: "ship")
        try await ServiceGroup(services: [worker], gracefulShutdownSignals: [.sigterm], logger: logger).run()
    }

    static func partnerWorker(_ client: CodePipelineClient, tokens: [String: Sensitive]) -> JobWorker {
        let type = ActionTypeID(category: .test, owner: .thirdParty, provider: "Prober", version: "1")
        return JobWorker(partnerActionType: type, client: client, clientTokens: { tokens[$0] }) { job in
            print("working for", job.clientID ?? "")
            return .success()
        }
    }

    struct Report { var failures = 0, id = "run-42" }

    static func probe(_ url: String) async throws -> Report { Report() }

    static func failingHandler(_ job: WorkerJob) async throws -> JobOutcome {
        guard let url = job.configuration["Url"] else {
            throw JobFailure(.configurationError, "Url is not set")
        }
        let report = try await probe(url)
        guard report.failures == 0 else {
            throw JobFailure(
                .jobFailed, "\(report.failures) probes failed", externalExecutionID: report.id)
        }
        return .success(
            summary: "All probes passed", externalExecutionID: report.id, outputVariables: ["Failures": "0"])
    }

    static func pack(_ source: String, into target: String) async throws {
        try FileManager.default.copyItem(atPath: source, toPath: target)
    }

    static func artifactHandler(_ job: WorkerJob, workspace: String) async throws -> JobOutcome {
        let source = workspace + "/source.zip"
        let built = workspace + "/built.zip"
        for input in job.inputArtifacts { try await job.download(input, to: source) }
        try await pack(source, into: built)
        for output in job.outputArtifacts { try await job.upload(contentsOf: built, to: output) }
        return .success()
    }

    static func smallArtifactHandler(_ job: WorkerJob) async throws -> JobOutcome {
        guard let input = job.inputArtifacts.first, let output = job.outputArtifacts.first else {
            throw JobFailure(.configurationError, "One input and one output are needed")
        }
        let bytes = try await job.contents(of: input, limit: 1 << 20)
        try await job.upload(bytes.reversed(), to: output, contentType: "application/octet-stream")
        return .success()
    }

    /// Stands for something that takes its time elsewhere.
    struct Rollout: Sendable {
        var id = "r-7", percent = 100, isDone = true

        static func begin(_ configuration: [String: String]) async throws -> Rollout {
            Rollout(percent: 0, isDone: false)
        }

        static func change(of id: String, within limit: Duration) async throws -> Rollout { Rollout() }
    }

    static func longHandler(_ job: WorkerJob) async throws -> JobOutcome {
        guard let id = job.continuationToken else {
            let rollout = try await Rollout.begin(job.configuration)
            return .continuation(token: rollout.id, summary: "Rolling out", externalExecutionID: rollout.id)
        }
        let rollout = try await Rollout.change(of: id, within: .seconds(30))
        guard rollout.isDone else { return .continuation(token: id, percentComplete: rollout.percent) }
        return .success(summary: "Rolled out", externalExecutionID: id)
    }

    static func journalWorker(_ client: CodePipelineClient, type: ActionTypeID, directory: String) -> JobWorker {
        var configuration = WorkerConfiguration()
        configuration.journalDirectory = directory
        return JobWorker(actionType: type, client: client, configuration: configuration) { job in
            if job.isResumed, try await Release.exists(named: job.id) { return .success(summary: "Released before") }
            try await Release.make(named: job.id)
            return .success(summary: "Released")
        }
    }

    /// Stands for something that must not be done twice.
    enum Release {
        static func exists(named name: String) async throws -> Bool { false }
        static func make(named name: String) async throws {}
    }

    static func tunedConfiguration() -> WorkerConfiguration {
        var configuration = WorkerConfiguration()
        configuration.maximumConcurrentJobs = 16
        configuration.shortestPollInterval = .seconds(5)
        configuration.watchInterval = .seconds(30)
        return configuration
    }
}
