// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// One of many that call at the same time, each on its connection, and each after the answer to its last call.
protocol Caller: Sendable {
    /// What is called next; `nil` when this caller has ended.
    ///
    /// - Parameter answer: To the call before; `nil` for the first call.
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
    /// - Returns: The callers as they ended, in any order, and how long it took.
    static func run<Each: Caller>(
        _ callers: [Each], port: @escaping @Sendable (Int) -> UInt16
    ) throws -> (callers: [Each], elapsed: Duration) {
        let start = ContinuousClock.now
        // Callers may wait for what others do, so all end when one fails.
        let hasFailed = Atomic(false)
        let shares = try self.onThreads(min(self.threads, callers.count)) { thread in
            do {
                let share = try CallerShare<Each>()
                for number in stride(from: thread, to: callers.count, by: self.threads) {
                    try share.add(callers[number], port: port(number))
                }
                return try share.run { hasFailed.load(ordering: .relaxed) }
            } catch {
                hasFailed.store(true, ordering: .relaxed)
                throw error
            }
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
