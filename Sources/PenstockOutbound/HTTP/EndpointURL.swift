// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Where a target listens: an absolute URL with nothing in it that two readers could take differently.
package struct EndpointURL: Sendable, Hashable, CustomStringConvertible {
    package let scheme: String
    /// A name in lower case, or an address in its one canonical form; addresses of version 6 without brackets.
    package let host: String
    /// `nil` for the scheme's own.
    package let port: Int?
    /// Path and query; it begins with a slash.
    package let target: String

    package struct Problem: Error, Sendable, Hashable {
        package var reason: String
    }

    package init(_ text: String) throws(Problem) {
        let lowered = text.prefix(8).lowercased()
        let scheme = ["https", "http"].first { lowered.hasPrefix("\($0)://") }
        guard let scheme else { throw Problem(reason: "must begin with https:// or http://") }
        guard text.utf8.allSatisfy({ 0x21...0x7E ~= $0 && !"\"<>\\^`{|}".utf8.contains($0) }) else {
            throw Problem(reason: "has a character that URLs do not have")
        }
        let rest = text.dropFirst(scheme.count + 3)
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let authority = rest[..<end]
        guard !rest.contains("#") else { throw Problem(reason: "must not have a fragment") }
        guard !authority.contains("@") else { throw Problem(reason: "must not have a user or a password") }
        let (host, port) = try Self.split(authority)
        self.scheme = scheme
        self.host = try Self.canonical(host)
        self.port = port == (scheme == "https" ? 443 : 80) ? nil : port
        self.target = rest[end...].hasPrefix("/") ? String(rest[end...]) : "/\(rest[end...])"
    }

    /// Host and port as the `Host` header has them.
    package var authority: String {
        let host = self.host.contains(":") ? "[\(self.host)]" : self.host
        return self.port.map { "\(host):\($0)" } ?? host
    }

    package var isSecure: Bool { self.scheme == "https" }

    /// Whether what is sent stays on this machine, whoever listens there.
    package var isLoopback: Bool {
        self.host == "localhost" || SystemResolver.numericAddress(self.host)?.specialPurpose == "loopback"
    }

    package var description: String { "\(self.scheme)://\(self.authority)\(self.target)" }

    /// Scheme and authority alone: paths and queries of webhooks often are secrets.
    package var origin: String { "\(self.scheme)://\(self.authority)" }

    private static func split(_ authority: Substring) throws(Problem) -> (host: Substring, port: Int?) {
        let host: Substring
        var portText: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { throw Problem(reason: "has a [ without its ]") }
            host = authority[..<authority.index(after: end)]
            let rest = authority[authority.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { throw Problem(reason: "has something behind its ]") }
            portText = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            portText = authority[authority.index(after: colon)...]
        } else {
            host = authority
        }
        guard let portText else { return (host, nil) }
        guard portText.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let port = Int(portText), 1...65535 ~= port else {
            throw Problem(reason: "has a port that is not a number from 1 to 65535")
        }
        return (host, port)
    }

    private static func canonical(_ host: Substring) throws(Problem) -> String {
        if host.hasPrefix("[") {
            let inner = String(host.dropFirst().dropLast())
            guard inner.contains(":"), !inner.contains("%"), let address = SystemResolver.numericAddress(inner) else {
                throw Problem(reason: "has no address of version 6 in its brackets")
            }
            return address.description
        }
        // 0x7f.1, 017700000001 and 2130706433 are addresses too: all of them become what they mean.
        if let address = SystemResolver.numericAddress(String(host)) { return address.description }
        let allowed = host.utf8.allSatisfy {
            0x30...0x39 ~= $0 || 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0 || "-._".utf8.contains($0)
        }
        guard !host.isEmpty, host.utf8.count <= 253, allowed else {
            throw Problem(reason: "has no host, or one with characters that names do not have")
        }
        return host.lowercased()
    }
}
