// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import CAllocationCount
import PenstockEngine

/// What one step costs.
struct Measurement: Sendable, Hashable {
    /// Of the step itself; the same in every run of an executable.
    let allocations: Int
    let bytes: Int
    /// For information: it says as much of the machine as of the engine.
    let nanoseconds: Int

    /// The first steps of a process also make what the Swift runtime keeps; from the second on the count is the step's.
    private static let repetitions = 5
    private static let timed = Duration.milliseconds(50)

    init(of situation: Situation) throws(PipelineInterruption) {
        var fewest = try Self.count(situation)
        for _ in 1..<Self.repetitions {
            let count = try Self.count(situation)
            if count.allocations < fewest.allocations { fewest = count }
        }
        self.allocations = Int(fewest.allocations)
        self.bytes = Int(fewest.bytes)
        self.nanoseconds = try Self.time(situation)
    }

    private static func count(_ situation: Situation) throws(PipelineInterruption) -> AllocationCount {
        let before = allocation_count()
        _ = try situation.step()
        let after = allocation_count()
        return AllocationCount(
            allocations: after.allocations - before.allocations, bytes: after.bytes - before.bytes)
    }

    private static func time(_ situation: Situation) throws(PipelineInterruption) -> Int {
        let clock = ContinuousClock()
        let start = clock.now
        var steps = 0
        var elapsed = Duration.zero
        repeat {
            _ = try situation.step()
            steps += 1
            elapsed = clock.now - start
        } while elapsed < Self.timed
        return Int(elapsed / .nanoseconds(1)) / steps
    }
}
