// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PenstockClient
import PenstockModel
import PenstockServer

/// `penstock env`: readies any AWS tool of a shell.
struct EnvironmentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env",
        abstract: "Print the environment in which AWS tools talk to the server of a data directory.",
        discussion: "In a shell: eval \"$(penstock env)\""
    )

    /// Variables that would go before those that are printed, or beside them.
    ///
    /// Source: AWS SDKs and Tools Reference Guide, Service-specific endpoints, and Shared config and credentials files.
    static let overridingVariables = [
        "AWS_ENDPOINT_URL_CODEPIPELINE", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_STS",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN",
    ]

    @OptionGroup var dataDirectory: DataDirectoryOption

    @Option(help: "The region to work in.")
    var region = Region.default.rawValue

    func validate() throws {
        guard Region(self.region) != nil else { throw ValidationError("'\(self.region)' is not a region.") }
    }

    func run() throws {
        do {
            let variables = try self.variables()
            for name in Self.overridingVariables { Terminal.show("unset \(name)") }
            for (name, value) in variables { Terminal.show("export \(name)=\(Self.quoted(value))") }
        } catch let error as ServerError {
            throw Terminal.fail(error)
        }
    }

    /// In the order in which they are printed.
    private func variables() throws -> [(name: String, value: String)] {
        let files = DataDirectoryFiles(self.dataDirectory.path)
        // A server that was killed leaves its address behind, but not its lock.
        guard let endpoint = try PrivateFile.read(files.endpoint), try files.isInUse() else {
            let start = "penstock serve --data-dir \(Self.quoted(files.path))"
            throw ServerError(.unusable, "No server is running on \(files.path). Start one: \(start)")
        }
        let credentials = SharedConfigFile(try PrivateFile.read(files.credentials) ?? "")
        guard let profile = credentials.profile(SharedCredentials.profile),
            let id = profile["aws_access_key_id"], let secret = profile["aws_secret_access_key"]
        else {
            throw ServerError(
                .unusable,
                "\(files.credentials) has no profile '\(SharedCredentials.profile)' with a key."
            )
        }
        return [
            ("AWS_ENDPOINT_URL", String(endpoint.prefix { !$0.isNewline })),
            ("AWS_ACCESS_KEY_ID", id),
            ("AWS_SECRET_ACCESS_KEY", secret),
            ("AWS_REGION", self.region),
            ("AWS_DEFAULT_REGION", self.region),
        ]
    }

    /// The text as one word of a POSIX shell, whatever is in it.
    static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
