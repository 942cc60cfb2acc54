// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockAccess
internal import PenstockModel
internal import PenstockRuntime
internal import PenstockStore
internal import PenstockWire

extension AdministrationOperations {
    func createConnection(_ input: CreateConnectionInput, _ call: APICall) async throws -> IssuedConnection {
        let pipeline = call.context.pipeline(input.pipelineName)
        try await call.require(
            "CreateConnection",
            on: .action(input.actionName, stage: input.stageName, of: pipeline)
        )
        let issued = try await self.connections.create(
            call.context,
            pipeline: input.pipelineName,
            stage: input.stageName,
            action: input.actionName
        )
        return IssuedConnection(issued)
    }

    func listConnections(_ input: ListingInput, _ call: APICall) async throws -> ListConnectionsOutput {
        try await call.require("ListConnections", on: .everything)
        let tokens = PageTokens("ListConnections", call, filters: [input.pipelineName], context: self.context)
        let cursor = try tokens.cursor(of: input.nextToken, as: CreationCursor.self)
        let rows = try await self.connections.list(call.context).filter { row in
            (input.pipelineName ?? row.pipelineName) == row.pipelineName
                && (cursor?.precedes(row.created, "\(row.clientID)") ?? true)
        }
        let page = try tokens.page(of: rows, limit: input.maxResults ?? Self.defaultPageSize) {
            CreationCursor(created: $0.created, id: "\($0.clientID)")
        }
        return ListConnectionsOutput(
            connections: page.rows.map { ConnectionSummary($0) },
            nextToken: page.nextToken
        )
    }

    func rotateConnection(_ input: ConnectionInput, _ call: APICall) async throws -> IssuedConnection {
        let id = try await self.connection(input, "RotateConnection", call)
        return IssuedConnection(try await self.connections.rotate(call.context, id))
    }

    func revokeConnection(_ input: ConnectionInput, _ call: APICall) async throws -> NoOutput {
        let id = try await self.connection(input, "RevokeConnection", call)
        try await self.connections.revoke(call.context, id)
        return NoOutput()
    }

    /// The live connection that is meant. Which action the caller must have a right on, only the connection tells.
    private func connection(_ input: ConnectionInput, _ operation: String, _ call: APICall) async throws -> ClientID {
        guard let id = ClientID(input.clientID) else {
            throw Rejection(.validation, "The client id is not a UUID in lower case")
        }
        let row = try await self.connections.connection(call.context, id)
        let pipeline = call.context.pipeline(row.pipelineName)
        try await call.require(operation, on: .action(row.actionName, stage: row.stageName, of: pipeline))
        return id
    }
}

extension IssuedConnection {
    fileprivate init(_ issued: ConnectionService.Issued) {
        let row = issued.connection
        self.init(
            clientID: "\(row.clientID)",
            clientToken: Sensitive(issued.clientToken),
            pipelineName: row.pipelineName,
            stageName: row.stageName,
            actionName: row.actionName,
            previousTokenExpires: row.previousExpires.map { WireTimestamp($0) }
        )
    }
}

extension ConnectionSummary {
    fileprivate init(_ row: ConnectionRow) {
        self.init()
        self.clientID = "\(row.clientID)"
        self.pipelineName = row.pipelineName
        self.stageName = row.stageName
        self.actionName = row.actionName
        self.actionTypeID = row.boundType.map { WireActionTypeID($0) }
        self.created = WireTimestamp(row.created)
        self.rotated = row.rotated.map { WireTimestamp($0) }
        self.previousTokenExpires = row.previousExpires.map { WireTimestamp($0) }
        self.revoked = row.revoked.map { WireTimestamp($0) }
    }
}
