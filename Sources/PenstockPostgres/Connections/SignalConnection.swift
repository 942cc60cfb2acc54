// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import CLibPQ
import Foundation
import Logging
import PenstockModel
import PenstockStore
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Tells other processes what is signalled here, and hears what they signal, on a thread and a connection of its own that
/// is opened again whenever it is lost. What others signalled in between is lost; that costs latency only.
///
/// Signals follow their commit, in groups: PostgreSQL lets transactions that notify commit one after another, each with
/// its sync, so that they must not be those that write.
final class SignalConnection: Sendable {
    /// Notifications of one database travel on one channel.
    static let channel = "penstock"
    /// All that such a connection runs, by which a server is known. It listens, and says so again while nothing comes.
    static let listening = "LISTEN \(channel)"
    static let telling = "SELECT pg_notify('\(channel)', $1)"

    /// Wakes the thread when something is written into it. Closed by the thread.
    private let wakePipe: (read: Int32, write: Int32)

    private struct State: Sendable {
        /// Goes from `starting` to `listening` or `ended`, from `listening` to `ended`.
        enum Phase { case starting, listening, ended }
        var phase = Phase.starting
        var isStopping = false
        var outbox = SignalOutbox()
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
    ///   - deliver: Called on the connection's thread with what other processes signal.
    /// - Throws: ``StoreError`` with code `.unavailable` when the process has no file descriptors left.
    init(
        _ configuration: PostgresConfiguration,
        origin: String,
        logger: Logger,
        deliver: @escaping @Sendable ([StoreSignal]) -> Void
    ) throws(StoreError) {
        var descriptors: [Int32] = [-1, -1]
        guard pipe(&descriptors) == 0 else { throw StoreError(.unavailable, "no pipe: errno \(errno)") }
        for descriptor in descriptors {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        }
        self.wakePipe = (descriptors[0], descriptors[1])
        self.configuration = Self.bounding(configuration)
        self.origin = origin
        self.logger = logger
        self.deliver = deliver
    }

    /// Starts the thread, and returns once it listens or its first attempt has failed.
    func start() async {
        let thread = Thread { self.serve() }
        thread.name = "penstock-pg-signals"
        thread.start()
        await withCheckedContinuation { continuation in
            let isReady = self.state.withLock { state in
                if state.phase == .starting { state.readyWaiters.append(continuation) }
                return state.phase != .starting
            }
            if isReady { continuation.resume() }
        }
    }

    /// Has the signals of a commit told to other processes, soon. Nothing is told after the end.
    func tell(_ signals: [StoreSignal]) {
        guard !signals.isEmpty else { return }
        self.state.withLock { state in
            guard state.phase != .ended else { return }
            if state.outbox.add(signals) { self.wake() }
        }
    }

    /// Tells what is still to be told, where there is a connection, ends the thread, which was started, and returns when it
    /// is gone. A connection that is being opened and an answer that is waited for have their time before.
    func stop() async {
        await withCheckedContinuation { continuation in
            let hasEnded = self.state.withLock { state in
                if state.phase == .ended { return true }
                state.endWaiters.append(continuation)
                state.isStopping = true
                self.wake()
                return false
            }
            if hasEnded { continuation.resume() }
        }
    }

    /// Called under the lock, before the end, since the thread closes the pipe only after taking it. A pipe that is full
    /// wakes as well.
    private func wake() { _ = write(self.wakePipe.write, [0], 1) }

    private var isStopping: Bool { self.state.withLock(\.isStopping) }

    private func serve() {
        var delay = ReopeningDelay()
        while !self.isStopping {
            do {
                let session = try PostgresSession(self.configuration)
                guard !self.isStopping else { break }
                try session.run(Self.listening)
                self.becomeReady()
                try self.converse(on: session) { delay.reset() }
            } catch {
                self.becomeReady()
                self.logger.warning(
                    "Signals of other processes are not heard", metadata: ["error": "\(error)"])
                let end = ContinuousClock.now + delay.next()
                while !self.isStopping, .now < end {
                    _ = self.wait(for: ContinuousClock.now.duration(to: end), on: nil)
                }
            }
        }
        self.end()
    }

    /// How often the connection is proved to be alive when nothing comes.
    private static let probeInterval = Duration.seconds(30)
    /// From one group to the next. A signal that follows a silence waits for nothing.
    private static let groupInterval = Duration.milliseconds(5)
    private static let lockTimeout = Duration.seconds(3)
    private static let statementTimeout = Duration.seconds(4)
    private static let answerTimeout = Duration.seconds(5)

