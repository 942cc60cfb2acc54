// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Logging
import PenstockAPI
import PenstockAccess
import PenstockHTTP
import PenstockModel
import PenstockRuntime
import PenstockSigning
import PenstockStore
import PenstockWire
import Testing

/// The CodePipeline API on a store in memory and a clock moved by hand, called with signed requests but no sockets.
///
/// ```swift
/// let bed = try await APITestBed()
/// try await bed.createPipeline("shop")
/// let polled = try await bed.call(Operations.PollForJobs.self, PollForJobsInput(actionTypeID: .checker))
/// await #expect(throws: ServiceException(.pipelineNotFound, "…")) {
///     try await bed.call(Operations.GetPipeline.self, GetPipelineInput(name: "none"), as: .otherCustomer)
/// }
/// ```
///
/// Nothing runs by itself: ``settle()`` and ``advance(by:)`` carry out owed effects and due timers.
struct APITestBed: Sendable {
    let store: any Store
    let clock: ManualServiceClock
    /// What held polls go by.
    let realTime: ManualClock
    let context: RuntimeContext
    let pipelines: PipelineService
    let jobs: JobService
    let connections: ConnectionService
    let surface: any Surface
    let administration: any Surface

    private let directory: TestKeyDirectory
    private let keys: AccessKeyCache
    private let effects: EffectService
    private let timers: TimerService

    /// - Parameter store: What is there already, when a test goes on with the store of another bed.
    init(
        store: any Store = MemoryStore(),
        clock: ManualServiceClock = ManualServiceClock(),
        settings: RuntimeSettings = RuntimeSettings()
    ) async throws {
        let masterKey = try #require(MasterKey(bytes: Array(repeating: 7, count: MasterKey.byteCount)))
        let logger = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }
        let realTime = ManualClock()
        let context = RuntimeContext(
            store: store,
            clock: clock,
            pollClock: realTime,
            masterKey: masterKey,
            settings: settings,
            logger: logger
        )
        try await context.prepare()
        self.store = store
        self.clock = clock
        self.realTime = realTime
        self.context = context
        self.pipelines = PipelineService(context: context)
        self.jobs = JobService(context: context)
        self.connections = ConnectionService(context: context)
        self.effects = EffectService(context: context)
        self.timers = TimerService(context: context)
        self.directory = TestKeyDirectory(masterKey: masterKey)
        // Clients of a bed sign by its own clock, so that moving it by a week does not spoil their signatures.
        self.keys = AccessKeyCache(directory: self.directory, sealer: context.sealer, realTime: { clock.now })
        let foundation = Authenticator.Foundation(
            keys: self.keys,
            sessions: context.sessions,
            realTime: { clock.now },
            serviceTime: { clock.now }
        )
        self.surface = JSONSurface.codePipeline(foundation: foundation, context: context)
        let work = WorkOnDemand(store: store, effects: self.effects, timers: self.timers)
        self.administration = JSONSurface.administration(
            foundation: foundation,
            context: context,
            clock: ClockService(context: context, clock: clock, work: work)
        )
    }

    /// Calls an operation as a client does.
    ///
    /// - Parameter waitSeconds: How long a poll asks to be held.
    /// - Throws: ``ServiceException`` as it was answered.
    @discardableResult
    func call<Operation: WireOperation>(
        _ operation: Operation.Type,
        _ input: Operation.Input,
        as identity: TestIdentity = .customer,
        region: Region = .default,
        waitSeconds: Int? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Operation.Output {
        var request = TestRequest(operation, body: operation.encodeInput(input))
        request.region = region
        if let waitSeconds { request.headers[.penstockWaitSeconds] = String(waitSeconds) }
        let answer = try await self.send(request, as: identity)
        return try self.output(of: operation, answer, sourceLocation)
    }

    /// Calls an operation of the administration as a client does.
    ///
    /// - Throws: ``ServiceException`` as it was answered.
    @discardableResult
    func administer<Operation: WireOperation>(
        _ operation: Operation.Type,
        _ input: Operation.Input,
        as identity: TestIdentity = .customer,
        region: Region = .default,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Operation.Output {
        var request = TestRequest.administration(operation.name, body: operation.encodeInput(input))
        request.region = region
        let answer = try await self.send(request, as: identity)
        return try self.output(of: operation, answer, sourceLocation)
    }

    private func output<Operation: WireOperation>(
        of operation: Operation.Type,
        _ answer: TestAnswer,
        _ sourceLocation: SourceLocation
    ) throws -> Operation.Output {
        if let refusal = answer.refusal {
            #expect(
                operation.exceptions.contains(refusal.code) || ExceptionCode.shared.contains(refusal.code),
                "clients have no type for \(refusal.code) here: \(refusal.message)",
                sourceLocation: sourceLocation
            )
            throw refusal
        }
        return try operation.decodeOutput(answer.body)
    }

    /// Signs the request, if it wants that, and answers it.
    func send(_ request: TestRequest, as identity: TestIdentity = .customer) async throws -> TestAnswer {
        if try self.directory.put(identity) { self.keys.invalidate(identity.credentials.accessKeyID) }
        let surface = request.isOfAdministration ? self.administration : self.surface
        return try await TestAnswer(
            surface.respond(to: request.surfaceRequest(credentials: identity.credentials, at: self.clock.now))
        )
    }

    /// Who the identity is to the services of the runtime, for what is asked of them directly.
    func caller(_ identity: TestIdentity = .customer, region: Region = .default) -> CallContext {
        CallContext(
            scope: Scope(account: identity.account, region: region),
            principal: identity.arn,
            requestID: "test"
        )
    }

    /// Carries out what is owed and what is due now.
    func settle() async throws {
        try await self.effects.performOwedEffects()
        try await self.timers.fireDueTimers()
    }

    /// Lets time go by, and carries out what is due then.
    func advance(by duration: Duration) async throws {
        self.clock.advance(by: duration)
        try await self.settle()
    }
}

/// What is owed and due in a bed, in which nothing runs by itself.
private struct WorkOnDemand: TimedWork {
    let store: any Store
    let effects: EffectService
    let timers: TimerService

    func nextDue() async throws -> Timestamp? { try await self.store.read { try $0.earliestTimer() } }

    func settle() async throws {
        try await self.effects.performOwedEffects()
        try await self.timers.fireDueTimers()
    }
}

extension ExceptionCode {
    /// What every operation may answer with. Source: AWS CodePipeline API Reference, Common Errors.
    fileprivate static let shared: Set<Self> = [
        .accessDenied, .expiredToken, .incompleteSignature, .internalFailure, .invalidSignature,
        .missingAuthenticationToken, .requestEntityTooLarge, .serialization, .serviceUnavailable, .throttling,
        .unknownOperation, .unrecognizedClient, .validation,
    ]
}
