// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import PenstockClient
internal import PenstockWire

/// Action types, as a client of the service.
struct ActionTypesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "action-types",
        abstract: "Register a partner's action type, list those that pipelines may use.",
        subcommands: [Register.self, List.self]
    )

    struct Register: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Registers a partner's action type of the account, or replaces the one it has.",
            discussion: "The type is the account's whose key is used; permissions.allowedAccounts says who may use it."
        )

        @Argument(
            help: """
                A JSON file with the declaration, or with one under 'actionType', as aws codepipeline get-action-type \
                prints it; - is the input.
                """)
        var file: String

        @OptionGroup var service: ServiceOptions

        func run() async throws {
            let input = try DeclarationFile.input(of: Administration.RegisterActionType.self, from: self.file)
            try await self.service.withClient {
                _ = try await $0.administer(Administration.RegisterActionType.self, input)
            }
            let id = input.actionType.id
            self.service.show(input.actionType.id) {
                "\(id.owner)/\(id.category)/\(id.provider)/\(id.version) is registered"
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The types that pipelines of the account may use, in the region.")

        @Option(help: "Those of one owner: AWS, ThirdParty or Custom.")
        var owner: String?

        @OptionGroup var service: ServiceOptions

        func run() async throws {
            let input = ListActionTypesInput(actionOwnerFilter: self.owner.map { ActionOwner(rawValue: $0) })
            let types = try await self.service.withClient { client in
                var all: [ActionType] = []
                for try await type in client.listActionTypesPages(input).items { all.append(type) }
                return all
            }
            self.service.show(ListActionTypesOutput(actionTypes: types)) {
                var table = TextTable("OWNER", "CATEGORY", "PROVIDER", "VERSION", "INPUTS", "OUTPUTS")
                for each in types {
                    table.add(
                        each.id.owner.rawValue, each.id.category.rawValue, each.id.provider, each.id.version,
                        Self.range(each.inputArtifactDetails), Self.range(each.outputArtifactDetails))
                }
                return table.text
            }
        }

        private static func range(_ details: ArtifactDetails) -> String {
            details.minimumCount == details.maximumCount
                ? "\(details.minimumCount)" : "\(details.minimumCount) to \(details.maximumCount)"
        }
    }
}
