// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import PenstockClient
internal import PenstockWire

/// Targets of events and what they did not take, as a client of the service.
struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Who is told of events, what they did not take, and what is to be done about it.",
        discussion: "Targets are named in the file that penstock serve --events-config reads.",
        subcommands: [Targets.self, DeadLetters.self, Redeliver.self, Drop.self]
    )

    struct Targets: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The targets, with how many events wait for each and how many it did not take.")

        @OptionGroup var service: ServiceOptions

        func run() async throws {
            let output = try await self.service.withClient {
                try await $0.administer(Administration.ListEventTargets.self, NoOutput())
            }
            self.service.show(output) { EventsCommand.text(output.targets ?? []) }
        }
    }

    struct DeadLetters: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Events that their target did not take, the first that was given up first.")

        @Option(help: "Those of one target.")
        var target: String?

        @OptionGroup var service: ServiceOptions

        func run() async throws {
            let letters = try await self.service.withClient { try await EventsCommand.deadLetters(of: self.target, $0) }
            self.service.show(ListDeadLettersOutput(deadLetters: letters)) { EventsCommand.text(letters) }
        }
    }

    struct Redeliver: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Puts dead letters behind what waits for their target now.")

        @OptionGroup var which: DeadLetterChoice

        func run() async throws {
            try await self.which.forEach { client, id in
                _ = try await client.administer(
                    Administration.RedeliverDeadLetter.self, DeadLetterInput(deadLetterID: id))
            }
        }
    }

    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Forgets dead letters.")

        @OptionGroup var which: DeadLetterChoice

        func run() async throws {
            try await self.which.forEach { client, id in
                _ = try await client.administer(
                    Administration.DropDeadLetter.self, DeadLetterInput(deadLetterID: id))
            }
        }
    }

    /// Every dead letter, or those of one target.
    static func deadLetters(of target: String?, _ client: CodePipelineClient) async throws -> [DeadLetter] {
        try await Listing.all { token in
            let input = ListDeadLettersInput(targetName: target, nextToken: token)
            let page = try await client.administer(Administration.ListDeadLetters.self, input)
            return (page.deadLetters, page.nextToken)
        }
    }

    /// A table, and a line for each target that fails.
    static func text(_ targets: [EventTargetSummary]) -> String {
        var table = TextTable("TARGET", "WHERE", "WAITING", "PIPELINES", "FAILING", "DEAD")
        var notices: [String] = []
        for each in targets {
            table.add(
                each.name, each.summary ?? "not configured", each.waiting.map { "\($0)" },
                each.pipelines.map { "\($0)" }, each.failing.map { "\($0)" }, each.deadLetters.map { "\($0)" })
            guard let reason = each.reason else { continue }
            notices.append(TextTable.plain("\(each.name ?? ""): \(reason)"))
        }
        return ([table.text] + (notices.isEmpty ? [] : [""]) + notices).joined(separator: "\n")
    }

    static func text(_ letters: [DeadLetter]) -> String {
        var table = TextTable("ID", "TARGET", "SUBJECT", "TIME", "GIVEN UP", "ATTEMPTS", "REASON")
        for each in letters {
            table.add(
                each.deadLetterID, each.targetName, each.subject, each.time?.text, each.died?.text,
                each.attempts.map { "\($0)" }, each.reason)
        }
        return table.text
    }
}

/// Which dead letters a command is about: some by their ids, or all of one target.
struct DeadLetterChoice: ParsableArguments {
    @Argument(help: "The ids that dead-letters lists; otherwise name a target.")
    var ids: [String] = []

    @Option(help: "All of this target.")
    var target: String?

    @OptionGroup var service: ServiceOptions

    func validate() throws {
        guard self.ids.isEmpty != (self.target == nil) else {
            throw ValidationError("Give either ids, or --target.")
        }
    }

    func forEach(_ body: (CodePipelineClient, String) async throws -> Void) async throws {
        try await self.service.withClient { client in
            var ids = self.ids
            if let target = self.target {
                ids = try await EventsCommand.deadLetters(of: target, client).compactMap(\.deadLetterID)
            }
            for id in ids { try await body(client, id) }
        }
    }
}
