// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import PenstockWire

/// A service's refusal of one call.
public struct ServiceError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Which exception it is, without namespace.
    public var code: ExceptionCode
    /// What the service says; it may be empty.
    public var message: String
    /// The answer's status.
    public var httpStatus: Int
    /// What the service's own log knows the call by.
    public var requestID: String?
    /// How often the call was sent, the first time included.
    public var attempts: Int

    /// Creates an error, as test doubles do.
    public init(
        _ code: ExceptionCode, _ message: String, httpStatus: Int = 400, requestID: String? = nil, attempts: Int = 1
    ) {
        self.code = code
        self.message = message
        self.httpStatus = httpStatus
        self.requestID = requestID
        self.attempts = attempts
    }

    /// Code, message and request id.
    public var description: String {
        "\(self.code): \(self.message)" + (self.requestID.map { " (request \($0))" } ?? "")
    }
}

/// Why a call has no answer from the service, or none that can be understood.
///
/// The service may have carried the call out all the same, except where the code says otherwise.
public struct CallFailure: Error, Sendable, CustomStringConvertible {
    /// The kinds of reasons; more may be added.
    public struct Code: Sendable, Hashable {
        private enum Base { case cancelled, deadlineExceeded, unreachable, invalidAnswer, noCredentials, file }
        private let base: Base
        private init(_ base: Base) { self.base = base }
        /// The calling task was cancelled; the exchange was aborted.
        public static let cancelled = Self(.cancelled)
        /// The call's deadline passed, retries included; the exchange was aborted.
        public static let deadlineExceeded = Self(.deadlineExceeded)
        /// No connection, or it broke, or the answer did not begin in time; retries did not help.
        public static let unreachable = Self(.unreachable)
        /// Something answered, but not in the service's language.
        public static let invalidAnswer = Self(.invalidAnswer)
        /// Nothing was sent, since no credentials could be had.
        public static let noCredentials = Self(.noCredentials)
        /// A local file could not be read or written.
        public static let file = Self(.file)
    }

    /// The kind of the reason.
    public var code: Code
    /// For logs and people.
    public var message: String
    /// How often the call was sent.
    public var attempts: Int
    /// What was behind it.
    public var underlying: (any Error)?

    /// Creates a failure, as test doubles do.
    public init(_ code: Code, _ message: String, attempts: Int = 1, underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.attempts = attempts
        self.underlying = underlying
    }

    /// The message.
    public var description: String { self.message }
}

/// How a call ends when it does not succeed, whichever operation it was.
public enum CallError: Error, Sendable {
    /// The service refused.
    case refused(ServiceError)
    /// There was no understandable answer.
    case failed(CallFailure)
}

/// What the operations' own error types share.
///
/// Each has a case per exception that the service description lists for the operation, `other` for refusals that any
/// operation may meet, and `failed` for calls without an answer:
///
/// ```swift
/// do {
///     try await client.putThirdPartyJobFailureResult(jobId: id, clientToken: token, failureDetails: details)
/// } catch where error.isAny(of: .jobNotFound, .invalidJobState) {
///     // Somebody else has ended the job.
/// } catch {
///     logger.error("\(error)")
/// }
/// ```
public protocol OperationError: Error, Sendable {
    /// Sorts a refusal into the operation's cases.
    init(_ error: ServiceError)

    /// Wraps a call without an answer.
    init(_ failure: CallFailure)

    /// The refusal, when the service answered.
    var serviceError: ServiceError? { get }

    /// Why there is no answer, when there is none.
    var callFailure: CallFailure? { get }

    /// Whether it is one of the exceptions that the service description lists for the operation.
    var isModelled: Bool { get }
}

extension OperationError {
    /// Whether the service refused with one of these exceptions.
    public func isAny(of codes: ExceptionCode...) -> Bool {
        self.serviceError.map { codes.contains($0.code) } ?? false
    }

    init(_ error: CallError) {
        switch error {
        case .refused(let error): self.init(error)
        case .failed(let failure): self.init(failure)
        }
    }
}
