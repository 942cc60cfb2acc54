// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Runs what blocks for long on a thread of its own, and not on one that others wait for.
package enum OwnThread {
    package static func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread { continuation.resume(with: Swift.Result { try body() }) }
            thread.name = "penstock-upkeep"
            thread.stackSize = 8 << 20
            thread.start()
        }
    }
}
