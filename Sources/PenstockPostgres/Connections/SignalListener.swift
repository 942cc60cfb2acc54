// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import CLibPQ
import Foundation
import Logging
import PenstockStore
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Listens, on a thread and a connection of its own, for what other processes signal, and opens the connection again
/// whenever it is lost. What was signalled in between is lost; that costs latency only.
final class SignalListener: Sendable {
    /// Notifications of one database travel on one channel.
    static let channel = "penstock"

    /// Ends the thread when something is written into it. Closed by the thread.
    private let stopPipe: (read: Int32, write: Int32)

    private struct State: Sendable {
        /// Goes from `starting` to `listening` or `ended`, from `listening` to `ended`.
        enum Phase { case starting, listening, ended }
        var phase = Phase.starting
        var isStopping = false
        var readyWaiters: [CheckedContinuation<Void, Never>] = []
        var endWaiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let configuration: PostgresConfiguration
    private let origin: String
    private let logger: Logger
    private let deliver: @Sendable ([StoreSignal]) -> Void

    /// - Parameters:
    ///   - origin: The name of this process in payloads, whose own signals are passed over.
    ///   - deliver: Called on the listener's thread.
    /// - Throws: ``StoreError`` with code `.unavailable` when the process has no file descriptors left.
    init(
        _ configuration: PostgresConfiguration,
        origin: String,
        logger: Logger,
        deliver: @escaping @Sendable ([StoreSignal]) -> Void
    ) throws(StoreError) {
        var descriptors: [Int32] = [-1, -1]
        guard pipe(&descriptors) == 0 else { throw StoreError(.unavailable, "no pipe: errno \(errno)") }
        for descriptor in descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        self.stopPipe = (descriptors[0], descriptors[1])
        self.configuration = configuration
        self.origin = origin
        self.logger = logger
        self.deliver = deliver
    }

    /// Starts the thread, and returns once it listens or its first attempt has failed.
    func start() async {
        let thread = Thread { self.serve() }
        thread.name = "penstock-pg-listen"
        thread.start()
        await withCheckedContinuation { continuation in
            let isReady = self.state.withLock { state in
                if state.phase == .starting { state.readyWaiters.append(continuation) }
                return state.phase != .starting
            }
            if isReady { continuation.resume() }
        }
    }

    /// Ends the thread, which was started, and returns when it is gone.
    func stop() async {
        await withCheckedContinuation { continuation in
            let hasEnded = self.state.withLock { state in
                if state.phase == .ended { return true }
                state.endWaiters.append(continuation)
                if !state.isStopping {
                    state.isStopping = true
                    // Under the lock, since the thread closes the pipe only after taking it.
                    _ = write(self.stopPipe.write, [0], 1)
                }
                return false
            }
            if hasEnded { continuation.resume() }
        }
    }

    private func serve() {
        var delay = Self.shortestDelayMilliseconds
        while true {
            do {
                let session = try PostgresSession(self.configuration)
                try session.run("LISTEN \(Self.channel)")
                self.becomeReady()
                delay = Self.shortestDelayMilliseconds
                try self.listen(on: session)
                break
            } catch {
                self.becomeReady()
                self.logger.warning(
                    "Signals of other processes are not heard", metadata: ["error": "\(error)"])
                if self.waitIsOver(on: nil, milliseconds: delay) { break }
                delay = min(delay * 2, Self.longestDelayMilliseconds)
            }
        }
        self.end()
    }

    private static let shortestDelayMilliseconds: Int32 = 100
    private static let longestDelayMilliseconds: Int32 = 10_000
    /// How often the connection is proved to be alive when nothing comes.
    private static let probeMilliseconds: Int32 = 30_000

    /// Returns when the listener is stopped.
    private func listen(on session: PostgresSession) throws {
        let raw = session.handle.raw
        while true {
            while let notification = PQnotifies(raw) {
                defer { PQfreemem(notification) }
                let (origin, signals) = SignalText.read(String(cString: notification.pointee.extra))
                if origin != self.origin { self.deliver(signals) }
            }
            let socket = PQsocket(raw)
            var isQuiet = true
            if self.waitIsOver(on: socket, milliseconds: Self.probeMilliseconds, isQuiet: &isQuiet) {
                return
            }
            if isQuiet {
                try session.run("SELECT 1")
            } else if PQconsumeInput(raw) == 0 {
                throw PostgresFailure(
                    sqlState: "", message: "the connection was lost", isConnectionLost: true)
            }
        }
    }

    private func waitIsOver(on socket: Int32?, milliseconds: Int32) -> Bool {
        var isQuiet = true
        return self.waitIsOver(on: socket, milliseconds: milliseconds, isQuiet: &isQuiet)
    }

    /// Waits until something can be read from the socket, the time is up (`isQuiet`) or the listener is stopped.
    private func waitIsOver(on socket: Int32?, milliseconds: Int32, isQuiet: inout Bool) -> Bool {
        var descriptors = [
            pollfd(fd: self.stopPipe.read, events: Int16(POLLIN), revents: 0),
            pollfd(fd: socket ?? -1, events: Int16(POLLIN), revents: 0),
        ]
        _ = poll(&descriptors, 2, milliseconds)
        isQuiet = descriptors[1].revents == 0
        return descriptors[0].revents != 0
    }

    private func becomeReady() {
        let waiters = self.state.withLock { state in
            if state.phase == .starting { state.phase = .listening }
            defer { state.readyWaiters.removeAll() }
            return state.readyWaiters
        }
        for waiter in waiters { waiter.resume() }
    }

    private func end() {
        let waiters = self.state.withLock { state in
            state.phase = .ended
            defer { state.endWaiters.removeAll() }
            return state.endWaiters
        }
        close(self.stopPipe.read)
        close(self.stopPipe.write)
        for waiter in waiters { waiter.resume() }
    }
}
