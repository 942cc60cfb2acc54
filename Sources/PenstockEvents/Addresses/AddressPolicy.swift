// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockOutbound
package import PenstockRuntime

/// Which addresses a target may be at.
///
/// A name is looked up here, once for each attempt, and the connection goes to exactly the address that was found and
/// judged: whoever controls the name cannot answer differently a moment later.
package struct AddressPolicy: Sendable {
    private let resolver: any AddressResolver
    private let allowsPrivate: Bool

    /// - Parameter allowsPrivate: Whether the operator lets the target be at addresses that are not public.
    package init(resolver: any AddressResolver, allowsPrivate: Bool) {
        self.resolver = resolver
        self.allowsPrivate = allowsPrivate
    }

    /// The address to connect to.
    ///
    /// - Parameter attempt: Counted from 1. Where a host has several addresses, each attempt goes to the next one.
    package func address(of host: String, attempt: Int) async throws(EventSendFailure) -> IPAddress {
        let found: [IPAddress]
        do {
            found = try await self.resolver.addresses(of: host)
        } catch {
            throw EventSendFailure(error.reason)
        }
        let allowed = self.allowsPrivate ? found : found.filter { $0.specialPurpose == nil }
        guard !allowed.isEmpty else { throw Self.refusal(of: host, found) }
        return allowed[(max(attempt, 1) - 1) % allowed.count]
    }

    private static func refusal(of host: String, _ found: [IPAddress]) -> EventSendFailure {
        let named = found.prefix(4).map { "\($0) (\($0.specialPurpose ?? "public"))" }.joined(separator: ", ")
        return EventSendFailure(
            "\(host) is at \(named), which is refused; the target's allowPrivateAddresses would allow it")
    }
}
