// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEvents
import PenstockOutbound
import PenstockRuntime
import Testing

struct AddressPolicyTests {
    private struct Names: AddressResolver {
        var names: [String: [String]]

        func addresses(of host: String) async throws(ResolutionFailure) -> [IPAddress] {
            guard let found = self.names[host] else { throw ResolutionFailure("\(host) has no address") }
            return found.compactMap { SystemResolver.numericAddress($0) }
        }
    }

    private static let names = Names(names: [
        "public": ["1.1.1.1", "2606:4700::1111"], "private": ["10.0.0.1", "::1"], "mixed": ["10.0.0.1", "1.1.1.1"],
    ])

    @Test func `A name that leads inside is refused, unless the operator allows it`() async throws {
        let policy = AddressPolicy(resolver: Self.names, allowsPrivate: false)
        await #expect(
            throws: EventSendFailure(
                "private is at 10.0.0.1 (private), 0:0:0:0:0:0:0:1 (loopback), which is refused;"
                    + " the target's allowPrivateAddresses would allow it")
        ) { try await policy.address(of: "private", attempt: 1) }
        let allowing = AddressPolicy(resolver: Self.names, allowsPrivate: true)
        #expect(try await allowing.address(of: "private", attempt: 1).description == "10.0.0.1")
    }

    @Test func `Of several addresses only the public ones are gone to, one after the other`() async throws {
        let policy = AddressPolicy(resolver: Self.names, allowsPrivate: false)
        #expect(try await policy.address(of: "mixed", attempt: 1).description == "1.1.1.1")
        #expect(try await policy.address(of: "mixed", attempt: 2).description == "1.1.1.1")
        let attempts = [1, 2, 3]
        var found: [String] = []
        for attempt in attempts { found.append(try await policy.address(of: "public", attempt: attempt).description) }
        #expect(found == ["1.1.1.1", "2606:4700:0:0:0:0:0:1111", "1.1.1.1"])
    }

    @Test func `A name without an address is a failure like others`() async throws {
        let policy = AddressPolicy(resolver: Self.names, allowsPrivate: true)
        await #expect(throws: EventSendFailure("none has no address")) {
            try await policy.address(of: "none", attempt: 1)
        }
    }
}
