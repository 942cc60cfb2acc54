// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import Logging
package import PenstockAccess
package import PenstockModel
package import PenstockStore

/// What all services of the runtime share.
package final class RuntimeContext: Sendable {
    package let store: any Store
    package let clock: any ServiceClock
    /// What held polls go by: it is the caller's connection that waits, so this is real time.
    package let pollClock: any Clock<Duration>
    package let settings: RuntimeSettings
    package let engine: PipelineEngine
    package let entropy: Entropy
    package let sealer: Sealer
    package let tokens: KeyedHash
    package let sessions: SessionVault
    package let pageTokens: PageTokenSealer
    package let queues: PollableQueues
    /// What the services of this process do right now, all together.
    package let ongoingWork: OngoingWork
    package let catalog: ActionTypeCatalog
    package let declarations: DeclarationCache
    let quota: PipelineQuota
    /// Looks at the objects of foreign stores; `nil` where there are none.
    package let probe: (any SourceProbe)?
    /// Where workers get and put artifacts by themselves; `nil` where they do at this service's address.
    package let staging: JobStaging?
    package let publicAddress = PublicAddress()
    package let logger: Logger

    /// Makes the context and listens to the store.
    package init(
        store: any Store,
        clock: any ServiceClock,
        pollClock: any Clock<Duration>,
        masterKey: MasterKey,
        settings: RuntimeSettings = RuntimeSettings(),
        engine: PipelineEngine = .direct,
        entropy: Entropy = .system,
        probe: (any SourceProbe)? = nil,
        staging: JobStaging? = nil,
        logger: Logger
    ) {
        self.store = store
        self.clock = clock
        self.pollClock = pollClock
        self.settings = settings
        self.engine = engine
        self.entropy = entropy
        self.sealer = Sealer(masterKey: masterKey)
        self.tokens = KeyedHash(masterKey: masterKey)
        self.sessions = SessionVault(masterKey: masterKey)
        self.pageTokens = PageTokenSealer(masterKey: masterKey)
        self.queues = PollableQueues()
        self.ongoingWork = OngoingWork()
        self.catalog = ActionTypeCatalog(isShared: store.isShared)
        self.declarations = DeclarationCache()
        self.quota = PipelineQuota(isShared: store.isShared)
        self.probe = probe
        self.staging = staging
        self.logger = logger
        let queues = self.queues
        store.observe { signal in
            if case .jobQueued(let queue) = signal { queues.jobQueued(queue) }
        }
    }

    /// Reads from the store what memory must know before the first poll is answered.
    package func prepare() async throws {
        let queues = try await self.store.read { try $0.pollableQueues() }
        for entry in queues { self.queues.hideJob(of: entry.queue, until: entry.pollableAt) }
    }

    /// Fresh identifiers, in the order of time by the service's clock.
    package func identifiers(_ count: Int) -> [UniqueID] {
        var generator = self.entropy
        let now = self.clock.now
        return (0..<count).map { _ in UniqueID.ordered(at: now, using: &generator) }
    }
}

/// What an operator may set. Durations are those of the service's clock.
package struct RuntimeSettings: Sendable {
    /// How long a dispatched job is kept from other pollers; 10 to 900 seconds.
    package var visibility: Duration = .seconds(60)
    /// How long a job's artifact credentials last; 15 to 60 minutes.
    package var artifactCredentialsLifetime: Duration = .minutes(15)
    /// How long a rotated client token still counts.
    package var clientTokenGrace: Duration = .hours(24)
    /// Within this a repeated result is answered as the first was.
    package var repeatedResultWindow: Duration = .minutes(15)
    /// How long the details of a job that ended are answered.
    package var endedJobDetailsWindow: Duration = .hours(1)
    /// How long a job that ended is remembered, for its errors.
    package var endedJobRetention: Duration = .days(7)
    /// How long a client request token is remembered.
    package var startTokenLifetime: Duration = .hours(24)
    /// After this much silence a job is named where people look.
    package var silentJobThreshold: Duration = .minutes(10)
    /// How long an execution waits at a disabled transition before it is stopped; `nil` for as long as it takes.
    package var disabledTransitionLimit: Duration? = .days(30)
    /// Polling stops when a pipeline has had no execution for so long; `nil` for never.
    package var pollingIdleLimit: Duration? = .days(30)
    /// From one look at an object of a foreign store to the next, give or take ``SourcePolling/jitter``.
    package var pollingInterval: Duration = .seconds(60)
    /// How long a claimed timer, effect or poll is held.
    package var lease: Duration = .seconds(30)
    /// The longest that a poll is held.
    package var maximumPollWait: Duration = .seconds(20)
    /// Pipelines in one region of an account.
    package var maximumPipelines = 1000
    /// Custom action types in one region of an account.
    package var maximumCustomActionTypes = 50
    /// Access keys of one account, the disabled ones included.
    package var maximumAccessKeys = 500
    /// The account whose administrators run the service: they alone make and see keys of other accounts.
    package var operatorAccount = AccountID.default
    /// Jobs in one poll.
    package var maximumPollBatch = 100
    /// Bytes of the keys and values of an action's output variables.
    package var maximumOutputVariableBytes = 122_880
    /// The service's own types that a runner carries out; a server takes them from the runners that it has.
    package var runnableTypes: Set<ActionTypeID> = [.s3Source]
    /// Who is told of events; their names are unique.
    package var eventTargets: [EventTarget] = []
    /// How long an execution that ended is kept with its history; `nil` for ever. What a pipeline can go on from is kept
    /// in any case. Source: AWS CodePipeline User Guide, Quotas in AWS CodePipeline (12 months).
    package var historyRetention: Duration? = .days(365)
    /// How long entries of the audit trail are kept; `nil` for ever, since a trail is not thrown away unless somebody said
    /// so.
    package var auditRetention: Duration?
    /// How long events that no target took are kept.
    package var deadLetterRetention: Duration = .days(14)

    package init() {}
}

/// Who makes a call, for what it is allowed to see and for the record.
package struct CallContext: Sendable {
    package var scope: Scope
    /// The caller's ARN.
    package var principal: String
    package var requestID: String

    package init(scope: Scope, principal: String, requestID: String) {
        self.scope = scope
        self.principal = principal
        self.requestID = requestID
    }

    /// Records in the transaction that the call changed something.
    func audit(_ operation: String, _ resource: String, at: Timestamp, in transaction: any StoreTransaction) throws {
        try transaction.insertAuditEntry(
            AuditRow(
                at: at,
                scope: self.scope,
                principal: self.principal,
                operation: operation,
                resource: resource,
                outcome: "ok",
                requestID: self.requestID
            )
        )
    }

    /// Names a pipeline of the caller's scope.
    package func pipeline(_ name: String) -> PipelineKey { PipelineKey(scope: self.scope, name: name) }
}
