// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import PenstockClient
internal import PenstockWire
internal import PenstockWorker
internal import Synchronization

/// The partner's worker, as a partner writes it: its first run finds something, its second does not.
final class LoadTestWorker: Sendable {
    static let failure = JobFailure(
        .jobFailed, "3 of 128 checks failed: the payment sandbox did not answer", externalExecutionID: "run-1041")
    static let summary = "128 of 128 checks passed"
    static let passedRun = "run-1042"

    /// A job that it took.
    struct Taken: Sendable {
        var jobID: String
        /// How much of the customer's revision it read.
        var byteCount: Int
    }

    private let partner: DemoPartner
    private let taken = Mutex<[Taken]>([])

    init(_ partner: DemoPartner) { self.partner = partner }

    /// What it has taken, the oldest first.
    var jobs: [Taken] { self.taken.withLock { $0 } }

    /// Works until it is cancelled.
    func run() async throws {
        let (clientID, clientToken) = (self.partner.clientID, self.partner.clientToken)
        let worker = JobWorker(
            partnerActionType: DemoDeclarations.loadTestID, client: self.partner.client, logger: .silent,
            clientTokens: { $0 == clientID ? clientToken : nil }
        ) { job in
            guard let input = job.inputArtifacts.first else { throw JobFailure(.configurationError, "No input") }
            let revision = try await job.contents(of: input)
            let round = self.taken.withLock { taken in
                taken.append(Taken(jobID: job.id, byteCount: revision.count))
                return taken.count
            }
            guard round > 1 else { throw Self.failure }
            return .success(summary: Self.summary, externalExecutionID: Self.passedRun)
        }
        try await worker.run()
    }
}

/// The worker of the customer's own action type.
final class DeployWorker: Sendable {
    private let client: CodePipelineClient
    private let taken = Mutex<String?>(nil)

    init(_ client: CodePipelineClient) { self.client = client }

    /// The id of the job that it took.
    var job: String? { self.taken.withLock { $0 } }

    /// Works until it is cancelled.
    func run() async throws {
        let worker = JobWorker(actionType: DemoDeclarations.deployID, client: self.client, logger: .silent) { job in
            self.taken.withLock { $0 = job.id }
            return .success(summary: "The shop is open in \(job.configuration["Environment"] ?? "")")
        }
        try await worker.run()
    }
}

extension Logger {
    /// Says nothing: the story says it all.
    static let silent = Logger(label: "penstock.demo") { _ in SwiftLogNoOpLogHandler() }
}
