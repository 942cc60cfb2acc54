// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockAccess
import PenstockEngine
package import PenstockModel
import PenstockStore

/// How a worker shows that a job is its own to see and to end.
package enum WorkerProof: Sendable {
    /// A worker of the same account; the call's signature is all it needs.
    case sameAccount
    /// A partner's worker, with the token of the customer's connection.
    case clientToken(String)

    /// Whether it is checked against the job's connection.
    var isOfConnection: Bool {
        switch self {
        case .sameAccount: false
        case .clientToken: true
        }
    }
}

/// Decides whether a caller may see a job at all. Whoever may not is told that there is no such job.
struct JobAccess {
    let context: RuntimeContext
    let now: Timestamp

    /// The job with what the proof is checked against.
    static func job(_ id: JobID, _ proof: WorkerProof, in reader: any StoreReader) throws -> ConnectedJob? {
        switch proof {
        case .sameAccount: try reader.job(id).map { ConnectedJob(row: $0) }
        case .clientToken: try reader.connectedJob(id)
        }
    }

    /// As ``job(_:_:in:)``, the job locked.
    static func lockJob(
        _ id: JobID, _ proof: WorkerProof, in transaction: any StoreTransaction
    ) throws -> ConnectedJob? {
        switch proof {
        case .sameAccount: try transaction.lockJob(id).map { ConnectedJob(row: $0) }
        case .clientToken: try transaction.lockConnectedJob(id)
        }
    }

    /// - Throws: ``Rejection`` `jobNotFound` for a job that is not the caller's, `invalidClientToken` for a wrong token.
    ///   The token is checked before anything else is told, so that a stranger learns nothing of job states.
    func check(_ job: ConnectedJob, _ call: CallContext, _ proof: WorkerProof, in reader: any StoreReader) throws {
        let row = job.row
        let type = row.start.action.typeID
        let isExpired = row.job.endedAt.map { self.now - $0 >= self.context.settings.endedJobRetention } ?? false
        guard row.scope.region == call.scope.region, !isExpired else { throw JobRejections.notFound("\(row.job.id)") }
        switch proof {
        case .sameAccount:
            let isWorkersJob = type.owner == .custom || type.category == .invoke && type.owner == .aws
            guard isWorkersJob, row.scope.account == call.scope.account else {
                throw JobRejections.notFound("\(row.job.id)")
            }
        case .clientToken(let token):
            // Whoever was handed the job may end it, whatever its type says by now; others are rare, so they are looked up.
            guard type.owner == .thirdParty,
                try row.job.wasHandedOut(to: call.scope.account)
                    || reader.partnerActionType(type, in: call.scope.region)?.mayPoll(call.scope.account) ?? false
            else { throw JobRejections.notFound("\(row.job.id)") }
            try self.checkToken(token, of: job)
        }
    }

    private func checkToken(_ token: String, of job: ConnectedJob) throws {
        let refusal = Rejection(.invalidClientToken, "The client token provided is not valid")
        guard let connection = job.connection else { throw refusal }
        let scope = ConnectionRow.hashContext(connection.clientID)
        let isCurrent = self.context.tokens.matches(token, hash: connection.tokenHash, context: scope)
        let isPrevious = connection.previousTokenHash.map {
            self.context.tokens.matches(token, hash: $0, context: scope)
                && connection.previousExpires.map { self.now < $0 } ?? false
        }
        let isLive = connection.revoked == nil || !self.isForgotten(job.row.job)
        guard isLive, isCurrent || isPrevious ?? false else { throw refusal }
    }

    /// Whether the job ended so long ago that not even its last result may be repeated.
    private func isForgotten(_ job: Job) -> Bool {
        job.endedAt.map { self.now - $0 >= self.context.settings.repeatedResultWindow } ?? false
    }
}

extension Job {
    /// Whether its last dispatch was to the account.
    fileprivate func wasHandedOut(to account: AccountID) -> Bool {
        // The fifth part of an ARN. This is asked at each call of a partner's worker, so nothing is made of the others.
        guard var rest = self.dispatchedTo?.utf8[...] else { return false }
        for _ in 0..<4 {
            guard let colon = rest.firstIndex(of: UInt8(ascii: ":")) else { return false }
            rest = rest[rest.index(after: colon)...]
        }
        return rest.prefix { $0 != UInt8(ascii: ":") }.elementsEqual(account.rawValue.utf8)
    }
}

extension ConnectionRow {
    /// What a client token's hash belongs to.
    package static func hashContext(_ clientID: ClientID) -> String { "connection/\(clientID)" }
}

extension ActionTypeRow {
    /// Whether workers of the account may poll for jobs of this partner type.
    func mayPoll(_ account: AccountID) -> Bool {
        switch self.definition.executor?.kind {
        case .jobWorker(let accounts, _): accounts.contains(account.rawValue)
        case .lambda: false
        case nil: self.account == account
        }
    }
}

/// The texts of refusals that concern a job.
package enum JobRejections {
    package static func notFound(_ id: String) -> Rejection { Rejection(.jobNotFound, "Job with id '\(id)' not found") }

    static func invalidNonce(_ id: JobID) -> Rejection {
        Rejection(.invalidNonce, "The nonce provided is not valid for job '\(id)'")
    }

    static func invalidJob(_ id: JobID) -> Rejection { Rejection(.invalidJob, "The job '\(id)' is not valid") }

    static func invalidState(_ id: JobID, _ status: String) -> Rejection {
        Rejection(.invalidJobState, "Job '\(id)' is in state \(status) and cannot be completed")
    }
}
