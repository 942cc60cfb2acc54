// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockRuntime
import PenstockStore
import Testing

/// A runtime whose events go to targets that take note of them. Nothing is delivered by itself.
struct EventBed {
    let fixture: RuntimeFixture
    let senders: [String: RecordingSender]
    let service: EventService

    /// - Parameter targets: Their names are unique.
    init(_ targets: EventTarget...) async throws {
        var settings = RuntimeSettings()
        settings.eventTargets = targets
        self.fixture = try await RuntimeFixture(settings: settings)
        var senders: [String: RecordingSender] = [:]
        for target in targets { senders[target.name] = RecordingSender() }
        self.senders = senders
        self.service = EventService(context: self.fixture.context, senders: senders, chance: { 1 })
    }

    /// The sender of the one target that a test has, or of the named one.
    func sender(_ name: String = "hook") throws -> RecordingSender { try #require(self.senders[name]) }

    func deliver() async { await self.service.deliverDueEvents() }

    func advance(by duration: Duration) async {
        self.fixture.clock.advance(by: duration)
        await self.deliver()
    }

    func backlog(_ name: String = "hook") async throws -> EventBacklog {
        try await self.fixture.store.read { try $0.eventBacklog(of: name) }
    }

    func deadLetters() async throws -> [DeadLetterRow] {
        try await self.fixture.store.read { try $0.deadLetters(of: nil, after: 0, limit: 100) }
    }

    /// Reports success of the job that can be polled, for another revision if it is a source.
    func finishJob(
        _ type: ActionTypeID = RuntimeFixture.customType,
        revision: String? = nil
    ) async throws {
        let job = try #require(try await self.fixture.poll(type, limit: 1).first)
        let nonce = try #require(job.nonce)
        _ = try await self.fixture.jobs.acknowledge(self.fixture.call, job.id, nonce: nonce, proof: .sameAccount)
        let found = revision.map { SourceRevision(revisionID: $0, summary: "commit \($0)") }
        try await self.fixture.jobs.complete(
            self.fixture.call, job.id,
            .success(ActionProgress(revision: found), continuationToken: nil, outputVariables: []),
            operation: "PutJobSuccessResult", proof: .sameAccount)
    }
}

extension EventTarget {
    static func hook(
        _ name: String = "hook",
        topics: [String] = [],
        form: EventForm = .event,
        filter: EventFilter = EventFilter(),
        _ limit: (inout EventLimits) -> Void = { _ in }
    ) -> Self {
        var limits = EventLimits()
        limit(&limits)
        return Self(name: name, filter: filter, topics: topics, form: form, limits: limits, summary: "a recording")
    }
}
