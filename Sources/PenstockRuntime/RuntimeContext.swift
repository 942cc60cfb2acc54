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
