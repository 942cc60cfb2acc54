// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import PenstockClient
internal import PenstockWire

/// Access keys, as a client of the service.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Create, list and disable access keys.",
        subcommands: [Create.self, List.self, Disable.self]
    )

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Creates a key and prints it as a profile of the shared credentials file.",
            discussion: """
                Without a policy the key may do nothing. Keys of another account, such as a partner's, are made by the \
                administrators of the account that runs the service.

                penstock keys create --name worker --policy worker.json >> ~/.aws/credentials
                """
        )

        @Option(help: "The principal's name, also that of the profile.")
        var name: String

        @Option(help: "The account, twelve digits; otherwise one's own.")
        var account: String?

        @Option(help: ArgumentHelp("A JSON file with an IAM policy; - is the input.", valueName: "file"))
        var policy: String?

        @Option(help: ArgumentHelp("A policy that is there, such as AWSCodePipeline_FullAccess.", valueName: "name"))
        var managedPolicy: String?

        @Flag(help: "The key may do everything in its account.")
        var administrator = false

        @OptionGroup var service: ServiceOptions

        func run() async throws {
            let document = try self.policy.map { String(decoding: try DeclarationFile.read($0), as: UTF8.self) }
            let input = CreateKeyInput(
                principalName: self.name, accountID: self.account, administrator: self.administrator ? true : nil,
                policyDocument: document, managedPolicyName: self.managedPolicy)
            let issued = try await self.service.withClient {
                try await $0.administer(Administration.CreateKey.self, input)
            }
            self.service.show(issued) {
                """
                [\(issued.principalName)]
                aws_access_key_id = \(issued.accessKeyID)
                aws_secret_access_key = \(issued.secretAccessKey.exposed)
                """
            }
            Terminal.warn("The secret is shown this once.")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The keys of an account, the oldest first.")

        @Option(help: "The account, twelve digits; otherwise one's own.")
        var account: String?

        @OptionGroup var service: ServiceOptions

        func run() async throws {
            let keys = try await self.service.withClient { client in
                try await Listing.all { token in
                    let input = ListKeysInput(accountID: self.account, nextToken: token)
                    let page = try await client.administer(Administration.ListKeys.self, input)
                    return (page.keys, page.nextToken)
                }
            }
            self.service.show(ListKeysOutput(keys: keys)) {
                var table = TextTable("KEY", "ACCOUNT", "NAME", "RIGHTS", "CREATED", "STATE")
                for each in keys {
                    table.add(
                        each.accessKeyID, each.accountID, each.principalName, Self.rights(of: each),
                        each.created?.text, each.disabled == true ? "disabled" : "active")
                }
                return table.text
            }
        }

        private static func rights(of key: KeySummary) -> String {
            let policies = key.policyDocuments?.count ?? 0
            return key.administrator == true ? "everything" : policies == 0 ? "nothing" : "by policy"
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Disables a key for good; the next request signed with it is refused.")

        @Argument(help: "The key's id.")
        var key: String

        @OptionGroup var service: ServiceOptions

        func run() async throws {
            try await self.service.withClient {
                _ = try await $0.administer(Administration.DisableKey.self, DisableKeyInput(accessKeyID: self.key))
            }
        }
    }
}
