// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Logging
import PenstockClient
import PenstockRuntime
import PenstockServer
import ServiceLifecycle
import UnixSignals

/// `penstock serve`: the service, whole.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the service: the API, the artifact store, the engine and the built-in actions.",
        discussion: """
            Nothing has to be prepared. The first start makes the data directory, the database, and an administrator's \
            key, which it leaves in DIRECTORY/credentials. SIGTERM and SIGINT finish what is running; what was not \
            finished is continued by the next start, however this one ends.
            """
    )

    @OptionGroup var dataDirectory: DataDirectoryOption

    @Option(help: "The address to listen on.")
    var host = ServerConfiguration.defaultHost

    @Option(help: "The port to listen on; 0 for one that is free.")
    var port = ServerConfiguration.defaultPort

    @Option(help: ArgumentHelp("The server's certificate and its chain, PEM.", valueName: "file"))
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("The certificate's private key, PEM.", valueName: "file"))
    var tlsKey: String?

    @Flag(help: "Listen beyond this machine without TLS: everyone on the way can read what is sent.")
    var insecureHTTP = false

    @Option(
        name: .customLong("bucket-host"),
        help: ArgumentHelp(
            "A host name in front of which buckets may be named, besides localhost; may be repeated.", valueName: "name"
        )
    )
    var bucketHosts: [String] = []

    @Option(help: ArgumentHelp("Keep rows in this PostgreSQL database, postgres://…, which servers may share."))
    var database: String?

    @Option(
        help: """
            How many transactions may run at once in the database of --database, each on a connection \
            (default: \(ServerConfiguration.defaultDatabaseConnections)).
            """
    )
    var databaseConnections: Int?

    @Option(
        help: ArgumentHelp(
            "Keep the content of artifacts in another S3-compatible store, s3://BUCKET/PREFIX?endpoint=…&region=…: docs/operating/artifacts.md.",
            valueName: "place"))
    var artifacts: String?

    @Option(help: ArgumentHelp("The master key, base64 of 32 bytes, kept apart from the data.", valueName: "file"))
    var masterKeyFile: String?

    @Option(
        name: .customLong("public-url"),
        help: ArgumentHelp(
            "Where people reach the service, for links in messages and states; otherwise where it listens.",
            valueName: "url"),
        transform: Self.publicURL
    )
    var publicURL: String?

    @Option(
        help: ArgumentHelp(
            "What time the service goes by: system, or manual, which stands still until penstock clock moves it.",
            valueName: "clock"
        ),
        transform: Self.clock
    )
    var clock = ServerConfiguration.Clock.system

    @Option(help: ArgumentHelp("Who is told of events, JSON: docs/operating/events.md.", valueName: "file"))
    var eventsConfig: String?

    @Option(
        help: ArgumentHelp(
            "Which buckets of source actions are those of other stores, JSON: docs/operating/sources.md.",
            valueName: "file"))
    var foreignBuckets: String?

    @Option(
        help: ArgumentHelp(
            "How often objects of other stores are looked at, as in 60s, give or take a tenth.", valueName: "span"))
    var pollingInterval = TimeSpan(RuntimeSettings().pollingInterval)

    @Option(
        help: ArgumentHelp(
            "How long a job that was handed out is kept from other polls until it is acknowledged, 10s to 15m.",
            valueName: "span"))
    var jobVisibility = TimeSpan(RuntimeSettings().visibility)

    @Option(
        help: ArgumentHelp(
            "How long the credentials of a job's artifacts last, 15m to 1h; its details have fresh ones.",
            valueName: "span"))
    var jobCredentialsLifetime = TimeSpan(RuntimeSettings().artifactCredentialsLifetime)

    @Option(
        help: ArgumentHelp(
            "Write a line about each answered request, JSON, to this file, or - for standard output.", valueName: "file"
        )
    )
    var accessLog: String?

    @Option(help: "How many connections may be open at once; more wait until one ends.")
    var maximumConnections = ServerConfiguration.defaultMaximumConnections

    @Option(help: "How many pipelines one region of an account may have.")
    var maximumPipelines = RuntimeSettings().maximumPipelines

    @Option(
        help: ArgumentHelp(
            "How long executions that ended are kept with their history, as in 365d; or never to forget them.",
            valueName: "span"))
    var forgetHistoryAfter = TimeLimit(RuntimeSettings().historyRetention)

    @Option(
        help: ArgumentHelp(
            "How long entries of the audit trail are kept, as in 365d; or never to forget them.", valueName: "span"))
    var forgetAuditAfter = TimeLimit(RuntimeSettings().auditRetention)

    @Option(
        help: ArgumentHelp(
            "How long an execution waits at a disabled transition before it is stopped; or never.", valueName: "span"))
    var stopWaitingAfter = TimeLimit(RuntimeSettings().disabledTransitionLimit)

    @Option(
        help: ArgumentHelp(
            "How long sources are polled for a pipeline that has no execution; or never to stop.", valueName: "span"))
    var stopPollingAfter = TimeLimit(RuntimeSettings().pollingIdleLimit)

    @Option(
        help: ArgumentHelp("How long to answer on after a request to stop, not ready any more.", valueName: "seconds"))
    var drainDelay = 0

    @Option(
        help: ArgumentHelp(
            "What to log, on standard error: trace, debug, info, notice, warning, error or critical.",
            valueName: "level"
        ),
        transform: Self.level
    )
    var logLevel = Logger.Level.info

    func validate() throws {
        guard (self.tlsCertificate == nil) == (self.tlsKey == nil) else {
            throw ValidationError("--tls-certificate and --tls-key go together.")
        }
        try DatabaseOption.check(self.database, of: "--database")
        guard self.database != nil || self.databaseConnections == nil else {
            throw ValidationError("--database-connections goes with --database.")
        }
        guard self.maximumPipelines >= 1 else { throw ValidationError("--maximum-pipelines must be at least 1.") }
        try self.pollingInterval.check(.seconds(1)...(.seconds(86_400)), of: "--polling-interval")
        try self.jobVisibility.check(RuntimeSettings.visibilities, of: "--job-visibility")
        try self.jobCredentialsLifetime.check(
            RuntimeSettings.artifactCredentialsLifetimes, of: "--job-credentials-lifetime")
        guard 0...3600 ~= self.drainDelay else {
            throw ValidationError("--drain-delay must be from 0 to 3600 seconds.")
        }
    }

    func run() async throws {
        let level = self.logLevel
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        let logger = Logger(label: "penstock")
        let server = PenstockServer(self.serverConfiguration, logger: logger) { running in
            Terminal.show("Penstock is ready at \(running.address.url)")
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    ServiceGroupConfiguration.ServiceConfiguration(
                        service: server,
                        successTerminationBehavior: .gracefullyShutdownGroup
                    )
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
        )
        do {
            try await group.run()
        } catch let error as ServerError {
            throw Terminal.fail(error)
        }
    }

    private static func level(_ text: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: text) else { throw ValidationError("'\(text)' is not a level.") }
        return level
    }

    private static func publicURL(_ text: String) throws -> String {
        guard let endpoint = Endpoint(text) else {
            throw ValidationError("'\(text)' is not a URL such as https://cd.example.org.")
        }
        return String(endpoint.description.dropLast())
    }

    private static func clock(_ text: String) throws -> ServerConfiguration.Clock {
        guard let clock = ServerConfiguration.Clock(rawValue: text) else {
            throw ValidationError("'\(text)' is not a clock; there are system and manual.")
        }
        return clock
    }

    private var serverConfiguration: ServerConfiguration {
        var configuration = ServerConfiguration(dataDirectory: self.dataDirectory.path)
        configuration.host = self.host
        configuration.port = self.port
        configuration.allowsInsecureHTTP = self.insecureHTTP
        configuration.bucketHosts += self.bucketHosts
        configuration.masterKeyFile = self.masterKeyFile
        configuration.publicURL = self.publicURL
        configuration.clock = self.clock
        configuration.eventsFile = self.eventsConfig
        configuration.foreignBucketsFile = self.foreignBuckets
        configuration.artifacts = self.artifacts
        configuration.runtime.pollingInterval = self.pollingInterval.duration
        configuration.runtime.visibility = self.jobVisibility.duration
        configuration.runtime.artifactCredentialsLifetime = self.jobCredentialsLifetime.duration
        configuration.accessLog = self.accessLog.map { $0 == "-" ? .standardOutput : .file($0) }
        configuration.drainDelay = .seconds(self.drainDelay)
        configuration.maximumConnections = self.maximumConnections
        configuration.runtime.maximumPipelines = self.maximumPipelines
        configuration.runtime.historyRetention = self.forgetHistoryAfter.duration
        configuration.runtime.auditRetention = self.forgetAuditAfter.duration
        configuration.runtime.disabledTransitionLimit = self.stopWaitingAfter.duration
        configuration.runtime.pollingIdleLimit = self.stopPollingAfter.duration
        if let certificate = self.tlsCertificate, let key = self.tlsKey {
            configuration.tls = ServerConfiguration.TLSFiles(certificate: certificate, key: key)
        }
        if let database = self.database { configuration.database = .shared(database) }
        if let connections = self.databaseConnections { configuration.databaseConnections = connections }
        return configuration
    }
}
