// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTypes
import PenstockSigning
import PenstockWire
import Synchronization

/// Carries calls to services of the JSON protocol: signs, sends, retries, corrects the clock, keeps the deadline.
///
/// Copies share the retry budget and the clock's correction.
package struct ServiceCaller: Sendable {
    /// The most bytes of an answer that are read.
    static let maximumAnswerBytes = 16 << 20

    /// Differences of clocks below this do not explain a refused signature.
    static let significantSkewSeconds: Int64 = 240

    private final class SharedState: Sendable {
        let budget = Mutex(RetryBudget())
        let skewSeconds = Mutex<Int64>(0)
    }

    /// How one attempt ended.
    private enum Attempt: Sendable {
        case answered([UInt8])
        case refused(ServiceError, date: SigningTime?, requestedWait: Duration?)
        case failed(CallFailure, AttemptProblem)
    }

    package let configuration: ClientConfiguration
    private let transport: any HTTPTransport
    private let pacing: Pacing
    private let shared = SharedState()

    package init(configuration: ClientConfiguration, transport: any HTTPTransport, pacing: Pacing) {
        self.configuration = configuration
        self.transport = transport
        self.pacing = pacing
    }

    /// Calls one operation and returns the body of its answer.
    ///
    /// - Parameters:
    ///   - target: The whole `X-Amz-Target`, such as `Penstock_20261123.CreateKey`.
    ///   - service: The service of the signature's scope.
    package func call(
        target: String, body: [UInt8], service: String, options: CallOptions
    ) async throws(CallError) -> [UInt8] {
        let deadline = (options.deadline ?? self.configuration.callDeadline) + (options.longPoll ?? .zero)
        let result = await self.racing(against: deadline) {
            await self.attempts(target: target, body: body, service: service, options: options)
        }
        return try result.get()
    }

    // MARK: Deadline

    private func racing(
        against deadline: Duration, _ operation: @escaping @Sendable () async -> Result<[UInt8], CallError>
    ) async -> Result<[UInt8], CallError> {
        let sleep = self.pacing.sleep
        return await withTaskGroup(of: Result<[UInt8], CallError>?.self) { group in
            group.addTask { await operation() }
            group.addTask {
                do { try await sleep(deadline) } catch { return nil }
                return .failure(.failed(CallFailure(.deadlineExceeded, "the call took longer than \(deadline)")))
            }
            for await result in group {
                if let result {
                    group.cancelAll()
                    return result
                }
            }
            return .failure(.failed(CallFailure(.cancelled, "the call was cancelled")))
        }
    }

    // MARK: Attempts

    private func attempts(
        target: String, body: [UInt8], service: String, options: CallOptions
    ) async -> Result<[UInt8], CallError> {
        var retries = RetryMachine(policy: self.configuration.retryPolicy)
        while true {
            let attempt = await self.send(
                target: target, body: body, service: service, options: options, attempt: retries.attempt)
            let ending: CallError, problem: AttemptProblem, requestedWait: Duration?
            switch attempt {
            case .answered(let answer):
                self.shared.budget.withLock { retries.settle(into: &$0) }
                return .success(answer)
            case .refused(let error, let date, let asked):
                (ending, problem, requestedWait) = (.refused(error), self.problem(of: error, date: date), asked)
            case .failed(let failure, let kind):
                (ending, problem, requestedWait) = (.failed(failure), kind, nil)
            }
            let chance = self.pacing.chance()
            let wait = self.shared.budget.withLock {
                retries.wait(after: problem, requestedWait: requestedWait, chance: chance, budget: &$0)
            }
            guard let wait else { return .failure(ending) }
            if wait > .zero {
                do { try await self.pacing.sleep(wait) } catch {
                    let failure = CallFailure(.cancelled, "the call was cancelled", attempts: retries.attempt)
                    return .failure(.failed(failure))
                }
            }
        }
    }

    private func send(
        target: String, body: [UInt8], service: String, options: CallOptions, attempt: Int
    ) async -> Attempt {
        do {
            let credentials = try await self.configuration.credentials.credentials()
            let request = self.request(
                target: target, body: body, service: service, options: options, credentials: credentials)
            let response = try await self.transport.send(request)
            let answer = try await response.body.collect(upTo: Self.maximumAnswerBytes)
            return Self.sort(response, answer, attempt: attempt)
        } catch let error as CredentialsError {
            return .failed(CallFailure(.noCredentials, error.message, attempts: attempt - 1, underlying: error), .final)
        } catch {
            return Self.failed(TransportError(translating: error), attempt: attempt)
        }
    }

    private func request(
        target: String, body: [UInt8], service: String, options: CallOptions, credentials: SigningCredentials
    ) -> TransportRequest {
        let endpoint = self.configuration.endpoint
        var signable = SignableRequest(method: "POST", path: endpoint.path, host: endpoint.authority)
        signable.headers[.contentType] = Operations.contentType
        signable.headers[.amzTarget] = target
        if let longPoll = options.longPoll { signable.headers[.waitSeconds] = "\(longPoll.components.seconds)" }
        let now = self.pacing.wallClockMilliseconds() / 1000 + self.shared.skewSeconds.withLock { $0 }
        Signer(credentials: credentials, region: self.configuration.region, service: service).sign(
            &signable, at: SigningTime(secondsSinceEpoch: now), payload: .sha256(PayloadHash(of: body)))
        signable.headers[.userAgent] = "penstock-client"
        let head = HTTPRequest(
            method: .post, scheme: endpoint.scheme, authority: endpoint.authority, path: endpoint.path,
            headerFields: signable.headers)
        return TransportRequest(
            head: head, body: .bytes(body), timeout: self.configuration.attemptTimeout + (options.longPoll ?? .zero))
    }

    // MARK: Answers

    private static func sort(_ response: TransportResponse, _ body: [UInt8], attempt: Int) -> Attempt {
        guard !(200..<300).contains(response.status) else { return .answered(body) }
        let exception = ServiceException.decode(
            body: body, errorType: response.headers[.amznErrorType], httpStatus: response.status)
        let error = ServiceError(
            exception.code, exception.message, httpStatus: response.status,
            requestID: response.headers[.amznRequestID], attempts: attempt)
        return .refused(
            error, date: response.headers[.date].flatMap { SigningTime(httpDate: $0) },
            requestedWait: Self.requestedWait(response.headers))
    }

    private static func requestedWait(_ headers: HTTPFields) -> Duration? {
        if let milliseconds = headers[.amzRetryAfter].flatMap({ Int64($0) }), milliseconds >= 0 {
            return .milliseconds(milliseconds)
        }
        return headers[.retryAfter].flatMap { Int64($0) }.flatMap { $0 >= 0 ? .seconds($0) : nil }
    }

    private static func failed(_ error: TransportError, attempt: Int) -> Attempt {
        let (code, problem): (CallFailure.Code, AttemptProblem) =
            switch error.code {
            case .cancelled: (.cancelled, .final)
            case .timedOut: (.unreachable, .timeout)
            case .tooLarge: (.invalidAnswer, .final)
            default: (.unreachable, .transient)
            }
        return .failed(CallFailure(code, error.message, attempts: attempt, underlying: error), problem)
    }

    private static let throttlingCodes: Set<String> = [
        "ThrottlingException", "Throttling", "RequestLimitExceeded", "TooManyRequestsException",
        "ProvisionedThroughputExceededException", "RequestThrottled", "RequestThrottledException",
    ]

    private static let skewCodes: Set<String> = [
        "RequestTimeTooSkewed", "RequestExpired", "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure",
        "RequestInTheFuture",
    ]

    /// Sorts a refusal, and takes over the service's time when ours explains it.
    private func problem(of error: ServiceError, date: SigningTime?) -> AttemptProblem {
        if Self.throttlingCodes.contains(error.code.rawValue) { return .throttled }
        if [500, 502, 503, 504].contains(error.httpStatus) { return .transient }
        guard Self.skewCodes.contains(error.code.rawValue), let date else { return .final }
        let local = self.pacing.wallClockMilliseconds() / 1000
        return self.shared.skewSeconds.withLock { skew in
            let found = date.secondsSinceEpoch - local
            guard abs(found - skew) >= Self.significantSkewSeconds else { return .final }
            skew = found
            return .clockSkew
        }
    }
}

extension HTTPField.Name {
    private static func literal(_ name: String) -> Self {
        guard let field = Self(name) else { preconditionFailure("\(name) is no header name") }
        return field
    }

    fileprivate static let amzTarget = literal("X-Amz-Target")
    fileprivate static let amznErrorType = literal("x-amzn-ErrorType")
    fileprivate static let amznRequestID = literal("x-amzn-RequestId")
    fileprivate static let amzRetryAfter = literal("x-amz-retry-after")
    fileprivate static let waitSeconds = literal("x-penstock-wait-seconds")
}
