// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel
import PenstockStore
package import ServiceLifecycle

/// What happens by itself as time goes by.
package protocol TimedWork: Sendable {
    /// When the next of it is due that nobody does now; `nil` when nothing is to come.
    func nextDue() async throws -> Timestamp?

    /// Does what is due now and what follows from it at once; returns when nothing is left to do now.
    func settle() async throws
}

/// The services of a server, which run: timers, owed effects, runners, events, polling, history and the audit trail.
package struct BackgroundWork: TimedWork {
    package let timers: TimerService
    package let effects: EffectService
    package let runners: RunnerService
    package let events: EventService
    package let polling: SourcePolling
    package let history: HistoryService
    package let audit: AuditService
    private let context: RuntimeContext

    /// - Precondition: The services run from about now on; what they do first is waited for too.
    package init(
        context: RuntimeContext,
        timers: TimerService,
        effects: EffectService,
        runners: RunnerService,
        events: EventService,
        polling: SourcePolling,
        history: HistoryService,
        audit: AuditService
    ) {
        self.timers = timers
        self.effects = effects
        self.runners = runners
        self.events = events
        self.polling = polling
        self.history = history
        self.audit = audit
        self.context = context
        timers.expect()
        effects.expect()
        runners.expect()
        events.expect()
        polling.expect()
        history.expect()
        audit.expect()
    }

    /// What must run for any of it to be done.
    package var services: [any Service] {
        [self.timers, self.effects, self.events, self.polling, self.runners, self.history, self.audit]
    }

    /// The earliest of: a timer; the end of a lease on what was begun and not ended; the same of a runner's job; an event
    /// for one of the targets; a look at a foreign store.
    package func nextDue() async throws -> Timestamp? {
        let rows = try await self.context.store.read { [try $0.earliestTimer(), try $0.earliestLapse()] }
        let others = [self.runners.nextLapse, try await self.events.nextDue(), try await self.polling.nextDue()]
        return (rows + others).compactMap { $0 }.min()
    }

    /// Has every service look, and waits until all have looked and the last has nothing left.
    package func settle() async throws {
        self.timers.wake()
        self.effects.wake()
        self.runners.wake()
        self.events.wake()
        self.polling.wake()
        self.history.wake()
        self.audit.wake()
        await self.context.ongoingWork.allEnded()
        try Task.checkCancellation()
    }
}
