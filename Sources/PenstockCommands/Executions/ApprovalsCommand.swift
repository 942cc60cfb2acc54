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

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The approvals that wait, of one pipeline or of all.")

        @Option(help: "The pipeline's name; without it all are looked at.")
        var pipeline: String?

        @OptionGroup var service: ServiceOptions

        func run() async throws {
            let pending = try await self.service.withClient { client in
                if let pipeline = self.pipeline { return try await WaitingApproval.all(in: pipeline, client) }
                var all: [WaitingApproval] = []
                for try await summary in client.listPipelinesPages().items {
                    guard let name = summary.name else { continue }
                    all += try await WaitingApproval.all(in: name, mode: summary.executionMode, client)
                }
                return all
            }
            self.service.show(WaitingApprovals(approvals: pending)) {
                var table = TextTable("PIPELINE", "STAGE", "ACTION", "EXECUTION", "SINCE", "TOKEN")
                for each in pending {
                    table.add(
                        each.pipeline, each.stage, each.action, each.execution, each.since?.text, each.token)
                }
                return table.text
            }
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

        @Option(help: "The approval's token; may be left out where one approval waits.")
        var token: String?

        @OptionGroup var service: ServiceOptions

        func run() async throws {
            let approval = try await self.service.withClient { client in
                let one = try await WaitingApproval.one(
                    in: self.pipeline, stage: self.stage, action: self.action, token: self.token, client)
                let input = GetApprovalInput(
                    pipelineName: one.pipeline, stageName: one.stage, actionName: one.action, token: one.token)
                return try await client.administer(Administration.GetApproval.self, input)
            }
            self.service.show(approval) { ApprovalsCommand.text(approval) }
        }
    }

    /// Which approval, and what is said to it.
    struct Answer: ParsableArguments {
        @Option(help: "The pipeline's name.")
        var pipeline: String

        @Option(help: "The stage's name; may be left out where one approval waits.")
        var stage: String?

        @Option(help: "The action's name; may be left out where one approval waits.")
        var action: String?

        @Option(
            help: """
                The token of the approval that was looked at; without it, whichever waits now is answered. With stage \
                and action it is sent without looking.
                """)
        var token: String?

        @Option(help: "What to say, up to 512 characters.")
        var summary = ""

        @OptionGroup var service: ServiceOptions

        func send(_ status: ApprovalStatus) async throws {
            let (approval, answer) = try await self.service.withClient { client in
                let approval =
                    if let given { given } else {
                        try await WaitingApproval.one(
                            in: self.pipeline, stage: self.stage, action: self.action, token: self.token, client)
                    }
                let answer = try await client.putApprovalResult(
                    pipelineName: approval.pipeline, stageName: approval.stage, actionName: approval.action,
                    result: ApprovalResult(summary: self.summary, status: status), token: approval.token)
                return (approval, answer)
            }
            self.service.show(answer) {
                "\(approval.action) in \(approval.stage) of \(approval.pipeline) is \(status.rawValue.lowercased())"
            }
        }

        /// The approval as it was named in full; whether it waits is the service's to judge.
        private var given: WaitingApproval? {
            guard let stage, let action, let token else { return nil }
            return WaitingApproval(pipeline: self.pipeline, stage: stage, action: action, token: token)
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
