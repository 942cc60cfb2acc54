// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockTesting
import PenstockWorker
import Synchronization

/// Which of the two protocols a test speaks.
enum Family: String, CaseIterable, Sendable {
    case custom, partner

    var actionType: ActionTypeID {
        ActionTypeID(
            category: .test, owner: self == .custom ? .custom : .thirdParty, provider: "Linter", version: "1")
    }

    var poll: String { self == .custom ? "PollForJobs" : "PollForThirdPartyJobs" }
    var details: String { self == .custom ? "GetJobDetails" : "GetThirdPartyJobDetails" }
    var acknowledge: String { self == .custom ? "AcknowledgeJob" : "AcknowledgeThirdPartyJob" }
    var success: String { self == .custom ? "PutJobSuccessResult" : "PutThirdPartyJobSuccessResult" }
    var failure: String { self == .custom ? "PutJobFailureResult" : "PutThirdPartyJobFailureResult" }
}

/// A job that a test gives to workers.
struct PlayedJob: Sendable {
    var id: String
    var configuration = ["Host": "web-1"]
    var continuationToken: String?
    var inputs: [String] = []
    var outputs: [String] = []
    var encryptionKey: EncryptionKey?

    static func numbered(_ number: Int) -> PlayedJob {
        PlayedJob(id: "11111111-2222-4333-8444-55555555555\(number)")
    }

    static let first = numbered(1)

    private func artifacts(_ names: [String]) -> [Artifact] {
        names.map { name in
            Artifact(
                name: name,
                location: ArtifactLocation(
                    type: .s3, s3Location: S3ArtifactLocation(bucketName: "artifacts", objectKey: "shop/\(name)/a1")))
        }
    }

    func customData(credentials: AWSSessionCredentials?) -> JobData {
        JobData(
            actionConfiguration: ActionConfiguration(configuration: self.configuration),
            pipelineContext: PipelineContext(pipelineName: "shop"),
            inputArtifacts: self.artifacts(self.inputs), outputArtifacts: self.artifacts(self.outputs),
            artifactCredentials: credentials, continuationToken: self.continuationToken,
            encryptionKey: self.encryptionKey)
    }

    func partnerData(credentials: AWSSessionCredentials?) -> ThirdPartyJobData {
        ThirdPartyJobData(
            actionConfiguration: ActionConfiguration(configuration: self.configuration),
            pipelineContext: PipelineContext(pipelineName: "shop"),
            inputArtifacts: self.artifacts(self.inputs), outputArtifacts: self.artifacts(self.outputs),
            artifactCredentials: credentials, continuationToken: self.continuationToken,
            encryptionKey: self.encryptionKey)
    }
}

/// The service as a worker sees it, played in memory: it hands jobs out, and goes wrong as a test wants.
///
/// Empty polls are held until there is a job, as Penstock holds them, unless it is told to play AWS.
final class PlayedService: Sendable {
    private enum Status { case queued, dispatched, inProgress, ended }

    private struct State {
        var jobs: [(job: PlayedJob, status: Status)] = []
        var interjections: [String: [ScriptedTransport.Answer]] = [:]
        var generation = 0
        var waiting: [(id: Int, continuation: CheckedContinuation<Void, Never>)] = []
        var nextWaiter = 0
    }

    static let clientID = "c-1"
    static let clientToken = Sensitive("client-token")
    static let nonce = "7"

    let family: Family
    private let holdsPolls: Bool
    private let objects: ScriptedTransport.Answer
    private let state = Mutex(State())
    private let seen = Signal()
    private let calls = Mutex<[ScriptedTransport.Request]>([])

    /// - Parameter objects: Answers what is for the artifact store.
    init(
        _ family: Family, jobs: [PlayedJob] = [], holdsPolls: Bool = true,
        objects: @escaping ScriptedTransport.Answer = { _ in TransportResponse(status: 404, body: []) }
    ) {
        self.family = family
        self.holdsPolls = holdsPolls
        self.objects = objects
        for job in jobs { self.add(job) }
    }

