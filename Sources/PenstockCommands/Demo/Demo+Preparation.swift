// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import PenstockClient
internal import PenstockWire

/// The partner, with the key of its account and what the customer told it.
struct DemoPartner: Sendable {
    let client: CodePipelineClient
    /// The customer's connection.
    let clientID: String
    let clientToken: Sensitive
}

extension Demo {
    mutating func tellOfStart(_ took: Duration) async {
        let command = ShellLine("penstock serve", ["--data-dir": "data", "--port": "0"])
        await self.narrator.tell(
            "The service starts", took: took,
            .init(
                command,
                facts: ["Ready at \(self.endpoint.url); its first start made a key for the customer."]))
    }

    /// What is done once, before anything runs.
    mutating func prepare() async throws -> DemoPartner {
        let partner = try await self.makePartner()
        try await self.registerActionType(partner)
        try await self.makeBucket()
        try await self.createActionType()
        try await self.createPipeline()
        let connection = try await self.connect()
        return DemoPartner(
            client: partner, clientID: connection.clientID, clientToken: connection.clientToken)
    }

    private mutating func makePartner() async throws -> CodePipelineClient {
        let (demo, account) = (self, DemoDeclarations.partner)
        return try await self.narrator.step("The partner gets a key of its own account") {
            let input = CreateKeyInput(principalName: "partner", accountID: account, administrator: true)
            let key = try await demo.customer.administer(Administration.CreateKey.self, input)
            let file = "\(demo.directory)/credentials"
            let profiles = String(decoding: try Data(contentsOf: URL(filePath: file)), as: UTF8.self)
            let profile = Self.profile("partner", key.accessKeyID, key.secretAccessKey.exposed)
            try demo.write(profiles + profile, to: "credentials")
            let credentials = SigningCredentials(
                accessKeyID: key.accessKeyID, secretAccessKey: SecretAccessKey(key.secretAccessKey.exposed))
            let command = ShellLine(
                "penstock keys create", ["--name": "partner", "--account": account, "--administrator": ""])
            let fact = "\(key.accessKeyID) signs for account \(account), and sees nothing of the customer's."
            return (
                Self.client(credentials, demo.endpoint, demo.bucket.transport),
                .init(command, facts: [fact])
            )
        }
    }

    private mutating func registerActionType(_ partner: CodePipelineClient) async throws {
        let demo = self
        try await self.narrator.step("The partner registers its action type") {
            let type = DemoDeclarations.loadTestType
            try demo.write(type.jsonText, to: "load-tests.json")
            try await partner.updateActionType(actionType: type)
            let command = ShellLine(
                "aws codepipeline update-action-type",
                ["--action-type": "file://load-tests.json", "--profile": "partner"])
            let fact = "ThirdParty/Test/LoadTests/1: every account may use it, the partner's workers take its jobs."
            return ((), .init(command, facts: [fact]))
        }
    }

    private mutating func makeBucket() async throws {
        let bucket = self.bucket
        try await self.narrator.step("The customer makes a bucket") {
            try await bucket.create()
            return (
                (),
                .init(
                    ShellLine("aws s3 mb s3://\(DemoDeclarations.bucket)"),
                    ShellLine(
                        "aws s3api put-bucket-versioning",
                        [
                            "--bucket": DemoDeclarations.bucket,
                            "--versioning-configuration": "Status=Enabled",
                        ]),
                    facts: ["Sources come from it, and artifacts go there."])
            )
        }
    }

    private mutating func createActionType() async throws {
        let demo = self
        try await self.narrator.step("The customer makes an action type of its own, to deploy with") {
            let type = DemoDeclarations.deployType
            try demo.write(type.jsonText, to: "servers.json")
            _ = try await demo.customer.createCustomActionType(type)
            let command = ShellLine(
                "aws codepipeline create-custom-action-type", ["--cli-input-json": "file://servers.json"])
            return ((), .init(command, facts: ["Custom/Deploy/Servers/1: the customer's own workers take its jobs."]))
        }
    }

    private mutating func createPipeline() async throws {
        let demo = self
        try await self.narrator.step("The customer creates the pipeline") {
            try demo.write(DemoDeclarations.shop.jsonText, to: "pipeline.json")
            _ = try await demo.customer.createPipeline(pipeline: DemoDeclarations.shop)
            let command = ShellLine("aws codepipeline create-pipeline", ["--pipeline": "file://pipeline.json"])
            return (
                (),
                .init(
                    command,
                    facts: ["S3 source > load test of the partner's > manual approval > deployment of the customer's"])
            )
        }
    }

    private mutating func connect() async throws -> IssuedConnection {
        let demo = self
        return try await self.narrator.step("The customer connects the load test to the partner") {
            let input = CreateConnectionInput(
                pipelineName: DemoDeclarations.pipeline, stageName: DemoDeclarations.Stage.test,
                actionName: DemoDeclarations.Action.loadTest)
            let issued = try await demo.customer.administer(Administration.CreateConnection.self, input)
            try demo.write(issued.clientToken.exposed, to: "client-token")
            let command = ShellLine(
                "penstock connections create",
                [
                    "--pipeline": DemoDeclarations.pipeline, "--stage": DemoDeclarations.Stage.test,
                    "--action": DemoDeclarations.Action.loadTest,
                ])
            return (
                issued,
                .init(
                    command,
                    facts: [
                        "Client id \(issued.clientID). The token is told this once;",
                        "with it the partner proves, call by call, that this customer has connected.",
                        "It is in the file client-token, so that the commands below can use it.",
                    ])
            )
        }
    }
}
