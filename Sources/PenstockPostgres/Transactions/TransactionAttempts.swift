// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a transaction may do, and what it sees.
enum TransactionMode: Sendable {
    /// One snapshot for all its reads; locks are not taken, since a transaction that only reads may not.
    case read
    /// Every statement sees what was committed before it began, so that what a lock waited for is read afterwards.
    case write

    var begin: String {
        switch self {
        case .read: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        case .write: "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
        }
    }
}

/// Runs a body in a transaction, again if it must, on the thread of a connection.
struct TransactionAttempts {
    var slot: ConnectionSlot
    var mode: TransactionMode
    /// What stored values are written in.
    var format: Int
    var types: RememberedTypes
    var logger: Logger
    /// Is told the signals of a transaction, in order, each once, when it was committed or may have been: a signal too many
    /// costs a look, one too few the time until somebody looks.
    var announce: ([StoreSignal]) -> Void

    /// How one attempt ended that did not commit.
    private enum Ending: Error {
        /// Nothing was written and the fault is not the body's: it may run again.
        case again(PostgresFailure)
        /// For the caller.
        case refused(any Error)
    }

    /// - Returns: What the body of the attempt that committed returned.
    func run<Result>(
        atMost maximumAttempts: Int,
        _ body: (PostgresTransaction) throws -> Result
    ) throws -> Result {
        let giveUp = ContinuousClock.now + Self.patience
        var attempt = 1
        while true {
            do throws(Ending) {
                return try self.attempt(body, recalls: attempt == 1 && maximumAttempts > 1)
            } catch {
                switch error {
                case .refused(let error): throw error
                case .again(let failure):
                    guard attempt < maximumAttempts, .now < giveUp else { throw failure.storeError }
                    self.logger.debug(
                        "A transaction is run again",
                        metadata: ["attempt": "\(attempt)", "error": "\(failure)"]
                    )
                    if failure.meaning == .conflict { Self.pause(after: attempt) }
                    attempt += 1
                }
            }
        }
    }

    /// From the first attempt to the begin of the last: a database that answers late is not asked eight times.
    private static let patience = Duration.seconds(30)

    /// Transactions that were in each other's way meet again if all of them go on at once. The thread is one that may
    /// block, and its connection holds no locks meanwhile.
    private static func pause(after attempt: Int) {
        let longest = min(1 << attempt, Self.longestPauseMilliseconds) * 1000
        usleep(UInt32.random(in: 0...UInt32(longest)))
    }

    private static let longestPauseMilliseconds = 64

    private func attempt<Result>(
        _ body: (PostgresTransaction) throws -> Result, recalls: Bool
    ) throws(Ending) -> Result {
        let session: PostgresSession
        do {
            session = try self.slot.session()
        } catch {
            // The server is not there; that is for the caller to know, not for this thread to wait out.
            throw .refused(StoreError(.unavailable, error.description, underlying: error))
        }
        let transaction = PostgresTransaction(
            session, mode: self.mode, format: self.format, types: self.types, recalls: recalls)
        let result: Result
        do {
            result = try body(transaction)
        } catch {
            throw self.abandon(transaction, because: error, session)
        }
        // A body may have caught the failure of a statement; the transaction is void all the same.
        if let failure = transaction.failure {
            throw self.abandon(transaction, because: failure, session)
        }
        try self.commit(transaction, session)
        self.announce(transaction.signals)
        return result
    }

    /// Rolls back. A failure of the database itself counts more than what the body made of it.
    private func abandon(
        _ transaction: PostgresTransaction,
        because error: any Error,
        _ session: PostgresSession
    ) -> Ending {
        if transaction.failure?.meaning == .connectionLost || (try? session.run("ROLLBACK")) == nil
            || !session.isIdle
        {
            self.slot.discard()
        }
        guard let failure = transaction.failure else {
            // It may have thrown because of something that is so no more.
            return transaction.hasUncheckedRecall ? .again(.unchecked) : .refused(error)
        }
        switch failure.meaning {
        case .conflict: return .again(failure)
        case .connectionLost where self.mode == .read && failure.sqlState == PostgresFailure.readOnly:
            // The body tried to write where it may only read.
            return .refused(StoreError(.constraint, failure.description, underlying: failure))
        case .connectionLost: return .again(failure)
        case .constraint, .contended, .corrupt, .unavailable:
            return .refused(error is PostgresFailure ? failure.storeError : error)
        }
    }

    private func commit(_ transaction: PostgresTransaction, _ session: PostgresSession) throws(Ending) {
        do {
            try transaction.commit()
        } catch {
            let isLost = error.meaning == .connectionLost
            // A server that only reads has committed nothing.
            let isUnknown =
                isLost && transaction.isCommitting && self.mode == .write
                && error.sqlState != PostgresFailure.readOnly
            if isLost || (!session.isIdle && (try? session.run("ROLLBACK")) == nil) || !session.isIdle {
                self.slot.discard()
            }
            switch error.meaning {
            case .connectionLost where isUnknown:
                self.announce(transaction.signals)
                throw .refused(StoreError(.outcomeUnknown, error.description, underlying: error))
            case .conflict, .connectionLost: throw .again(error)
            case .constraint, .contended, .corrupt, .unavailable: throw .refused(error.storeError)
            }
        }
    }
}