    /// Makes a job pollable.
    func add(_ job: PlayedJob) {
        let waiting = self.state.withLock { state in
            state.jobs.append((job, .queued))
            defer { state.waiting = [] }
            return state.waiting
        }
        for waiter in waiting { waiter.continuation.resume() }
    }

    /// Ends a job behind its worker's back.
    func end(_ id: String) { self.set(id, .ended) }

    /// Answers the next calls of an operation so instead, one after the other.
    func interject(_ operation: String, _ answers: ScriptedTransport.Answer...) {
        self.state.withLock { $0.interjections[operation, default: []] += answers }
    }

    // MARK: What was called

    /// All calls, but for held polls, in order.
    var operations: [String] { self.calls.withLock { $0.compactMap(\.operation) } }

    func requests(of operation: String) -> [ScriptedTransport.Request] {
        self.calls.withLock { $0.filter { $0.operation == operation } }
    }

    /// Returns once an operation has been called so often.
    func untilCalled(_ operation: String, times: Int = 1) async {
        await self.seen.until { self.requests(of: operation).count >= times }
    }

    // MARK: Answers

    var transport: ScriptedTransport {
        ScriptedTransport { request in
            guard let operation = request.operation else { return try await self.objects(request) }
            self.calls.withLock { $0.append(request) }
            self.seen.raise()
            let interjection = self.state.withLock { state -> ScriptedTransport.Answer? in
                guard let first = state.interjections[operation]?.first else { return nil }
                state.interjections[operation]?.removeFirst()
                return first
            }
            if let interjection { return try await interjection(request) }
            return try await self.answer(operation, request.body)
        }
    }

    private func answer(_ operation: String, _ body: [UInt8]) async throws -> TransportResponse {
        switch operation {
        case "PollForJobs":
            let input = try Operations.PollForJobs.decodeInput(body)
            let jobs = try await self.dispatch(input.maxBatchSize ?? 1)
            let output = jobs.map {
                Job(id: $0.id, data: $0.customData(credentials: self.credentials()), nonce: Self.nonce)
            }
            return .output(Operations.PollForJobs.encodeOutput(PollForJobsOutput(jobs: output)))
        case "PollForThirdPartyJobs":
            let input = try Operations.PollForThirdPartyJobs.decodeInput(body)
            let jobs = try await self.dispatch(input.maxBatchSize ?? 1)
            let output = jobs.map { ThirdPartyJob(clientID: Self.clientID, jobID: $0.id) }
            return .output(
                Operations.PollForThirdPartyJobs.encodeOutput(PollForThirdPartyJobsOutput(jobs: output)))
        case "GetJobDetails":
            let id = try Operations.GetJobDetails.decodeInput(body).jobID
            guard let (job, isOver) = self.find(id) else { return .refusal(.jobNotFound) }
            let data = job.customData(credentials: isOver ? nil : self.credentials())
            let output = GetJobDetailsOutput(jobDetails: JobDetails(id: id, data: data))
            return .output(Operations.GetJobDetails.encodeOutput(output))
        case "GetThirdPartyJobDetails":
            let input = try Operations.GetThirdPartyJobDetails.decodeInput(body)
            guard input.clientToken == Self.clientToken else { return .refusal(.invalidClientToken) }
            guard let (job, isOver) = self.find(input.jobID) else { return .refusal(.jobNotFound) }
            guard !isOver else { return .refusal(.invalidJob) }
            let data = job.partnerData(credentials: self.credentials())
            let details = ThirdPartyJobDetails(id: job.id, data: data, nonce: Self.nonce)
            return .output(
                Operations.GetThirdPartyJobDetails.encodeOutput(
                    GetThirdPartyJobDetailsOutput(jobDetails: details)))
        case "AcknowledgeJob":
            let input = try Operations.AcknowledgeJob.decodeInput(body)
            return self.acknowledge(input.jobID, input.nonce)
        case "AcknowledgeThirdPartyJob":
            let input = try Operations.AcknowledgeThirdPartyJob.decodeInput(body)
            return self.acknowledge(input.jobID, input.nonce)
        case "PutJobSuccessResult": return self.finish(try Operations.PutJobSuccessResult.decodeInput(body).jobID)
        case "PutJobFailureResult": return self.finish(try Operations.PutJobFailureResult.decodeInput(body).jobID)
        case "PutThirdPartyJobSuccessResult":
            return self.finish(try Operations.PutThirdPartyJobSuccessResult.decodeInput(body).jobID)
        case "PutThirdPartyJobFailureResult":
            return self.finish(try Operations.PutThirdPartyJobFailureResult.decodeInput(body).jobID)
        default: return .refusal(.unknownOperation)
        }
    }

