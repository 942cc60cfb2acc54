// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization

/// What a load did: how many calls, how long each took.
struct Measurement {
    /// In nanoseconds, sorted.
    private(set) var latencies: [Int]
    let elapsed: Duration

    init(latencies: [Int], elapsed: Duration) {
        self.latencies = latencies.sorted()
        self.elapsed = elapsed
    }

    var perSecond: Double { Double(self.latencies.count) / (self.elapsed / .seconds(1)) }

    /// In milliseconds.
    func percentile(_ share: Double) -> Double {
        guard !self.latencies.isEmpty else { return .nan }
        let index = min(self.latencies.count - 1, Int(Double(self.latencies.count) * share))
        return Double(self.latencies[index]) / 1e6
    }

    var text: String {
        String(
            format: "%9.0f /s   p50 %7.3f ms   p99 %7.3f ms", self.perSecond, self.percentile(0.5),
            self.percentile(0.99))
    }
}

/// One of many that call at the same time, each on its connection, and each after the answer to its last call.
protocol Caller: Sendable {
    /// What is called next; nothing ends it.
    ///
    /// - Parameter answer: To the call before; nothing at the begin.
    mutating func next(after answer: HTTPAnswer?) throws -> [UInt8]?
}

enum Load {
    /// Threads that the callers of a load are divided among.
    ///
    /// A thread for each would have the system wake and put to sleep one for every call, on the processors of what is
    /// measured.
    private static let threads = 2

    /// Lets all call until the last has ended.
    ///
    /// - Parameter port: Where the caller with this number calls.
    /// - Returns: The callers as they ended, and how long it took.
    static func run<Each: Caller>(
        _ callers: [Each], port: @escaping @Sendable (Int) -> UInt16
    ) throws -> (callers: [Each], elapsed: Duration) {
        let start = ContinuousClock.now
        let shares = try self.onThreads(min(self.threads, callers.count)) { thread in
            let share = try CallerShare<Each>()
            for number in stride(from: thread, to: callers.count, by: self.threads) {
                try share.add(callers[number], port: port(number))
            }
            return try share.run()
        }
        return (shares.flatMap { $0 }, ContinuousClock.now - start)
    }

    /// Calls again and again for as long as said.
    static func steady(
        callers: Int, for duration: Duration, target: Target,
        makeRequest: @escaping @Sendable (inout RequestSigner) -> [UInt8]
    ) throws -> Measurement {
        let end = ContinuousClock.now + duration
        let caller = SteadyCaller(signer: target.signer(), end: end, makeRequest: makeRequest)
        let (ended, elapsed) = try self.run(Array(repeating: caller, count: callers)) { _ in target.port }
        return Measurement(latencies: ended.flatMap(\.latencies), elapsed: elapsed)
    }

    /// Runs the same work on several threads.
    static func onThreads<Result: Sendable>(
        _ count: Int, _ work: @escaping @Sendable (Int) throws -> Result
    ) throws -> [Result] {
        let results = Mutex<[Result]>([])
        let failure = Mutex<(any Error)?>(nil)
        let group = DispatchGroup()
        for number in 0..<count {
            group.enter()
            let thread = Thread {
                defer { group.leave() }
                do {
                    let result = try work(number)
                    results.withLock { $0.append(result) }
                } catch {
                    failure.withLock { $0 = $0 ?? error }
                }
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
        group.wait()
        if let error = failure.withLock({ $0 }) { throw error }
        return results.withLock { $0 }
    }
}

/// Makes the same kind of call until its time is over.
private struct SteadyCaller: Caller {
    var signer: RequestSigner
    let end: ContinuousClock.Instant
    let makeRequest: @Sendable (inout RequestSigner) -> [UInt8]
    private(set) var latencies: [Int] = []
    private var sent: UInt64 = 0

    init(
        signer: RequestSigner, end: ContinuousClock.Instant,
        makeRequest: @escaping @Sendable (inout RequestSigner) -> [UInt8]
    ) {
        self.signer = signer
        self.end = end
        self.makeRequest = makeRequest
    }

    mutating func next(after answer: HTTPAnswer?) throws -> [UInt8]? {
        if let answer {
            self.latencies.append(Int(DispatchTime.now().uptimeNanoseconds - self.sent))
            guard answer.status == 200 else { throw Refusal(answer) }
        }
        guard ContinuousClock.now < self.end else { return nil }
        let request = self.makeRequest(&self.signer)
        self.sent = DispatchTime.now().uptimeNanoseconds
        return request
    }
}

/// The callers of one thread: waits for whichever is answered first.
private final class CallerShare<Each: Caller> {
    private final class Line {
        var connection: HTTPConnection
        var caller: Each

        init(_ caller: Each, port: UInt16) throws {
            self.connection = try HTTPConnection(port: port)
            self.caller = caller
        }

        /// Lets the caller call again; returns what to wait for.
        func proceed(after answer: HTTPAnswer?) throws -> pollfd {
            guard let request = try self.caller.next(after: answer) else {
                return pollfd(fd: -1, events: 0, revents: 0)
            }
            try self.connection.send(request)
            return pollfd(fd: self.connection.descriptor, events: Int16(POLLIN), revents: 0)
        }
    }

    private var lines: [Line] = []

    func add(_ caller: Each, port: UInt16) throws { self.lines.append(try Line(caller, port: port)) }

    func run() throws -> [Each] {
        // What has ended is not waited for: a negative descriptor.
        var waits = try self.lines.map { try $0.proceed(after: nil) }
        while waits.contains(where: { $0.fd >= 0 }) {
            guard poll(&waits, nfds_t(waits.count), -1) > 0 || errno == EINTR else {
                throw HTTPConnection.Failure(description: "waiting for answers: \(errno)")
            }
            for number in waits.indices where waits[number].revents != 0 {
                guard let answer = try self.lines[number].connection.receive() else { continue }
                waits[number] = try self.lines[number].proceed(after: answer)
            }
        }
        return self.lines.map(\.caller)
    }
}

/// The service did not do what the benchmark needs.
struct Refusal: Error, CustomStringConvertible {
    let description: String

    init(_ answer: HTTPAnswer) {
        self.description = "\(answer.status): \(String(decoding: answer.body, as: UTF8.self))"
    }
}
