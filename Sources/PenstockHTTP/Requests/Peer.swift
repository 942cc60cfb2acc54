// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore
internal import Synchronization

/// The other end of a connection, as requests see it.
package final class Peer: Sendable {
    /// The address without its port; `nil` on a local socket, or where there is no connection.
    package let address: String?
    /// Whether the connection never leaves the machine.
    package let isLoopback: Bool
    /// Whether the connection is encrypted.
    package let isSecure: Bool

    private let channel: (any Channel)?
    private let departure = Mutex(Departure())

    private struct Departure {
        var hasLeft = false
        var nextToken = 0
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    package init(channel: any Channel, isSecure: Bool) {
        self.channel = channel
        self.isSecure = isSecure
        switch channel.remoteAddress {
        case .v4, .v6:
            let address = channel.remoteAddress?.ipAddress
            self.address = address
            self.isLoopback = address.map(Self.isLoopback) ?? false
        case .unixDomainSocket:
            self.address = nil
            self.isLoopback = true
        case nil:
            self.address = nil
            self.isLoopback = false
        }
    }

    /// A peer without a connection, for requests made within the process.
    package init(address: String?, isSecure: Bool = false) {
        self.channel = nil
        self.address = address
        self.isSecure = isSecure
        self.isLoopback = address.map(Self.isLoopback) ?? true
    }

    /// Runs the operation, and cancels it when the peer goes away first.
    ///
    /// For requests that are held: whoever waits for work that nobody will receive must not be given any. A peer that
    /// only ends its sending side counts as gone, since the two cannot be told apart.
    package func cancellingOnDeparture<Value: Sendable>(
        _ operation: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await operation() }
            group.addTask {
                await self.waitForDeparture()
                return nil
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let value = result { return value }
                group.cancelAll()
            }
            throw CancellationError()
        }
    }

    /// Whether the peer has ended its side.
    package var hasLeft: Bool { self.departure.withLock { $0.hasLeft } }

    func noteDeparture() {
        let waiting = self.departure.withLock { departure in
            departure.hasLeft = true
            defer { departure.waiting = [:] }
            return departure.waiting
        }
        for continuation in waiting.values { continuation.resume() }
    }

    /// Asks the client for the body that it announced and holds back (`Expect: 100-continue`).
    func requestBody() {
        self.channel?.triggerUserOutboundEvent(ConnectionEvent.bodyWanted, promise: nil)
    }

    /// Returns when the peer leaves or the task is cancelled.
    private func waitForDeparture() async {
        let token = self.departure.withLock { departure in
            departure.nextToken += 1
            return departure.nextToken
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = self.departure.withLock { departure in
                    if departure.hasLeft || Task.isCancelled { return true }
                    departure.waiting[token] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            self.departure.withLock { $0.waiting.removeValue(forKey: token) }?.resume()
        }
    }

    private static func isLoopback(_ address: String) -> Bool {
        address.hasPrefix("127.") || address == "::1" || address.hasPrefix("::ffff:127.")
    }
}
