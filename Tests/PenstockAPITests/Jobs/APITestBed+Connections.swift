// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockRuntime
import PenstockStore
import Testing

/// What the service's administrator does for customers of partners, and sees of jobs.
extension APITestBed {
    /// Connects an action to its provider, and returns the client token.
    func connect(
        _ pipeline: String = "shop",
        stage: String = "Build",
        action: String = "Work",
        as identity: TestIdentity = .customer
    ) async throws -> String {
        let issued = try await self.connections.create(
            self.caller(identity), pipeline: pipeline, stage: stage, action: action)
        return issued.clientToken
    }

    /// The one connection of the account.
    func clientID(of identity: TestIdentity = .customer) async throws -> ClientID {
        let connections = try await self.connections.list(self.caller(identity))
        try #require(connections.count == 1)
        return connections[0].clientID
    }

    /// Whether the customer's one connection has not been revoked.
    func isConnected() async throws -> Bool {
        let connections = try await self.connections.list(self.caller())
        try #require(connections.count == 1)
        return connections[0].revoked == nil
    }

    /// Gives the customer's connection a new client token, and returns that.
    func rotateToken() async throws -> String {
        try await self.connections.rotate(self.caller(), self.clientID()).clientToken
    }

    func revokeConnection() async throws { try await self.connections.revoke(self.caller(), self.clientID()) }

    /// The id of the one job that has not ended.
    func openJobID() async throws -> String { try await self.openJob().job.id.description }

    /// How the one job that has not ended stands, as last written.
    func openJobStatus() async throws -> String { try await self.openJob().job.storedStatus.rawValue }
}
