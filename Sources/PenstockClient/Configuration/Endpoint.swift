// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Where a service is reached: scheme, host and port, and a path before all others.
public struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    /// `http` or `https`.
    public let scheme: String
    /// Host and port as the `Host` header has them: without the scheme's own port.
    public let authority: String
    /// Where requests go; it begins and ends with a slash.
    public let path: String

    /// Reads a URL; nothing when it is not an absolute one over HTTP.
    public init?(_ url: String) {
        let parts = url.split(separator: "://", maxSplits: 1)
        guard parts.count == 2, let scheme = parts.first?.lowercased(), ["http", "https"].contains(scheme),
            let rest = parts.last
        else { return nil }
        let authority = rest.prefix { $0 != "/" }
        guard !authority.isEmpty, !authority.contains(where: { $0.isWhitespace || "?#@".contains($0) }) else {
            return nil
        }
        let ownPort = scheme == "http" ? ":80" : ":443"
        let path = rest.dropFirst(authority.count).prefix { $0 != "?" && $0 != "#" }
        self.scheme = scheme
        self.authority = String(authority.hasSuffix(ownPort) ? authority.dropLast(ownPort.count) : authority)
        self.path = path.isEmpty ? "/" : path.hasSuffix("/") ? String(path) : path + "/"
    }

    private init(host: String) {
        (self.scheme, self.authority, self.path) = ("https", host, "/")
    }

    /// The public endpoint of a service of AWS.
    public static func aws(service: String, region: String) -> Endpoint {
        Endpoint(host: "\(service).\(region).amazonaws.com\(region.hasPrefix("cn-") ? ".cn" : "")")
    }

    /// The URL.
    public var description: String { "\(self.scheme)://\(self.authority)\(self.path)" }
}
