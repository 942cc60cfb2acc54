// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel
import PenstockRuntime

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The machine's wall clock.
package struct SystemServiceClock: ServiceClock {
    /// The wall clock may be set while somebody sleeps, so nobody sleeps for longer without looking.
    private static let longestNap = Duration.seconds(10)

    package init() {}

    package var now: Timestamp { Self.now }

    /// The present, for signatures and dates, which are those of real time whatever the service's clock says.
    package static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(millisecondsSinceEpoch: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    package func sleep(until deadline: Timestamp) async {
        while !Task.isCancelled {
            let left = deadline - self.now
            guard left > .zero else { return }
            try? await Task.sleep(for: min(left, Self.longestNap))
        }
    }
}
