// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
public import PenstockClient
import PenstockModel
package import PenstockRuntime
package import PenstockServer
import PenstockSigning

/// Penstock in the process of a test: real HTTP on a free port of this machine, real signatures, everything that is
/// kept in a directory of its own.
///
/// ```swift
/// try await TestServer.run { server in
///     let client = CodePipelineClient(configuration: server.clientConfiguration)
///     …
/// }
/// ```
public struct TestServer: Sendable {
    /// Where the server is reached; the same for every service.
    public let endpoint: Endpoint
    /// The administrator's key.
    public let credentials: SigningCredentials
    /// The region that ``clientConfiguration`` works in; any other is as good.
    public let region: String
    /// Where everything is kept; give it to another run to go on with it.
    public let dataDirectory: String

    private let requestShutdown: @Sendable () async -> Void

    /// Runs a server while the body runs, then lets it finish what it does, and ends it.
    ///
    /// - Parameters:
    ///   - dataDirectory: What to go on with; without it the server starts with nothing and leaves nothing.
    ///   - clock: What time the server goes by.
    public static func run<Result: Sendable>(
        dataDirectory: String? = nil,
        clock: Clock = .system,
        _ body: (TestServer) async throws -> Result
    ) async throws -> Result {
        guard let dataDirectory else {
            return try await TemporaryDirectory.use { directory in
                try await self.run(dataDirectory: directory + "/data", clock: clock, body)
            }
        }
        var configuration = ServerConfiguration(dataDirectory: dataDirectory)
        configuration.clock = clock.configured
        return try await self.run(configuration, body)
    }

    /// As ``run(dataDirectory:clock:_:)``, with everything that can be chosen; the port is a free one.
    package static func run<Result: Sendable>(
        _ configuration: ServerConfiguration,
        clock: (any ServiceClock)? = nil,
        _ body: (TestServer) async throws -> Result
    ) async throws -> Result {
        var configuration = configuration
        configuration.port = 0
        let free = configuration
        let logger = Logger(label: "penstock") { _ in SwiftLogNoOpLogHandler() }
        return try await PenstockServer.whileRunning(free, clock: clock, logger: logger) { running, beginShutdown in
            try await body(try TestServer(running, free, beginShutdown))
        }
    }

    private init(
        _ running: PenstockServer.Running,
        _ configuration: ServerConfiguration,
        _ requestShutdown: @escaping @Sendable () async -> Void
    ) throws {
        guard let endpoint = Endpoint(running.address.url), let key = running.administrator else {
            throw ServerError(.unusable, "The server's address or its administrator's key cannot be used.")
        }
        self.endpoint = endpoint
        self.credentials = SigningCredentials(
            accessKeyID: key.accessKeyID, secretAccessKey: key.secretAccessKey)
        self.region = Region.default.rawValue
        self.dataDirectory = configuration.dataDirectory
        self.requestShutdown = requestShutdown
    }

    /// For clients of the API, with the administrator's key.
    public var clientConfiguration: ClientConfiguration {
        ClientConfiguration(
            region: self.region, credentials: StaticCredentials(self.credentials), endpoint: self.endpoint)
    }

    /// Asks the server to stop as SIGTERM does, before the body ends; returns at once.
    public func beginShutdown() async { await self.requestShutdown() }
}
