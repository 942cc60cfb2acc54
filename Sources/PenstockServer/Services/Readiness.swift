// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockHTTP
import PenstockStore
import ServiceLifecycle
import Synchronization

/// Whether the server can do its work, for probes.
final class Readiness: Sendable {
    private enum Phase { case starting, serving, draining }

    private let phase = Mutex(Phase.starting)
    private let store: any Store

    init(store: any Store) { self.store = store }

    func beginServing() { self.phase.withLock { if $0 == .starting { $0 = .serving } } }
    func beginDraining() { self.phase.withLock { $0 = .draining } }

    /// Whether clients are to go elsewhere.
    var isDraining: Bool { self.phase.withLock { $0 == .draining } }

    /// What a probe is told. A database that does not answer makes a server that cannot work.
    func probe() async -> OperationsSurface.Readiness {
        switch self.phase.withLock({ $0 }) {
        case .starting: return .notReady("starting")
        case .draining: return .notReady("stopping")
        case .serving: break
        }
        do {
            _ = try await self.store.read { try $0.earliestTimer() }
            return .ready
        } catch {
            return .notReady("the database does not answer")
        }
    }
}

/// The first to hear that the server is to stop: probes are told, and load balancers get their time to see it.
struct DrainService: Service {
    let readiness: Readiness
    let delay: Duration

    func run() async throws {
        try? await gracefulShutdown()
        self.readiness.beginDraining()
        try? await Task.sleep(for: self.delay)
    }
}
