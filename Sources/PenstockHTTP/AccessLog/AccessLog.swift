// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import HummingbirdCore
package import PenstockModel
internal import Synchronization

/// The requests that were answered, on their way to where the operator keeps them: reads and polls too, of which the
/// audit trail has nothing.
///
/// Whoever answers a request never waits for it. What finds it full is dropped and counted.
package final class AccessLog: Sendable {
    /// Entries that wait to be written.
    package static let capacity = 16_384

    private struct State {
        var entries: [AccessLogEntry] = []
        var dropped = 0
    }

    /// Something waits; ends with ``finish()``.
    package let arrivals: AsyncStream<Void>
    private let arriving: AsyncStream<Void>.Continuation
    private let state = Mutex(State())
    private let capacity: Int
    private let realTime: @Sendable () -> Timestamp
    private let uptime: @Sendable () -> Duration

    /// - Parameter uptime: The time since some instant, by a clock that nobody sets.
    package init(
        capacity: Int = AccessLog.capacity,
        realTime: @escaping @Sendable () -> Timestamp,
        uptime: @escaping @Sendable () -> Duration
    ) {
        self.capacity = capacity
        self.realTime = realTime
        self.uptime = uptime
        (self.arrivals, self.arriving) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Records that the request was answered, and what the surface found out about it.
    func recording(
        _ request: SurfaceRequest,
        for surface: SurfaceName,
        _ answer: (SurfaceRequest) async throws -> Response
    ) async throws -> Response {
        let (at, begun, note) = (self.realTime(), self.uptime(), AccessNote())
        let response = try await answer(request.noted(in: note))
        self.add(
            AccessLogEntry(
                at: at,
                id: request.id,
                client: request.peer.address,
                surface: surface,
                note: note.content,
                status: response.status.code,
                duration: self.uptime() - begun
            )
        )
        return response
    }

    private func add(_ entry: AccessLogEntry) {
        let isFirst = self.state.withLock { state in
            guard state.entries.count < self.capacity else {
                state.dropped += 1
                return false
            }
            state.entries.append(entry)
            return state.entries.count == 1
        }
        if isFirst { self.arriving.yield() }
    }

    /// Takes out what waits, in the order of the answers.
    ///
    /// - Returns: Also how many found no room since the last time, after these.
    package func take() -> (entries: [AccessLogEntry], dropped: Int) {
        self.state.withLock { state in
            defer { state = State() }
            return (state.entries, state.dropped)
        }
    }

    /// Counts what was taken out and could not be written.
    package func lose(_ count: Int) { self.state.withLock { $0.dropped += count } }

    /// No more is to come.
    package func finish() { self.arriving.finish() }
}
