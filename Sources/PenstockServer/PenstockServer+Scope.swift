// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import Logging
package import PenstockRuntime
import ServiceLifecycle

extension PenstockServer {
    /// Runs a server while the body runs, then lets it finish what it does, and ends it.
    ///
    /// - Parameter body: Begins when the server is ready. `beginShutdown` asks it to stop as SIGTERM does, and returns
    ///   at once.
    /// - Throws: What the body throws; ``ServerError`` when no server comes of the configuration.
    package static func whileRunning<Result: Sendable>(
        _ configuration: ServerConfiguration,
        clock: (any ServiceClock)? = nil,
        logger: Logger,
        _ body: (_ running: Running, _ beginShutdown: @escaping @Sendable () async -> Void) async throws -> Result
    ) async throws -> Result {
        let (readiness, ready) = AsyncStream.makeStream(of: Running.self)
        let server = PenstockServer(configuration, clock: clock, logger: logger) { ready.yield($0) }
        let service = ServiceGroupConfiguration.ServiceConfiguration(
            service: server, successTerminationBehavior: .gracefullyShutdownGroup)
        let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [service], logger: logger))
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { ready.finish() }
                try await group.run()
            }
            guard let running = await readiness.first(where: { _ in true }) else {
                try await tasks.waitForAll()
                throw ServerError(.unusable, "The server ended before it was ready.")
            }
            let result = await Swift.Result<Result, any Error>.catching {
                try await body(running) { await group.triggerGracefulShutdown() }
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return try result.get()
        }
    }
}

extension Result where Failure == any Error {
    /// What the body returns or throws.
    fileprivate static func catching(_ body: () async throws -> Success) async -> Self {
        do { return .success(try await body()) } catch { return .failure(error) }
    }
}
