// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import PenstockClient
internal import PenstockWire

/// Executions of a pipeline, as a client of the service.
struct ExecutionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "executions",
        abstract: "List, show, stop and retry executions of a pipeline.",
        subcommands: [List.self, Show.self, Actions.self, Stop.self, Retry.self]
    )

    /// Everything a command about one execution needs.
    struct Target: ParsableArguments {
        @Option(help: "The pipeline's name.")
        var pipeline: String

        @Argument(help: "The execution's id.")
        var execution: String

        @OptionGroup var service: ServiceOptions
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The executions of a pipeline, newest first.")

        @Option(help: "The pipeline's name.")
        var pipeline: String

        @Option(help: "How many, from 1 to 100.")
        var limit = 20

        @OptionGroup var service: ServiceOptions

        func run() async throws {
            let answer = try await self.service.withClient {
                try await $0.listPipelineExecutions(pipelineName: self.pipeline, maxResults: self.limit)
            }
            self.service.show(answer) {
                var table = TextTable("EXECUTION", "STATUS", "STARTED", "TRIGGER", "REVISIONS")
                for each in answer.pipelineExecutionSummaries ?? [] {
                    let revisions = (each.sourceRevisions ?? []).compactMap(\.revisionID)
                    table.add(
                        each.pipelineExecutionID, each.status?.rawValue, each.startTime?.text,
                        each.trigger?.triggerType?.rawValue, revisions.joined(separator: " "))
                }
                return table.text
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One execution.")

        @OptionGroup var target: Target

        func run() async throws {
            let answer = try await self.target.service.withClient {
                try await $0.getPipelineExecution(
                    pipelineName: self.target.pipeline, pipelineExecutionId: self.target.execution)
            }
            print(answer.jsonText)
        }
    }

    struct Actions: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What the actions of one execution did, newest first.")

        @OptionGroup var target: Target

        func run() async throws {
            let filter = ActionExecutionFilter(pipelineExecutionID: self.target.execution)
            let input = ListActionExecutionsInput(pipelineName: self.target.pipeline, filter: filter)
            let actions = try await self.target.service.withClient { client in
                var all: [ActionExecutionDetail] = []
                for try await action in client.listActionExecutionsPages(input).items { all.append(action) }
                return all
            }
            self.target.service.show(ListActionExecutionsOutput(actionExecutionDetails: actions)) {
                var table = TextTable("STAGE", "ACTION", "STATUS", "STARTED", "WHAT IS KNOWN")
                for each in actions {
                    let result = each.output?.executionResult
                    let error = result?.errorDetails.map { "\($0.code ?? ""): \($0.message ?? "")" }
                    table.add(
                        each.stageName, each.actionName, each.status?.rawValue, each.startTime?.text,
                        error ?? result?.externalExecutionSummary)
                }
                return table.text
            }
        }
    }

    struct Stop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stops an execution once its running actions have ended, or at once.")

        @OptionGroup var target: Target

        @Flag(help: "Do not wait for running actions; what they do outside goes on.")
        var abandon = false

        @Option(help: "Why; up to 200 characters.")
        var reason: String?

        func run() async throws {
            let answer = try await self.target.service.withClient {
                try await $0.stopPipelineExecution(
                    pipelineName: self.target.pipeline, pipelineExecutionId: self.target.execution,
                    abandon: self.abandon, reason: self.reason)
            }
            self.target.service.show(answer) {
                let execution = "\(self.target.execution) of \(self.target.pipeline)"
                return "\(execution) \(self.abandon ? "is stopped" : "stops when its running actions have ended")"
            }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Runs a failed stage again, in the same execution.")

        @OptionGroup var target: Target

        @Option(help: "The stage's name.")
        var stage: String

        @Flag(help: "Run all actions of the stage again, not only those that failed.")
        var allActions = false

        func run() async throws {
            let answer = try await self.target.service.withClient {
                try await $0.retryStageExecution(
                    pipelineName: self.target.pipeline, stageName: self.stage,
                    pipelineExecutionId: self.target.execution,
                    retryMode: self.allActions ? .allActions : .failedActions)
            }
            self.target.service.show(answer) {
                let execution = answer.pipelineExecutionID ?? self.target.execution
                return "\(self.stage) of \(self.target.pipeline) runs again in \(execution)"
            }
        }
    }
}
