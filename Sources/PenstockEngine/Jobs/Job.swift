// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import PenstockModel

/// One piece of work on its way from the queue to its result.
///
/// Polling and acknowledging change only this; its creation and its end go through the pipeline. A job whose visibility
/// has expired is queued again without being written: ``status(at:)`` tells.
public struct Job: Sendable, Hashable, StateCodable {
    /// The values of the wire, without `Created`: a job exists once it can be polled.
    public enum Status: String, Sendable, Hashable, CaseIterable, StateCodable {
        /// Can be polled. Goes to `dispatched`, or to an end.
        case queued = "Queued"
        /// Handed to a poller that has not acknowledged. Goes to `inProgress`, back to `queued`, or to an end.
        case dispatched = "Dispatched"
        /// A worker has it for good. Goes to an end.
        case inProgress = "InProgress"
        case timedOut = "TimedOut"
        case succeeded = "Succeeded"
        case failed = "Failed"

        public var isTerminal: Bool {
            switch self {
            case .queued, .dispatched, .inProgress: false
            case .timedOut, .succeeded, .failed: true
            }
        }
    }

    public let id: JobID
    /// As last written; ask ``status(at:)``.
    public private(set) var storedStatus: Status
    /// Fresh at each dispatch; `nil` before the first.
    public private(set) var nonce: String?
    /// How often it was handed out. Later dispatches fence out the writes of earlier ones.
    public private(set) var dispatch: Int
    /// Until when nobody else is handed a dispatched job.
    public private(set) var visibleAt: Timestamp?
    public let createdAt: Timestamp
    public private(set) var dispatchedAt: Timestamp?
    public private(set) var acknowledgedAt: Timestamp?
    public private(set) var endedAt: Timestamp?
    /// The ARN of the principal that was handed the job last.
    public private(set) var dispatchedTo: String?
    /// A digest of the result that ended it, to recognise a repeat of the same call.
    public private(set) var resultDigest: String?

    public init(id: JobID, createdAt: Timestamp) {
        self.id = id
        self.storedStatus = .queued
        self.dispatch = 0
        self.createdAt = createdAt
    }

    /// The state at an instant: a dispatched job whose visibility has expired is queued.
    public func status(at now: Timestamp) -> Status {
        if self.storedStatus == .dispatched, let visibleAt, visibleAt <= now { return .queued }
        return self.storedStatus
    }

    /// Hands the job to a poller. The caller has checked that it is queued.
    public mutating func dispatch(to principal: String, nonce: String, at now: Timestamp, visibility: Duration) {
        precondition(self.status(at: now) == .queued, "only a queued job is dispatched")
        self.storedStatus = .dispatched
        self.nonce = nonce
        self.dispatch += 1
        self.dispatchedAt = now
        self.dispatchedTo = principal
        self.visibleAt = now + visibility
    }

    /// Keeps the job from others for longer, also when its time has come and nobody was handed it since.
    public mutating func hide(until instant: Timestamp) {
        precondition(self.storedStatus == .dispatched, "only a dispatched job is hidden")
        self.visibleAt = instant
    }

    /// What an acknowledgement with a nonce comes to.
    public enum Acknowledgement: Sendable, Hashable {
        /// The caller has the job; it was just changed to in progress.
        case accepted
        /// The caller had acknowledged it before; this is how it stands.
        case repeated(Status)
        case invalidNonce
    }

    /// Makes a dispatched job the worker's own, or says why not.
    public mutating func acknowledge(nonce: String, at now: Timestamp) -> Acknowledgement {
        guard self.nonce == nonce else { return .invalidNonce }
        switch self.storedStatus {
        case .queued: return .invalidNonce
        case .dispatched:
            self.storedStatus = .inProgress
            self.acknowledgedAt = now
            self.visibleAt = nil
            return .accepted
        case .inProgress: return .repeated(.inProgress)
        case .timedOut, .succeeded, .failed:
            return self.acknowledgedAt == nil ? .invalidNonce : .repeated(self.storedStatus)
        }
    }

    /// Starts without a poll: approvals, and functions that are invoked.
    public mutating func begin(at now: Timestamp) {
        precondition(self.storedStatus == .queued, "only a queued job begins")
        self.storedStatus = .inProgress
        self.acknowledgedAt = now
    }

    /// Ends the job. One that has ended stays as it is.
    public mutating func end(_ status: Status, resultDigest: String?, at now: Timestamp) {
        precondition(status.isTerminal, "an end is terminal")
        guard !self.storedStatus.isTerminal else { return }
        self.storedStatus = status
        self.resultDigest = resultDigest
        self.endedAt = now
        self.visibleAt = nil
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.id = try reader.read()
        self.storedStatus = try reader.read()
        self.nonce = try reader.readOptional()
        self.dispatch = try reader.read()
        self.visibleAt = try reader.readOptional()
        self.createdAt = try reader.read()
        self.dispatchedAt = try reader.readOptional()
        self.acknowledgedAt = try reader.readOptional()
        self.endedAt = try reader.readOptional()
        self.dispatchedTo = try reader.readOptional()
        self.resultDigest = try reader.readOptional()
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.id)
        writer.write(self.storedStatus)
        writer.write(self.nonce)
        writer.write(self.dispatch)
        writer.write(self.visibleAt)
        writer.write(self.createdAt)
        writer.write(self.dispatchedAt)
        writer.write(self.acknowledgedAt)
        writer.write(self.endedAt)
        writer.write(self.dispatchedTo)
        writer.write(self.resultDigest)
    }
}