    private func dispatch(_ maximum: Int) async throws -> [PlayedJob] {
        while true {
            let jobs = self.state.withLock { state in
                let queued = state.jobs.indices.filter { state.jobs[$0].status == .queued }.prefix(maximum)
                for index in queued { state.jobs[index].status = .dispatched }
                return queued.map { state.jobs[$0].job }
            }
            if !jobs.isEmpty || !self.holdsPolls { return jobs }
            await self.untilAdded()
            try Task.checkCancellation()
        }
    }

    private func untilAdded() async {
        let id = self.state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isNeeded = self.state.withLock { state in
                    if state.jobs.contains(where: { $0.status == .queued }) || Task.isCancelled { return false }
                    state.waiting.append((id, continuation))
                    return true
                }
                if !isNeeded { continuation.resume() }
            }
        } onCancel: {
            let waiter = self.state.withLock { state in
                let waiter = state.waiting.first { $0.id == id }
                state.waiting.removeAll { $0.id == id }
                return waiter
            }
            waiter?.continuation.resume()
        }
    }

    private func find(_ id: String) -> (PlayedJob, isOver: Bool)? {
        self.state.withLock { $0.jobs.first { $0.job.id == id } }.map { ($0.job, $0.status == .ended) }
    }

    private func acknowledge(_ id: String, _ nonce: String) -> TransportResponse {
        guard let (_, isOver) = self.find(id) else { return .refusal(.jobNotFound) }
        guard nonce == Self.nonce else { return .refusal(.invalidNonce) }
        if !isOver { self.set(id, .inProgress) }
        return .json(isOver ? #"{"status":"Failed"}"# : #"{"status":"InProgress"}"#)
    }

    private func finish(_ id: String) -> TransportResponse {
        guard let (_, isOver) = self.find(id) else { return .refusal(.jobNotFound) }
        guard !isOver else { return .refusal(.invalidJobState) }
        self.set(id, .ended)
        return .json("")
    }

    private func set(_ id: String, _ status: Status) {
        self.state.withLock { state in
            for index in state.jobs.indices where state.jobs[index].job.id == id { state.jobs[index].status = status }
        }
    }

    /// Others at every call, as the service issues them.
    private func credentials() -> AWSSessionCredentials {
        let generation = self.state.withLock { state in
            state.generation += 1
            return state.generation
        }
        return AWSSessionCredentials(
            accessKeyID: Sensitive("ASIA\(generation)"), secretAccessKey: "artifact-secret",
            sessionToken: Sensitive("session-\(generation)"))
    }
}

extension TransportResponse {
    static func output(_ body: [UInt8]) -> TransportResponse { TransportResponse(status: 200, body: body) }
}

/// Wakes whoever waits for something to become true.
final class Signal: Sendable {
    private let waiting = Mutex<[CheckedContinuation<Void, Never>]>([])
    private let count = Mutex(0)

    /// Something has happened.
    func raise() {
        self.count.withLock { $0 += 1 }
        let waiting = self.waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Returns once the condition holds; it is looked at each time that something happens.
    func until(_ condition: () -> Bool) async {
        while true {
            let seen = self.count.withLock { $0 }
            if condition() { return }
            await withCheckedContinuation { continuation in
                let hasHappened = self.waiting.withLock { waiting in
                    if self.count.withLock({ $0 }) != seen { return true }
                    waiting.append(continuation)
                    return false
                }
                if hasHappened { continuation.resume() }
            }
        }
    }
}
