// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import PenstockClient
internal import PenstockWire

/// Jobs that have not ended, as a client of the service.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "Jobs that have not ended: who has them, since when, and which are silent.",
        subcommands: [List.self],
        defaultSubcommand: List.self
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The account's open jobs in the region, the oldest first.",
            discussion: """
                The protocol has no heartbeat: a worker that died is known by its silence. Jobs of which nothing was \
                heard for long are named below the table, with who took them and when they time out.
                """
        )

        @Option(help: "Those of one pipeline.")
        var pipeline: String?

        @Flag(help: "Only those of which nothing was heard for long.")
        var silent = false

        @OptionGroup var service: ServiceOptions

        func run() async throws {
            let jobs = try await self.service.withClient { client in
                try await Listing.all { token in
                    let input = ListingInput(pipelineName: self.pipeline, nextToken: token)
                    let page = try await client.administer(Administration.ListJobs.self, input)
                    return (page.jobs, page.nextToken)
                }
            }
            .filter { !self.silent || $0.silent == true }
            self.service.show(ListJobsOutput(jobs: jobs)) { JobsCommand.text(jobs) }
        }
    }

    /// A table, and a line for each job that somebody should look after.
    static func text(_ jobs: [OpenJob]) -> String {
        var table = TextTable("JOB", "PIPELINE", "STAGE", "ACTION", "STATUS", "TAKEN BY", "TAKEN AT", "TIMES OUT")
        var notices: [String] = []
        for each in jobs {
            table.add(
                each.jobID, each.pipelineName, each.stageName, each.actionName, each.status?.rawValue, each.takenBy,
                each.takenAt?.text, each.timesOutAt?.text)
            guard let notice = each.notice else { continue }
            let place = [each.pipelineName, each.stageName, each.actionName].compactMap { $0 }.joined(separator: "/")
            notices.append(TextTable.plain("\(place): \(notice)"))
        }
        return ([table.text] + (notices.isEmpty ? [] : [""]) + notices).joined(separator: "\n")
    }
}
