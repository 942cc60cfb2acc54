// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import ArgumentParser
internal import PenstockUpkeep

/// The command-line tool: everything that `penstock` can be told to do.
public struct PenstockCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "penstock",
        abstract: "Self-hosted continuous delivery that speaks the AWS CodePipeline API.",
        version: "penstock, unreleased, with database schema \(Schema.newest)",
        subcommands: [
            ServeCommand.self,
            DemoCommand.self,
            EnvironmentCommand.self,
            PipelinesCommand.self,
            ExecutionsCommand.self,
            ApprovalsCommand.self,
            JobsCommand.self,
            ActionTypesCommand.self,
            ConnectionsCommand.self,
            KeysCommand.self,
            ClockCommand.self,
            EventsCommand.self,
            BackupCommand.self,
            RestoreCommand.self,
            MigrateStoreCommand.self,
            DoctorCommand.self,
        ]
    )

    public init() {}
}
