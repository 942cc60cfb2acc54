// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import PenstockClient
internal import PenstockWire

/// Manual approvals, as a client of the service.
struct ApprovalsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approvals",
        abstract: "List what waits for an answer, look at it, approve, reject.",
        subcommands: [List.self, Show.self, Approve.self, Reject.self]
    )

    /// An approval that waits.
    struct Pending {
        var pipeline: String
        var stage: String
        var action: String
        var execution: ActionExecution
    }

    /// The approvals of a pipeline that wait now.
    static func pending(in pipeline: String, _ client: CodePipelineClient) async throws -> [Pending] {
        let state = try await client.getPipelineState(name: pipeline)
        return (state.stageStates ?? []).flatMap { stage in
            (stage.actionStates ?? []).compactMap { action in
                guard let latest = action.latestExecution, latest.token != nil else { return nil }
                return Pending(
                    pipeline: pipeline, stage: stage.stageName ?? "", action: action.actionName ?? "",
                    execution: latest)
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The approvals that wait, of one pipeline or of all.")

        @Option(help: "The pipeline's name; without it all are looked at.")
        var pipeline: String?

        @OptionGroup var service: ServiceOptions

        func run() async throws {
            let pending = try await self.service.withClient { client in
                if let pipeline = self.pipeline { return try await ApprovalsCommand.pending(in: pipeline, client) }
                var all: [Pending] = []
                for try await summary in client.listPipelinesPages().items {
                    if let name = summary.name { all += try await ApprovalsCommand.pending(in: name, client) }
                }
                return all
            }
            var table = TextTable("PIPELINE", "STAGE", "ACTION", "SINCE", "TOKEN")
            for each in pending {
                table.add(
                    each.pipeline, each.stage, each.action, each.execution.lastStatusChange?.text,
                    each.execution.token)
            }
            print(table.text)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What an approval is about: its revisions, what they change, and who waits behind it.")

        @Option(help: "The pipeline's name.")
        var pipeline: String

        @Option(help: "The stage's name; may be left out where one approval waits.")
        var stage: String?

        @Option(help: "The action's name; may be left out where one approval waits.")
        var action: String?

        @OptionGroup var service: ServiceOptions

        func run() async throws {
            let approval = try await self.service.withClient { client in
                let one = try await ApprovalsCommand.onePending(
                    in: self.pipeline, stage: self.stage, action: self.action, token: nil, client)
                let input = GetApprovalInput(
                    pipelineName: one.pipeline, stageName: one.stage, actionName: one.action)
                return try await client.administer(Administration.GetApproval.self, input)
            }
            self.service.show(approval) { ApprovalsCommand.text(approval) }
        }
    }

    /// The one approval that is meant.
    static func onePending(
        in pipeline: String,
        stage: String?,
        action: String?,
        token: String?,
        _ client: CodePipelineClient
    ) async throws -> Pending {
        let pending = try await self.pending(in: pipeline, client).filter {
            stage.map([$0.stage].contains) ?? true && action.map([$0.action].contains) ?? true
                && token.map([$0.execution.token].contains) ?? true
        }
        guard let one = pending.first else { throw CommandFailure("no such approval waits in \(pipeline)") }
        guard pending.count == 1 else {
            throw CommandFailure("\(pending.count) approvals wait in \(pipeline): name --stage and --action")
        }
        return one
    }

    /// Which approval, and what is said to it.
    struct Answer: ParsableArguments {
        @Option(help: "The pipeline's name.")
        var pipeline: String

        @Option(help: "The stage's name; may be left out where one approval waits.")
        var stage: String?

        @Option(help: "The action's name; may be left out where one approval waits.")
        var action: String?

        @Option(help: "The token of the approval that was looked at; without it, whichever waits now is answered.")
        var token: String?

        @Option(help: "What to say, up to 512 characters.")
        var summary = ""

        @OptionGroup var service: ServiceOptions

        func send(_ status: ApprovalStatus) async throws {
            try await self.service.withClient { client in
                let one = try await ApprovalsCommand.onePending(
                    in: self.pipeline, stage: self.stage, action: self.action, token: self.token, client)
                guard let token = one.execution.token else {
                    throw CommandFailure("no such approval waits in \(self.pipeline)")
                }
                _ = try await client.putApprovalResult(
                    pipelineName: self.pipeline, stageName: one.stage, actionName: one.action,
                    result: ApprovalResult(summary: self.summary, status: status), token: token)
            }
        }
    }

    struct Approve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lets the execution go on.")

        @OptionGroup var answer: Answer

        func run() async throws { try await self.answer.send(.approved) }
    }

    struct Reject: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Fails the action.")

        @OptionGroup var answer: Answer

        func run() async throws { try await self.answer.send(.rejected) }
    }
}
