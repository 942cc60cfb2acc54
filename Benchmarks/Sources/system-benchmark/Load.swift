// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
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

/// Runs the same work on several threads, each with its own connection.
enum Load {
    /// - Parameter work: Gets the number of its thread; returns the nanoseconds that each of its calls took.
    static func run(threads: Int, _ work: @escaping @Sendable (Int) throws -> [Int]) throws -> Measurement {
        let results = Mutex<[Int]>([])
        let failure = Mutex<(any Error)?>(nil)
        let group = DispatchGroup()
        let start = ContinuousClock.now
        for number in 0..<threads {
            group.enter()
            let thread = Thread {
                defer { group.leave() }
                do {
                    let latencies = try work(number)
                    results.withLock { $0 += latencies }
                } catch {
                    failure.withLock { $0 = $0 ?? error }
                }
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
        group.wait()
        let elapsed = ContinuousClock.now - start
        if let error = failure.withLock({ $0 }) { throw error }
        return Measurement(latencies: results.withLock { $0 }, elapsed: elapsed)
    }

    /// Calls again and again for as long as said.
    static func steady(
        threads: Int, for duration: Duration, target: Target,
        makeRequest: @escaping @Sendable (inout RequestSigner) -> [UInt8]
    ) throws -> Measurement {
        try self.run(threads: threads) { _ in
            var connection = try HTTPConnection(port: target.port)
            var signer = target.signer()
            var latencies: [Int] = []
            let end = ContinuousClock.now + duration
            while ContinuousClock.now < end {
                let request = makeRequest(&signer)
                let start = DispatchTime.now().uptimeNanoseconds
                let answer = try connection.exchange(request)
                latencies.append(Int(DispatchTime.now().uptimeNanoseconds - start))
                guard answer.status == 200 else { throw Refusal(answer) }
            }
            return latencies
        }
    }
}

/// The service did not do what the benchmark needs.
struct Refusal: Error, CustomStringConvertible {
    let description: String

    init(_ answer: (status: Int, body: [UInt8])) {
        self.description = "\(answer.status): \(String(decoding: answer.body, as: UTF8.self))"
    }
}
