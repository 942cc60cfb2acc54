// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
import NIOSSL
import PenstockArtifacts
import PenstockEvents
import PenstockHTTP
import PenstockRunners
package import PenstockRuntime
import PenstockStore
import ServiceLifecycle

/// The service, whole. It runs until its graceful shutdown: readiness ends, held polls are answered, requests in
/// progress are finished, and the store is closed last.
package struct PenstockServer: Service {
    /// A server that answers.
    package struct Running: Sendable {
        package let address: ListeningAddress
        /// The administrator's key; `nil` once it has been disabled.
        package let administrator: SharedCredentials?
    }

    private let configuration: ServerConfiguration
    private let clock: (any ServiceClock)?
    private let logger: Logger
    private let onReady: @Sendable (Running) async -> Void

    /// - Parameters:
    ///   - clock: The service's, otherwise as the configuration says; signatures and connections go by real time in any
    ///     case.
    ///   - onReady: Called once, when `/health/ready` answers 200.
    package init(
        _ configuration: ServerConfiguration,
        clock: (any ServiceClock)? = nil,
        logger: Logger,
        onReady: @escaping @Sendable (Running) async -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.clock = clock
        self.logger = logger
        self.onReady = onReady
    }

    /// - Throws: ``ServerError`` where the operator can help, else what went wrong.
    package func run() async throws {
        try self.configuration.validate()
        let events = try self.configuration.eventConfiguration()
        let foreign = try self.configuration.foreignBuckets()
        let data = try await ServerData.open(self.configuration, clock: self.clock, logger: self.logger)
        let result: Result<Void, any Error>
        do {
            result = .success(try await self.serve(data, events, foreign))
        } catch {
            result = .failure(error)
        }
        try? FileCalls.remove(data.directory.files.endpoint)
        await data.store.close()
        try result.get()
    }

    private func serve(
        _ data: ServerData, _ events: EventConfiguration, _ foreign: ForeignBuckets
    ) async throws {
        // It may lie in the data directory, which is there by now.
        let accessLog = try self.configuration.accessLogWriter(logger: self.logger)
        var settings = self.configuration.runtime
        settings.operatorAccount = self.configuration.account
        let runners = ServiceRunners.all(artifacts: data.artifacts, foreign: foreign)
        settings.runnableTypes = Set(runners.flatMap(\.types))
        settings.eventTargets = events.targets
        let context = RuntimeContext(
            store: data.store,
            clock: data.clock,
            pollClock: ContinuousClock(),
            masterKey: data.masterKey,
            settings: settings,
            probe: foreign.entries.isEmpty ? nil : foreign,
            staging: data.staging,
            logger: self.logger
        )
        do {
            try await context.prepare()
        } catch {
            throw ServerError(opening: self.configuration.database, in: data.directory, failed: error) ?? error
        }
        let readiness = Readiness(store: data.store)
        let work = BackgroundWork(
            context: context,
            timers: TimerService(context: context),
            effects: EffectService(context: context),
            runners: RunnerService(context: context, runners: runners),
            events: EventService(context: context, senders: events.senders(realTime: { SystemServiceClock.now })),
            polling: SourcePolling(context: context),
            history: HistoryService(context: context),
            audit: AuditService(context: context)
        )
        let clock = ClockService(context: context, clock: data.clock as? ManualServiceClock, work: work)
        let collector = ArtifactCollector(
            artifacts: data.artifacts, staging: data.staging, store: data.store, clock: data.clock,
            logger: self.logger)
        // What is answered before the end is written before it.
        let first: [any Service] = accessLog.map { [$0, collector] } ?? [collector]
        let services: [any Service] =
            first + work.services + [
                try self.httpServer(data, context, clock, readiness, accessLog?.log),
                DrainService(readiness: readiness, delay: self.configuration.drainDelay),
            ]
        var group = ServiceGroupConfiguration(
            services: services.map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) },
            logger: self.logger
        )
        group.maximumGracefulShutdownDuration = self.configuration.shutdownLimit
        do {
            try await ServiceGroup(configuration: group).run()
        } catch {
            throw ServerError(listeningOn: self.configuration, failed: error) ?? error
        }
    }
}

// MARK: - The address

extension PenstockServer {
    private func httpServer(
        _ data: ServerData,
        _ context: RuntimeContext,
        _ clock: ClockService,
        _ readiness: Readiness,
        _ accessLog: AccessLog?
    ) throws -> HTTPServer {
        let surfaces = ServerSurfaces(
            data: data,
            context: context,
            clock: clock,
            bucketHosts: self.configuration.bucketHosts,
            accessLog: accessLog,
            logger: self.logger
        )
        let router = surfaces.router(readiness)
        return try HTTPServer(
            HTTPServer.Configuration(
                address: .hostname(self.configuration.host, port: self.configuration.port),
                limits: self.limits,
                tls: try self.tls(),
                onListening: { bound in await self.announce(bound, data, context, readiness) }
            ),
            dates: HTTPDateCache { SystemServiceClock.now },
            logger: self.logger,
            handler: { request in
                var response = try await router.respond(to: request)
                // The next request of the connection is another server's already, rather than cut off at the end.
                if readiness.isDraining { response.headers[.connection] = "close" }
                return response
            }
        )
    }

    private var limits: HTTPLimits {
        var limits = HTTPLimits()
        limits.connections = self.configuration.maximumConnections
        return limits
    }

    private func announce(
        _ bound: SocketAddress?, _ data: ServerData, _ context: RuntimeContext, _ readiness: Readiness
    ) async {
        let address = self.address(port: bound?.port ?? self.configuration.port)
        context.publicAddress.set(self.configuration.publicURL ?? address.url)
        do {
            try PrivateFile.write(address.url + "\n", to: data.directory.files.endpoint)
        } catch {
            self.logger.error("the endpoint could not be written down", metadata: ["error": "\(error)"])
        }
        readiness.beginServing()
        await self.onReady(Running(address: address, administrator: data.administrator))
    }

    private func address(port: Int) -> ListeningAddress {
        ListeningAddress(host: self.configuration.host, port: port, isSecure: self.configuration.tls != nil)
    }

    /// What wraps connections in TLS; `nil` for plain HTTP.
    private func tls() throws -> (@Sendable (HTTPConnectionChannel) throws -> any ServerChildChannel)? {
        guard let files = self.configuration.tls else { return nil }
        for file in [files.certificate, files.key] where try FileCalls.status(file) == nil {
            throw ServerError(.configuration, "There is no file \(file) for TLS.")
        }
        do {
            let certificates = try NIOSSLCertificate.fromPEMFile(files.certificate)
            let key = try NIOSSLPrivateKey(file: files.key, format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: certificates.map { .certificate($0) },
                privateKey: .privateKey(key)
            )
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            let checked = configuration
            _ = try NIOSSLContext(configuration: checked)
            return { try TLSChannel($0, tlsConfiguration: checked) }
        } catch {
            throw ServerError(
                .configuration, "The TLS certificate or its key cannot be used (\(files.certificate)): \(error).")
        }
    }
}
