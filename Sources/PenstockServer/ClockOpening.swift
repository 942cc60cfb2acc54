// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime
import PenstockStore

/// The clock that a server starts with. It is never behind what its data knows of.
struct ClockOpening {
    let configuration: ServerConfiguration
    let store: any Store

    /// - Parameter given: A clock that whoever runs the server holds, which goes ahead to where the data's clock stood.
    /// - Throws: ``ServerError`` with code `.configuration` when real time has not come to that yet.
    func clock(given: (any ServiceClock)?) async throws -> any ServiceClock {
        let stored = try await self.store.read { try StoredClock.instant(in: $0) }
        if let given {
            if let clock = given as? ManualServiceClock, let stored, stored > clock.now { clock.move(to: stored) }
            return given
        }
        switch self.configuration.clock {
        case .manual:
            let start = stored ?? Self.wholeSecond(after: SystemServiceClock.now)
            try await self.store.write { try StoredClock.put(start, in: $0) }
            return ManualServiceClock(now: start)
        case .system:
            guard let stored else { return SystemServiceClock() }
            guard stored <= SystemServiceClock.now else {
                throw ServerError(
                    .configuration,
                    """
                    The clock of this data was moved by hand to \(stored.text), and time never goes backwards. \
                    Start with --clock manual, or on another directory.
                    """
                )
            }
            // From now on real time is stored, so that is where a manual clock must begin.
            try await self.store.write { try StoredClock.put(nil, in: $0) }
            return SystemServiceClock()
        }
    }

    /// So that what people see of the clock, which is seconds, is where it stands.
    private static func wholeSecond(after instant: Timestamp) -> Timestamp {
        Timestamp(millisecondsSinceEpoch: (instant.millisecondsSinceEpoch + 999) / 1000 * 1000)
    }
}
