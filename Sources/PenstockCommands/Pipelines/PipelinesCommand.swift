// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import PenstockClient
internal import PenstockWire

/// Pipelines, as a client of the service.
struct PipelinesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pipelines",
        abstract: "List, show, create, change, start and delete pipelines.",
        subcommands: [List.self, Show.self, State.self, Create.self, Update.self, Start.self, Delete.self]
    )

    /// Everything a command about one pipeline needs.
    struct Target: ParsableArguments {
        @Argument(help: "The pipeline's name.")
        var name: String

        @OptionGroup var service: ServiceOptions
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "All pipelines of the account in the region.")

        @OptionGroup var service: ServiceOptions

        func run() async throws {
            let pipelines = try await self.service.withClient { client in
                var all: [PipelineSummary] = []
                for try await pipeline in client.listPipelinesPages().items { all.append(pipeline) }
                return all
            }
            self.service.show(ListPipelinesOutput(pipelines: pipelines)) {
                var table = TextTable("NAME", "VERSION", "TYPE", "MODE", "UPDATED")
                for each in pipelines {
                    table.add(
                        each.name, each.version.map { "\($0)" }, each.pipelineType?.rawValue,
                        each.executionMode?.rawValue, each.updated?.text)
                }
                return table.text
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A pipeline's declaration, in the form that create and update read.")

        @OptionGroup var target: Target

        @Option(help: "A version before the current one.")
        var version: Int?

        func run() async throws {
            let answer = try await self.target.service.withClient {
                try await $0.getPipeline(name: self.target.name, version: self.version)
            }
            print(answer.jsonText)
        }
    }

    struct Start: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Starts an execution.")

        @OptionGroup var target: Target

        @Option(name: .customLong("variable"), help: "A pipeline variable as NAME=VALUE; may be repeated.")
        var variables: [String] = []

        func run() async throws {
            let variables = try self.variables.map { text in
                let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2 else { throw ValidationError("'\(text)' is not of the form NAME=VALUE") }
                return PipelineVariable(name: String(parts[0]), value: String(parts[1]))
            }
            let answer = try await self.target.service.withClient {
                try await $0.startPipelineExecution(
                    name: self.target.name, variables: variables.isEmpty ? nil : variables)
            }
            self.target.service.show(answer) { answer.pipelineExecutionID ?? "" }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Deletes a pipeline with its executions and connections; says nothing if there is none.")

        @OptionGroup var target: Target

        func run() async throws {
            try await self.target.service.withClient { _ = try await $0.deletePipeline(name: self.target.name) }
        }
    }
}
