// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import PenstockModel

/// One evaluation of a condition: its rules start together, it succeeds when all do and fails with the first that does
/// not.
public struct ConditionRun: Sendable, Hashable, StateCodable {
    public private(set) var status: ConditionStatus
    public let startedAt: Timestamp
    public private(set) var changedAt: Timestamp
    /// In declared order.
    public private(set) var rules: [RuleRun]
    /// Why it has not succeeded, in words.
    public private(set) var summary: String?

    public init(rules: [RuleRun], startedAt: Timestamp) {
        self.status = rules.isEmpty ? .succeeded : .inProgress
        self.startedAt = startedAt
        self.changedAt = startedAt
        self.rules = rules
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.status = try reader.read()
        self.startedAt = try reader.read()
        self.changedAt = try reader.read()
        self.rules = try reader.readArray()
        self.summary = try reader.readOptional()
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.status)
        writer.write(self.startedAt)
        writer.write(self.changedAt)
        writer.write(self.rules)
        writer.write(self.summary)
    }

    public var isRunning: Bool { self.status == .inProgress }

    /// Whether its result is called for.
    public var hasFailed: Bool {
        switch self.status {
        case .failed, .errored: true
        case .inProgress, .succeeded, .overridden, .abandoned, .cancelled: false
        }
    }

    /// Whether the rule is being checked.
    public func isChecking(_ id: RuleExecutionID) -> Bool {
        self.rules.contains { $0.id == id && $0.status == .inProgress }
    }

    /// Takes over what a running rule says of itself.
    ///
    /// - Returns: The rules that changed.
    public mutating func report(summary: String, of id: RuleExecutionID, at: Timestamp) -> [RuleRun] {
        self.changeRules(at: at) { rule in
            if rule.id == id { rule.report(summary: summary, at: at) }
        }
    }

    /// Takes over the verdict of a running rule. The first that fails has the others given up.
    ///
    /// - Returns: The rules that changed; none when the report is late or repeated.
    public mutating func end(_ id: RuleExecutionID, _ verdict: RuleVerdict, at: Timestamp) -> [RuleRun] {
        guard self.isRunning, let index = self.rules.firstIndex(where: { $0.id == id }),
            self.rules[index].status == .inProgress
        else { return [] }
        let changed = self.changeRules(at: at) { rule in
            if rule.id == id {
                rule.end(verdict, at: at)
            } else if verdict.outcome != .satisfied {
                rule.abandon(by: nil, at: at)
            }
        }
        switch verdict.outcome {
        case .satisfied: if self.rules.allSatisfy({ $0.status == .succeeded }) { self.status = .succeeded }
        case .unsatisfied(let failure):
            self.status = .failed
            self.summary = "Rule '\(self.rules[index].name)' failed: \(failure.message)"
        case .unevaluated(let failure):
            self.status = .errored
            self.summary = "Rule '\(self.rules[index].name)' could not be evaluated: \(failure.message)"
        }
        return changed
    }

    /// Ends the condition from outside, and gives up the rules that still run.
    ///
    /// - Parameter status: Overridden, abandoned or cancelled.
    /// - Returns: The rules that changed.
    public mutating func end(as status: ConditionStatus, by: String?, at: Timestamp) -> [RuleRun] {
        precondition(
            status == .overridden || status == .abandoned || status == .cancelled,
            "only rules make a condition \(status)")
        self.status = status
        self.changedAt = at
        return self.changeRules(at: at) { $0.abandon(by: by, at: at) }
    }

    private mutating func changeRules(at: Timestamp, _ body: (inout RuleRun) -> Void) -> [RuleRun] {
        self.changedAt = at
        var changed: [RuleRun] = []
        for index in self.rules.indices {
            let before = self.rules[index]
            body(&self.rules[index])
            if self.rules[index] != before { changed.append(self.rules[index]) }
        }
        return changed
    }
}
