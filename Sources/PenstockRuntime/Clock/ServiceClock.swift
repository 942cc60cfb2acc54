// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// The service's time: what is stored, deadlines and session expiry. Only the edge makes one that reads a real clock.
package protocol ServiceClock: Sendable {
    var now: Timestamp { get }

    /// Returns at the instant, or earlier when the task is cancelled.
    func sleep(until deadline: Timestamp) async
}
