// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockEngine
package import PenstockModel

/// Somebody who is told of events: named by the operator's configuration, never by a call.
package struct EventTarget: Sendable, Hashable {
    /// Unique among the targets; also the name of its queues, which outlive a restart.
    package var name: String
    package var filter: EventFilter
    /// The topics whose requests for approval go here: values of `NotificationArn`, or `*` for every other one.
    package var topics: [String]
    package var form: EventForm
    package var limits: EventLimits
    /// What the target is, for listings: without secrets, and without what may be one.
    package var summary: String

    package init(
        name: String,
        filter: EventFilter = EventFilter(),
        topics: [String] = [],
        form: EventForm = .event,
        limits: EventLimits = EventLimits(),
        summary: String = ""
    ) {
        self.name = name
        self.filter = filter
        self.topics = topics
        self.form = form
        self.limits = limits
        self.summary = summary
    }
}

/// How a target is told of changes of state. Raw values are those of the configuration.
package enum EventForm: String, Sendable, Hashable, CaseIterable {
    /// As event buses have it.
    case event
    /// As notification rules send it, with the circumstances of starts and approvals.
    case notification
}

/// How much a target may cost.
package struct EventLimits: Sendable, Hashable {
    /// An event that has been tried so often is dead.
    package var maximumAttempts = 16
    /// An event that fails when it is older than this is dead.
    package var maximumAge: Duration = .hours(24)
    /// As many events of one pipeline wait at most; what comes then is dead at once.
    package var maximumQueueLength = 10_000
    /// Pipelines whose events are delivered at once.
    package var concurrency = 8
    /// How long one attempt may take, in real time.
    package var timeout: Duration = .seconds(10)

    package init() {}
}

/// Which changes of state a target is told of.
package struct EventFilter: Sendable, Hashable {
    package var subjects: Set<EventSubject>
    /// `nil` for all that are documented, which leaves out `SKIPPED`.
    package var states: Set<StateChange.State>?
    /// Names, in which `*` stands for any text; empty for all pipelines.
    package var pipelines: [String]
    /// Empty for all accounts.
    package var accounts: [AccountID]
    /// Empty for all regions.
    package var regions: [Region]

    package init(
        subjects: Set<EventSubject> = Set(EventSubject.allCases),
        states: Set<StateChange.State>? = nil,
        pipelines: [String] = [],
        accounts: [AccountID] = [],
        regions: [Region] = []
    ) {
        self.subjects = subjects
        self.states = states
        self.pipelines = pipelines
        self.accounts = accounts
        self.regions = regions
    }

    func selects(_ change: StateChange, of pipeline: PipelineKey) -> Bool {
        self.subjects.contains(EventSubject(change.subject))
            && (self.states?.contains(change.state) ?? (change.state != .skipped))
            && self.selects(pipeline)
    }

    private func selects(_ pipeline: PipelineKey) -> Bool {
        (self.accounts.isEmpty || self.accounts.contains(pipeline.scope.account))
            && (self.regions.isEmpty || self.regions.contains(pipeline.scope.region))
            && (self.pipelines.isEmpty || self.pipelines.contains { Self.matches(pipeline.name, $0) })
    }

    /// Whether the name is made of the parts of the pattern, with anything where a `*` is.
    static func matches(_ name: String, _ pattern: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard let first = parts.first, let last = parts.last, parts.count > 1 else { return name == pattern }
        var rest = name[...]
        guard rest.hasPrefix(first) else { return false }
        rest = rest.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(last)
    }
}
