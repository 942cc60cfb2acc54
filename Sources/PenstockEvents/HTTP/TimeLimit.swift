// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockRuntime

/// Runs the body, and cancels it when it takes longer than the limit, in real time.
func withinLimit<Value: Sendable>(
    _ limit: Duration,
    clock: some Clock<Duration> = ContinuousClock(),
    _ body: @escaping @Sendable () async throws(EventSendFailure) -> Value
) async throws(EventSendFailure) -> Value {
    let result = await withTaskGroup(of: Result<Value, EventSendFailure>?.self) { group in
        group.addTask {
            do throws(EventSendFailure) {
                return .success(try await body())
            } catch {
                return .failure(error)
            }
        }
        group.addTask {
            try? await clock.sleep(for: limit)
            return nil
        }
        let first = await group.next() ?? nil
        group.cancelAll()
        return first
    }
    guard let result else { throw EventSendFailure("it took longer than \(limit.components.seconds) seconds") }
    return try result.get()
}
