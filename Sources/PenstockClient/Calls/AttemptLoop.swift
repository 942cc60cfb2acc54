// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes
package import PenstockSigning
import Synchronization

/// How one attempt of a call ended.
package enum Attempt<Answer: Sendable>: Sendable {
    case answered(Answer)
    /// - Parameter hasOtherCredentials: Whether credentials that the service calls expired can be replaced.
    case refused(ServiceError, headers: HTTPFields, hasOtherCredentials: Bool)
    case failed(CallFailure, AttemptProblem)
}

/// Sends a call again for as long as that may help, corrects the clock and keeps the deadline.
///
/// Copies share the retry budget and the clock's correction.
package struct AttemptLoop: Sendable {
    /// Differences of clocks below this do not explain a refused signature.
    private static let significantSkewSeconds: Int64 = 240

    private final class SharedState: Sendable {
        let budget = Mutex(RetryBudget())
        let skewSeconds = Mutex<Int64>(0)
    }

    private let policy: RetryPolicy
    private let pacing: Pacing
    private let shared = SharedState()

    package init(policy: RetryPolicy, pacing: Pacing) {
        self.policy = policy
        self.pacing = pacing
    }

    /// The present by the service's clock, as far as its answers have told.
    package var signingTime: SigningTime {
        let local = self.pacing.wallClockMilliseconds() / 1000
        return SigningTime(secondsSinceEpoch: local + self.shared.skewSeconds.withLock { $0 })
    }

    /// Calls until there is an answer or trying again is of no use.
    ///
    /// - Parameters:
    ///   - deadline: For all attempts and the waits between them; none when `nil`.
    ///   - attempt: Sends once; it is given which attempt it is, from 1.
    package func run<Answer: Sendable>(
        deadline: Duration?, _ attempt: @escaping @Sendable (Int) async -> Attempt<Answer>
    ) async throws(CallError) -> Answer {
        guard let deadline else { return try await self.attempts(SentCount(), attempt).get() }
        let (sleep, sent) = (self.pacing.sleep, SentCount())
        let result = await withTaskGroup(of: Result<Answer, CallError>?.self) { group in
            group.addTask { await self.attempts(sent, attempt) }
            group.addTask {
                do { try await sleep(deadline) } catch { return nil }
                let message = "the call took longer than \(deadline)"
                return .failure(.failed(CallFailure(.deadlineExceeded, message, attempts: sent.value)))
            }
            for await result in group {
                if let result {
                    group.cancelAll()
                    return result
                }
            }
            return .failure(.failed(Self.cancelled(attempts: sent.value)))
        }
        return try result.get()
    }

    private func attempts<Answer: Sendable>(
        _ sent: SentCount, _ attempt: @Sendable (Int) async -> Attempt<Answer>
    ) async -> Result<Answer, CallError> {
        var retries = RetryMachine(policy: self.policy)
        while true {
            sent.value = retries.attempt
            let ending: CallError, problem: AttemptProblem, requestedWait: Duration?
            switch await attempt(retries.attempt) {
            case .answered(let answer):
                self.shared.budget.withLock { retries.settle(into: &$0) }
                return .success(answer)
            case .refused(let error, let headers, let hasOtherCredentials):
                ending = .refused(error)
                problem = self.problem(of: error, headers: headers, hasOtherCredentials: hasOtherCredentials)
                requestedWait = self.requestedWait(headers)
            case .failed(let failure, let kind):
                (ending, problem, requestedWait) = (.failed(failure), kind, nil)
            }
            let chance = self.pacing.chance()
            let wait = self.shared.budget.withLock {
                retries.wait(after: problem, requestedWait: requestedWait, chance: chance, budget: &$0)
            }
            guard let wait else { return .failure(ending) }
            guard wait > .zero else { continue }
            do { try await self.pacing.sleep(wait) } catch {
                return .failure(.failed(Self.cancelled(attempts: sent.value)))
            }
        }
    }

    // MARK: Sorting

    /// Sorts a refusal, and takes over the service's time when ours explains it.
    private func problem(of error: ServiceError, headers: HTTPFields, hasOtherCredentials: Bool) -> AttemptProblem {
        switch RefusalKind(error) {
        case .throttling: return .throttled
        case .transient: return .transient
        case .expiredCredentials: return hasOtherCredentials ? .expiredCredentials : .final
        case .other: return .final
        case .possibleClockSkew:
            guard let date = headers[.date].flatMap({ SigningTime(httpDate: $0) }) else { return .final }
            let local = self.pacing.wallClockMilliseconds() / 1000
            return self.shared.skewSeconds.withLock { skew in
                let found = date.secondsSinceEpoch - local
                guard abs(found - skew) >= Self.significantSkewSeconds else { return .final }
                skew = found
                return .clockSkew
            }
        }
    }

    /// What the answer asks for: milliseconds in `x-amz-retry-after`, seconds or a date in `Retry-After`.
    private func requestedWait(_ headers: HTTPFields) -> Duration? {
        if let milliseconds = headers[.amzRetryAfter].flatMap({ Int64($0) }), milliseconds >= 0 {
            return .milliseconds(milliseconds)
        }
        guard let text = headers[.retryAfter] else { return nil }
        if let seconds = Int64(text) { return seconds >= 0 ? .seconds(seconds) : nil }
        guard let date = SigningTime(httpDate: text) else { return nil }
        return .seconds(max(0, date.secondsSinceEpoch - self.signingTime.secondsSinceEpoch))
    }

    /// Sorts an exchange that did not come to its end.
    package static func failed<Answer>(_ error: TransportError, attempt: Int) -> Attempt<Answer> {
        let (code, problem): (CallFailure.Code, AttemptProblem) =
            switch error.code {
            case .cancelled: (.cancelled, .final)
            case .timedOut: (.unreachable, .timeout)
            case .tooLarge: (.invalidAnswer, .final)
            default: (.unreachable, .transient)
            }
        return .failed(CallFailure(code, error.message, attempts: attempt, underlying: error), problem)
    }

    private static func cancelled(attempts: Int) -> CallFailure {
        CallFailure(.cancelled, "the call was cancelled", attempts: attempts)
    }
}

/// How often a call has been sent, for whoever gives up on it from outside.
private final class SentCount: Sendable {
    private let count = Mutex(0)

    var value: Int {
        get { self.count.withLock { $0 } }
        set { self.count.withLock { $0 = newValue } }
    }
}

extension HTTPField.Name {
    fileprivate static let amzRetryAfter = literal("x-amz-retry-after")
}
