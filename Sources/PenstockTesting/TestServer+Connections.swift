// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
public import PenstockClient

/// What a partner gets when a customer connects an action.
public struct TestConnection: Sendable, Hashable {
    /// What polls name the customer by.
    public var clientID: String
    /// What every later call has to carry.
    public var clientToken: Sensitive
}

extension TestServer {
    /// Does what a customer does to let a partner work on an action: without that its jobs cannot be polled.
    ///
    /// The action need not be there yet.
    ///
    /// - Throws: `CallError`, for example when the action is connected already.
    public func connect(pipeline: String, stage: String, action: String) async throws -> TestConnection {
        struct Request: Encodable {
            let pipelineName: String
            let stageName: String
            let actionName: String
        }
        struct Answer: Decodable {
            let clientId: String
            let clientToken: String
        }
        let request = Request(pipelineName: pipeline, stageName: stage, actionName: action)
        let answer = try await CodePipelineClient(configuration: self.clientConfiguration).call(
            target: "Penstock_20261123.CreateConnection", body: Array(try JSONEncoder().encode(request)),
            service: "penstock")
        let connection = try JSONDecoder().decode(Answer.self, from: Data(answer))
        return TestConnection(clientID: connection.clientId, clientToken: Sensitive(connection.clientToken))
    }
}
