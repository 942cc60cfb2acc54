// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import PenstockClient
internal import PenstockWire

/// Connections of partner actions, as a client of the service.
struct ConnectionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connections",
        abstract: "Connect partner actions to their providers: create, list, rotate, revoke.",
        subcommands: [Create.self, List.self, Rotate.self, Revoke.self]
    )

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Connects an action, which need not exist yet, and prints what its provider must know.")

        @Option(help: "The pipeline's name.")
        var pipeline: String

        @Option(help: "The stage's name.")
        var stage: String

        @Option(help: "The action's name.")
        var action: String

        @OptionGroup var service: ServiceOptions

        func run() async throws {
            let input = CreateConnectionInput(
                pipelineName: self.pipeline, stageName: self.stage, actionName: self.action)
            let issued = try await self.service.withClient {
                try await $0.administer(Administration.CreateConnection.self, input)
            }
            ConnectionsCommand.show(issued, self.service)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The account's connections in the region, the oldest first.")

        @Option(help: "Those of one pipeline.")
        var pipeline: String?

        @Flag(help: "Those too that were revoked.")
        var all = false

        @OptionGroup var service: ServiceOptions

        func run() async throws {
            let connections = try await self.service.withClient {
                try await ConnectionsCommand.connections(of: self.pipeline, $0)
            }
            .filter { self.all || $0.revoked == nil }
            self.service.show(ListConnectionsOutput(connections: connections)) {
                var table = TextTable("CLIENT ID", "PIPELINE", "STAGE", "ACTION", "CREATED", "ROTATED", "REVOKED")
                for each in connections {
                    table.add(
                        each.clientID, each.pipelineName, each.stageName, each.actionName, each.created?.text,
                        each.rotated?.text, each.revoked?.text)
                }
                return table.text
            }
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives a connection another token; the one before is good for another day.")

        @OptionGroup var target: ConnectionTarget

        func run() async throws {
            let issued = try await self.target.service.withClient { client in
                let input = ConnectionInput(clientID: try await self.target.clientID(client))
                return try await client.administer(Administration.RotateConnection.self, input)
            }
            ConnectionsCommand.show(issued, self.target.service)
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends a connection; jobs under way may still be ended with its token.")

        @OptionGroup var target: ConnectionTarget

        func run() async throws {
            try await self.target.service.withClient { client in
                let input = ConnectionInput(clientID: try await self.target.clientID(client))
                _ = try await client.administer(Administration.RevokeConnection.self, input)
            }
        }
    }

    /// Every connection of the account, or of one pipeline, revoked ones included.
    static func connections(of pipeline: String?, _ client: CodePipelineClient) async throws -> [ConnectionSummary] {
        try await Listing.all { token in
            let input = ListingInput(pipelineName: pipeline, nextToken: token)
            let page = try await client.administer(Administration.ListConnections.self, input)
            return (page.connections, page.nextToken)
        }
    }

    private static func show(_ issued: IssuedConnection, _ service: ServiceOptions) {
        service.show(issued) {
            "clientId     \(issued.clientID)\nclientToken  \(issued.clientToken.exposed)"
        }
        Terminal.warn("The token is shown this once; whoever works for the action must keep it.")
    }
}

/// Which connection a command is about: one by its client id, or the live one of an action.
struct ConnectionTarget: ParsableArguments {
    @Argument(help: "The connection's client id; otherwise name pipeline, stage and action.")
    var clientID: String?

    @Option(help: "The pipeline's name.")
    var pipeline: String?

    @Option(help: "The stage's name.")
    var stage: String?

    @Option(help: "The action's name.")
    var action: String?

    @OptionGroup var service: ServiceOptions

    func validate() throws {
        let place = [self.pipeline, self.stage, self.action].compactMap { $0 }
        guard self.clientID == nil ? place.count == 3 : place.isEmpty else {
            throw ValidationError("Give either a client id, or --pipeline, --stage and --action.")
        }
    }

    func clientID(_ client: CodePipelineClient) async throws -> String {
        if let clientID { return clientID }
        let connections = try await ConnectionsCommand.connections(of: self.pipeline, client)
        let live = connections.first {
            $0.revoked == nil && $0.stageName == self.stage && $0.actionName == self.action
        }
        guard let id = live?.clientID else {
            throw CommandFailure(
                "action '\(self.action ?? "")' in stage '\(self.stage ?? "")' of pipeline '\(self.pipeline ?? "")'"
                    + " is not connected; penstock connections create connects it")
        }
        return id
    }
}
