// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Where a service is reached: scheme, host and port, and a path before all others.
public struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    /// `http` or `https`.
    public let scheme: String
    /// Host and port as the `Host` header has them: in lower case, without the scheme's own port.
    public let authority: String
    /// Where requests go; it begins and ends with a slash.
    public let path: String

    /// Reads a URL; nothing when it is not an absolute one over HTTP, or when it holds a user or password.
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
        self.authority = authority.lowercased().droppingSuffix(ownPort)
        self.path = path.isEmpty ? "/" : path.hasSuffix("/") ? String(path) : path + "/"
    }

    private init(host: String) {
        (self.scheme, self.authority, self.path) = ("https", host, "/")
    }

    /// The public endpoint of a service of AWS.
    ///
    /// Source: AWS General Reference, Regions and endpoints: each partition has a domain of its own.
    public static func aws(service: String, region: String) -> Endpoint {
        let domain = Self.partitionDomains.first { region.hasPrefix($0.regionPrefix) }?.domain ?? "amazonaws.com"
        return Endpoint(host: "\(service).\(region).\(domain)")
    }

    private static let partitionDomains = [
        (regionPrefix: "cn-", domain: "amazonaws.com.cn"),
        (regionPrefix: "us-iso-", domain: "c2s.ic.gov"),
        (regionPrefix: "us-isob-", domain: "sc2s.sgov.gov"),
        (regionPrefix: "us-isof-", domain: "csp.hci.ic.gov"),
        (regionPrefix: "eu-isoe-", domain: "cloud.adc-e.uk"),
        (regionPrefix: "eusc-", domain: "amazonaws.eu"),
    ]

    /// Scheme, host and port: whom a connection is to.
    package var origin: String { "\(self.scheme)://\(self.authority)" }

    /// The URL.
    public var description: String { "\(self.scheme)://\(self.authority)\(self.path)" }
}

extension String {
    fileprivate func droppingSuffix(_ suffix: String) -> String {
        self.hasSuffix(suffix) ? String(self.dropLast(suffix.count)) : self
    }
}
