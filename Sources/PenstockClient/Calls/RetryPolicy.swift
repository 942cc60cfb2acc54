// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// When and how often a call is sent again: the standard mode of the AWS SDKs.
///
/// Connection failures, timeouts, 5xx answers and throttling are retried after a random wait that doubles its bound each
/// time. All calls of a client draw on one budget, so that a service in trouble is not drowned in retries.
///
/// Source: AWS SDKs and Tools Reference Guide, Retry behavior.
public struct RetryPolicy: Sendable, Hashable {
    /// How often a call is sent at most, the first time included.
    public var maximumAttempts = 3

    /// The bound of the first wait; the following ones are doubled.
    public var initialBackoff: Duration = .seconds(1)

    /// The longest wait that chance may choose.
    public var maximumBackoff: Duration = .seconds(20)

    /// The longest wait that a service may ask for; a call that is told to wait longer ends with the answer it has.
    public var maximumRequestedWait: Duration = .seconds(60)

    /// Creates the standard mode's values.
    public init() {}

    /// Never sends a call twice.
    public static let never: RetryPolicy = {
        var policy = RetryPolicy()
        policy.maximumAttempts = 1
        return policy
    }()
}

/// What all calls of a client may spend on retries together.
///
/// Source: AWS SDKs and Tools Reference Guide, Retry behavior: 500 tokens; 5 per retry, 10 after a timeout.
struct RetryBudget: Sendable, Hashable {
    static let capacity = 500

    private(set) var tokens = capacity

    /// Takes the price of one retry, unless it cannot be paid.
    mutating func withdraw(_ cost: Int) -> Bool {
        guard cost <= self.tokens else { return false }
        self.tokens -= cost
        return true
    }

    mutating func deposit(_ amount: Int) {
        self.tokens = min(Self.capacity, self.tokens + amount)
    }
}

/// Why one attempt did not succeed, as far as retrying is concerned.
package enum AttemptProblem: Sendable, Hashable {
    /// The connection failed, or the service is in trouble.
    case transient
    /// The answer did not come in time.
    case timeout
    /// The service asks to slow down.
    case throttled
    /// The service's clock and ours differ by more than a signature may be old.
    case clockSkew
    /// The credentials have expired, and others can be had.
    case expiredCredentials
    /// Sending the same again would give the same answer.
    case final
}

/// The retries of one call: a machine without clock, chance or network of its own.
struct RetryMachine: Sendable, Hashable {
    private static let retryCost = 5
    private static let timeoutCost = 10
    private static let firstSuccessReward = 1

    let policy: RetryPolicy
    private(set) var attempt = 1
    private var lastCost: Int?
    private var hasCorrectedClock = false
    private var hasRenewedCredentials = false

    init(policy: RetryPolicy) {
        self.policy = policy
    }

    /// Decides what follows an attempt that did not succeed.
    ///
    /// - Parameters:
    ///   - requestedWait: What the answer asked for in `Retry-After` or `x-amz-retry-after`.
    ///   - chance: From 0 up to 1, for the jitter.
    /// - Returns: How long to wait before the next attempt, or nothing when the call ends here.
    mutating func wait(
        after problem: AttemptProblem, requestedWait: Duration?, chance: Double, budget: inout RetryBudget
    ) -> Duration? {
        guard self.attempt < self.policy.maximumAttempts else { return nil }
        switch problem {
        case .final: return nil
        case .clockSkew where self.hasCorrectedClock: return nil
        case .expiredCredentials where self.hasRenewedCredentials: return nil
        case .transient, .timeout, .throttled, .clockSkew, .expiredCredentials: break
        }
        if let requestedWait, requestedWait > self.policy.maximumRequestedWait { return nil }
        let cost = problem == .timeout ? Self.timeoutCost : Self.retryCost
        guard budget.withdraw(cost) else { return nil }
        self.lastCost = cost
        self.attempt += 1
        switch problem {
        case .clockSkew:
            self.hasCorrectedClock = true
            return .zero
        case .expiredCredentials:
            self.hasRenewedCredentials = true
            return .zero
        case .transient, .timeout, .throttled, .final:
            return max(self.backoff() * chance, requestedWait ?? .zero)
        }
    }

    /// Gives back what a call that succeeded has taken.
    func settle(into budget: inout RetryBudget) {
        budget.deposit(self.lastCost ?? Self.firstSuccessReward)
    }

    /// The bound of the wait before the attempt that is next.
    private func backoff() -> Duration {
        let doublings = min(self.attempt - 2, 16)
        return min(self.policy.initialBackoff * (1 << doublings), self.policy.maximumBackoff)
    }
}
