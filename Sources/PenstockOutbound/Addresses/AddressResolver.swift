// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What finds the addresses of a host.
package protocol AddressResolver: Sendable {
    /// In the order in which they are best tried; not empty.
    func addresses(of host: String) async throws(ResolutionFailure) -> [IPAddress]
}

/// Why a host has no addresses.
package struct ResolutionFailure: Error, Sendable, Hashable {
    package var reason: String

    package init(_ reason: String) { self.reason = reason }
}

/// Asks the system, as every program does, on a thread that may block.
package struct SystemResolver: AddressResolver {
    package init() {}

    package func addresses(of host: String) async throws(ResolutionFailure) -> [IPAddress] {
        let found: Result<[IPAddress], ResolutionFailure>
        do {
            found = try await NIOThreadPool.singleton.runIfActive { Self.lookUp(host, flags: 0) }
        } catch {
            throw ResolutionFailure("\(host) could not be looked up: \(error)")
        }
        return try found.get()
    }

    /// The address that the text is, in whatever spelling the system takes for one; `nil` for names.
    package static func numericAddress(_ text: String) -> IPAddress? {
        try? self.lookUp(text, flags: AI_NUMERICHOST).get().first
    }

    private static func lookUp(_ host: String, flags: Int32) -> Result<[IPAddress], ResolutionFailure> {
        var hints = addrinfo()
        hints.ai_flags = flags
        hints.ai_family = AF_UNSPEC
        hints.ai_protocol = Int32(IPPROTO_TCP)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else {
            let text = gai_strerror(code).map { String(cString: $0) } ?? "error \(code)"
            return .failure(ResolutionFailure("\(host) has no address: \(text)"))
        }
        defer { freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var entry = list
        while let info = entry {
            if let address = Self.address(info.pointee), !addresses.contains(address) { addresses.append(address) }
            entry = info.pointee.ai_next
        }
        guard !addresses.isEmpty else { return .failure(ResolutionFailure("\(host) has no address")) }
        return .success(addresses)
    }

    private static func address(_ info: addrinfo) -> IPAddress? {
        guard let socket = info.ai_addr else { return nil }
        let raw = UnsafeRawPointer(socket)
        switch info.ai_family {
        case AF_INET:
            return withUnsafeBytes(of: raw.loadUnaligned(as: sockaddr_in.self).sin_addr) { IPAddress(bytes: Array($0)) }
        case AF_INET6:
            return withUnsafeBytes(of: raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr) {
                IPAddress(bytes: Array($0))
            }
        default: return nil
        }
    }
}
