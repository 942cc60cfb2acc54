// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockAccess
import PenstockEngine
package import PenstockModel
package import PenstockStore

/// Customers' connections of partner actions: what the console's "Connect" makes on the live service.
package struct ConnectionService: Sendable {
    /// Random bytes of a client token, written as twice as many hexadecimal digits.
    package static let tokenByteCount = 32

    let context: RuntimeContext

    package init(context: RuntimeContext) {
        self.context = context
    }

    /// A connection with its token, which is told this once.
    package struct Issued: Sendable {
        package var connection: ConnectionRow
        package var clientToken: String
    }

    /// Connects an action, which need not exist yet. Jobs that waited for a connection can be polled at once.
    package func create(
        _ call: CallContext,
        pipeline: String,
        stage: String,
        action: String
    ) async throws -> Issued {
        let context = self.context
        let now = context.clock.now
        let token = self.makeToken()
        let id = ClientID(context.identifiers(1)[0])
        return try await context.store.write { transaction in
            // Jobs are made under these locks, of the name while their pipeline is made: one that is made now is seen here,
            // or sees the connection.
            try transaction.lock(.pipeline(call.pipeline(pipeline)))
            _ = try transaction.lockPipelineID(call.pipeline(pipeline))
            let live = try transaction.liveConnection(
                scope: call.scope,
                pipelineName: pipeline,
                stageName: stage,
                actionName: action
            )
            guard live == nil else {
                throw Rejection(
                    .conflict,
                    "Action '\(action)' in stage '\(stage)' of pipeline '\(pipeline)' is connected already;"
                        + " rotate its token, or revoke the connection first"
                )
            }
            let row = ConnectionRow(
                clientID: id,
                scope: call.scope,
                pipelineName: pipeline,
                stageName: stage,
                actionName: action,
                tokenHash: context.tokens.hash(token, context: ConnectionRow.hashContext(id)),
                created: now
            )
            try transaction.putConnection(row)
            let queues = try transaction.connectJobs(
                scope: call.scope,
                pipelineName: pipeline,
                stageName: stage,
                actionName: action,
                to: id
            )
            for queue in queues { transaction.signal(.jobQueued(queue)) }
            try call.audit("CreateConnection", "connection/\(id)", at: now, in: transaction)
            return Issued(connection: row, clientToken: token)
        }
    }

    /// Every connection of the caller's scope, the revoked ones included.
    package func list(_ call: CallContext) async throws -> [ConnectionRow] {
        try await self.context.store.read { try $0.connections(in: call.scope) }
    }

    /// The live connection of the caller's scope.
    package func connection(_ call: CallContext, _ id: ClientID) async throws -> ConnectionRow {
        try await self.context.store.read { try Self.live(try $0.connection(id), id, call) }
    }

    /// Gives the connection a new token; the old one counts for ``RuntimeSettings/clientTokenGrace``.
    package func rotate(_ call: CallContext, _ id: ClientID) async throws -> Issued {
        let context = self.context
        let now = context.clock.now
        let token = self.makeToken()
        return try await context.store.write { transaction in
            var row = try Self.live(try transaction.lockConnection(id), id, call)
            row.previousTokenHash = row.tokenHash
            row.previousExpires = now + context.settings.clientTokenGrace
            row.tokenHash = context.tokens.hash(token, context: ConnectionRow.hashContext(id))
            row.rotated = now
            try transaction.putConnection(row)
            try call.audit("RotateConnection", "connection/\(id)", at: now, in: transaction)
            return Issued(connection: row, clientToken: token)
        }
    }

    /// Ends the connection. A job that a worker has acknowledged may still be ended with its token; one that none has
    /// waits for another connection, although it may have been handed out, and so does one that goes on where a job ended.
    package func revoke(_ call: CallContext, _ id: ClientID) async throws {
        let now = self.context.clock.now
        try await self.context.store.write { transaction in
            let found = try Self.live(try transaction.connection(id), id, call)
            // As when it is made: no job comes between.
            if let pipeline = try transaction.lockPipelineID(call.pipeline(found.pipelineName)) {
                try Self.disconnectJobs(of: pipeline, from: found, in: transaction)
            }
            var row = try Self.live(try transaction.lockConnection(id), id, call)
            row.revoked = now
            try transaction.putConnection(row)
            try call.audit("RevokeConnection", "connection/\(id)", at: now, in: transaction)
        }
    }

    private static func disconnectJobs(
        of pipeline: PipelineID,
        from row: ConnectionRow,
        in transaction: any StoreTransaction
    ) throws {
        for open in try transaction.openJobs(of: pipeline) where open.clientID == row.clientID {
            // Read again under its lock: a worker may have acknowledged it meanwhile.
            guard let job = try transaction.lockJob(open.job.id), job.job.acknowledgedAt == nil,
                !job.job.storedStatus.isTerminal
            else { continue }
            try transaction.updateJob(job.job, clientID: nil)
        }
    }

    /// - Parameter row: What was found under the id.
    private static func live(_ row: ConnectionRow?, _ id: ClientID, _ call: CallContext) throws -> ConnectionRow {
        guard let row, row.scope == call.scope, row.revoked == nil else {
            throw Rejection(.resourceNotFound, "Account '\(call.scope.account)' has no live connection '\(id)'")
        }
        return row
    }

    private func makeToken() -> String {
        var generator = self.context.entropy
        return (0..<Self.tokenByteCount).map { _ in
            let text = String(UInt8.random(in: .min ... .max, using: &generator), radix: 16)
            return text.count == 1 ? "0" + text : text
        }
        .joined()
    }
}
