// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Where a server listens, and how it is called from this machine.
package struct ListeningAddress: Sendable, Hashable {
    package var host: String
    package var port: Int
    package var isSecure: Bool

    package init(host: String, port: Int, isSecure: Bool) {
        self.host = host
        self.port = port
        self.isSecure = isSecure
    }

    /// As tools are given it.
    ///
    /// A number rather than `localhost`: under a name, S3 clients put the bucket in front of it, and such a name leads
    /// nowhere. Of a certificate's name there is nothing to choose, so with TLS the host stays as it is.
    package var url: String {
        let host = self.reachableHost.contains(":") ? "[\(self.reachableHost)]" : self.reachableHost
        return "\(self.isSecure ? "https" : "http")://\(host):\(self.port)"
    }

    private var reachableHost: String {
        switch self.host {
        case "0.0.0.0": "127.0.0.1"
        case "::", "[::]": "::1"
        case "localhost" where !self.isSecure: "127.0.0.1"
        case let host: host
        }
    }

    /// Whether what is sent to the host never leaves the machine.
    package static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