    /// Nothing that is run here takes long, and the end of the process waits for it. Notifications of the whole cluster are
    /// committed under one lock; the server itself is the first to give up.
    static func bounding(_ configuration: PostgresConfiguration) -> PostgresConfiguration {
        var bounded = configuration
        bounded.lockTimeout = min(configuration.lockTimeout, self.lockTimeout)
        bounded.statementTimeout = min(configuration.statementTimeout, self.statementTimeout)
        bounded.answerTimeout = min(configuration.answerTimeout, self.answerTimeout)
        return bounded
    }

    /// Returns when all is told and this is to end.
    ///
    /// - Parameter succeeded: Called when something was told, heard or answered, which says more than that it listens.
    private func converse(on session: PostgresSession, succeeded: () -> Void) throws {
        let raw = session.handle.raw
        var nextGroup = ContinuousClock.now
        while true {
            if self.hear(raw) { succeeded() }
            let (isEmpty, isStopping) = self.state.withLock { ($0.outbox.isEmpty, $0.isStopping) }
            if isEmpty, isStopping { return }
            if !isEmpty, isStopping || .now >= nextGroup {
                try self.tellAll(on: session)
                succeeded()
                nextGroup = .now + Self.groupInterval
                continue
            }
            let time = isEmpty ? Self.probeInterval : ContinuousClock.now.duration(to: nextGroup)
            switch self.wait(for: time, on: PQsocket(raw)) {
            case .input:
                guard PQconsumeInput(raw) == 1 else {
                    throw PostgresFailure(
                        sqlState: "", message: PostgresFailure.line(PQerrorMessage(raw)), isConnectionLost: true)
                }
            case .silence where isEmpty:
                try session.run(Self.listening)
                succeeded()
            case .silence, .wake: break
            }
        }
    }

    /// Hands over what has come.
    ///
    /// - Returns: Whether something has.
    private func hear(_ raw: OpaquePointer) -> Bool {
        var hasHeard = false
        while let notification = PQnotifies(raw) {
            defer { PQfreemem(notification) }
            let (origin, signals) = SignalText.read(String(cString: notification.pointee.extra))
            if origin != self.origin { self.deliver(signals) }
            hasHeard = true
        }
        return hasHeard
    }

    /// What a lost connection could not tell waits for the next one. What the server does not take, as when the queue of
    /// all notifications is full, is dropped.
    private func tellAll(on session: PostgresSession) throws {
        let signals = self.state.withLock { $0.outbox.take() }
        let requests = SignalText.payloads(of: signals, from: self.origin).map { payload in
            PostgresRequest(Self.telling, [payload])
        }
        guard !requests.isEmpty else { return }
        do {
            _ = try session.exchange(requests)
        } catch {
            if error.meaning == .connectionLost { self.state.withLock { _ = $0.outbox.add(signals) } }
            throw error
        }
    }

    /// What ended a wait.
    private enum Event { case input, wake, silence }

    /// Waits until something can be read from the socket, somebody has something to say, or the time is up.
    private func wait(for time: Duration, on socket: Int32?) -> Event {
        var descriptors = [
            pollfd(fd: self.wakePipe.read, events: Int16(POLLIN), revents: 0),
            pollfd(fd: socket ?? -1, events: Int16(POLLIN), revents: 0),
        ]
        // A millisecond more, since less than one would be none.
        _ = poll(&descriptors, 2, Int32(clamping: max(0, time.milliseconds) + 1))
        if descriptors[0].revents != 0 {
            var words = [UInt8](repeating: 0, count: 64)
            _ = read(self.wakePipe.read, &words, words.count)
        }
        if descriptors[1].revents != 0 { return .input }
        return descriptors[0].revents != 0 ? .wake : .silence
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
            defer { (state.readyWaiters, state.endWaiters) = ([], []) }
            return state.readyWaiters + state.endWaiters
        }
        close(self.wakePipe.read)
        close(self.wakePipe.write)
        for waiter in waiters { waiter.resume() }
    }
}

/// How long a connection is left alone after it was lost, or could not be opened: twice as long each time, until it has
/// done what it is for.
struct ReopeningDelay {
    static let shortest = Duration.milliseconds(100)
    static let longest = Duration.seconds(10)

    private var following = Self.shortest

    mutating func next() -> Duration {
        defer { self.following = min(self.following * 2, Self.longest) }
        return self.following
    }

    mutating func reset() { self.following = Self.shortest }
}
