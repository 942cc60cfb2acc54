// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockOutbound
import PenstockSigning

/// Where in another store content is kept, as the operator names it:
/// `s3://BUCKET/PREFIX?endpoint=https://store.example&region=eu-central-1`.
///
/// Parameters are `endpoint`, `region`, `profile`, `credentials`, `timeout`, `insecure-http`, `role` and `sts`; any other is
/// a problem.
/// Nothing secret stands in it, for everybody on the machine may see the command line.
package struct ForeignPlace: Sendable {
    /// The longest prefix, in bytes, so that a key of ours is not too long for any store.
    package static let maximumPrefixBytes = 512
    /// The longest where there is a role, in bytes, so that session policies have room for the names of two folders.
    package static let maximumPrefixBytesWithRole = 256
    /// Where the place does not say it: from the beginning of a request to the head of its answer.
    package static let defaultTimeout = Duration.seconds(15)
    /// To one store from one server.
    static let maximumConnections = 256
    private static let scheme = "s3://"

    package var bucket: String
    /// Empty, or ends with a slash.
    package var prefix: String
    package var endpoint: EndpointURL
    package var region: String
    package var credentials: ForeignCredentials
    package var timeout: Duration
    /// The ARN of the role whose sessions workers get, and the STS that gives them; `nil` where workers go through this
    /// service.
    package var role: (arn: String, sts: EndpointURL)?

    /// - Parameters:
    ///   - environment: The process's; `AWS_` variables say what the place does not.
    ///   - readFile: The text of a file of credentials, or `nil` when it is not there.
    /// - Throws: `ConfigurationProblem`, whose path is a parameter.
    package init(
        _ text: String,
        environment: [String: String],
        readFile: @escaping ForeignCredentials.FileReader
    ) throws(ConfigurationProblem) {
        guard text.hasPrefix(Self.scheme) else { throw ConfigurationProblem(at: "", "must begin with s3://") }
        guard !text.contains("#") else { throw ConfigurationProblem(at: "", "must not have a fragment") }
        let rest = text.dropFirst(Self.scheme.count)
        let mark = rest.firstIndex(of: "?") ?? rest.endIndex
        let path = rest[..<mark]
        let slash = path.firstIndex(of: "/") ?? path.endIndex
        self.bucket = try Self.bucket(path[..<slash])
        self.prefix = try Self.prefix(path[slash...].dropFirst())
        var query = try ForeignQuery(rest[mark...].dropFirst())
        self.region =
            query.take("region") ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? "us-east-1"
        let allowsInsecureHTTP = try query.takeFlag("insecure-http")
        let endpoint = query.take("endpoint")
        self.endpoint = try Self.endpoint(
            endpoint ?? Self.amazon("s3", self.region), endpoint == nil ? "region" : "endpoint",
            allowsInsecureHTTP)
        self.timeout = try query.takeSeconds("timeout", in: 1...300) ?? Self.defaultTimeout
        self.credentials = try ForeignCredentials(
            profile: query.take("profile"), file: query.take("credentials"), environment: environment,
            readFile: readFile)
        let sts = query.take("sts")
        if let role = query.take("role") {
            self.role = try self.role(role, sts, allowsInsecureHTTP)
        } else if sts != nil {
            throw ConfigurationProblem(at: "sts", "goes with a role")
        }
        try query.requireNothingElse()
    }

    private static func bucket(_ text: Substring) throws(ConfigurationProblem) -> String {
        guard !text.contains("@") else {
            throw ConfigurationProblem(at: "", "must not have a key in it: everybody sees the command line")
        }
        let isName = text.utf8.allSatisfy {
            0x30...0x39 ~= $0 || 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0 || "-._".utf8.contains($0)
        }
        guard !text.isEmpty else { throw ConfigurationProblem(at: "", "must have the name of a bucket behind s3://") }
        guard isName, 3...255 ~= text.utf8.count else {
            throw ConfigurationProblem(
                at: "", "has no bucket's name behind s3://: it has 3 to 255 letters, digits, '.', '-' and '_'")
        }
        return String(text)
    }

    private static func prefix(_ text: Substring) throws(ConfigurationProblem) -> String {
        var text = text
        while text.hasSuffix("/") { text.removeLast() }
        guard !text.hasPrefix("/"), !text.contains("//") else {
            throw ConfigurationProblem(at: "", "must not have an empty part in its prefix")
        }
        guard text.utf8.count <= Self.maximumPrefixBytes else {
            throw ConfigurationProblem(at: "", "has a prefix of more than \(Self.maximumPrefixBytes) bytes")
        }
        return text.isEmpty ? "" : "\(text)/"
    }

    private static func endpoint(
        _ text: String, _ name: String, _ allowsInsecureHTTP: Bool
    ) throws(ConfigurationProblem) -> EndpointURL {
        let url: EndpointURL
        do throws(EndpointURL.Problem) {
            url = try EndpointURL(text)
        } catch {
            throw ConfigurationProblem(at: name, error.reason)
        }
        guard !url.target.contains("?") else { throw ConfigurationProblem(at: name, "must not have a query") }
        guard url.isSecure || url.isLoopback || allowsInsecureHTTP else {
            throw ConfigurationProblem(
                at: name,
                "must begin with https://, since whoever is on the way could read artifacts; insecure-http=true allows it"
            )
        }
        return url
    }

    /// Other stores than Amazon's have their STS at the address of the store, unless it is said.
    private func role(
        _ arn: String, _ sts: String?, _ allowsInsecureHTTP: Bool
    ) throws(ConfigurationProblem) -> (arn: String, sts: EndpointURL) {
        let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
        let isPartition = parts.count > 1 && !parts[1].isEmpty && parts[1].utf8.allSatisfy(Self.isPartitionByte)
        guard ForeignRole.arnLength ~= arn.utf8.count, parts.count >= 6, parts[0] == "arn", isPartition,
            parts[2] == "iam", parts[5].hasPrefix("role/"), arn.utf8.allSatisfy({ 0x21...0x7E ~= $0 })
        else {
            throw ConfigurationProblem(
                at: "role", "must be the ARN of a role, as in arn:aws:iam::123456789012:role/NAME")
        }
        // They stand in the policies of sessions, where others would mean something else.
        let isPlain = self.prefix.utf8.allSatisfy {
            0x30...0x39 ~= $0 || 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0 || "-._/".utf8.contains($0)
        }
        guard isPlain else {
            throw ConfigurationProblem(
                at: "", "must have a prefix of letters, digits, '.', '-', '_' and '/' if there is a role")
        }
        guard self.prefix.utf8.count <= Self.maximumPrefixBytesWithRole + 1 else {
            throw ConfigurationProblem(
                at: "",
                "has a prefix of more than \(Self.maximumPrefixBytesWithRole) bytes, too long for the policies of a role"
            )
        }
        let isAmazon = ["amazonaws.com", "amazonaws.com.cn"].contains { self.endpoint.host.hasSuffix(".\($0)") }
        let home = isAmazon ? Self.amazon("sts", self.region) : self.endpoint.description
        return (arn, try Self.endpoint(sts ?? home, "sts", allowsInsecureHTTP))
    }

    private static func isPartitionByte(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x61...0x7A ~= byte || byte == UInt8(ascii: "-")
    }

    /// Where Amazon has a service.
    ///
    /// Source: AWS General Reference, Service endpoints.
    private static func amazon(_ service: String, _ region: String) -> String {
        "https://\(service).\(region).\(region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com")"
    }

    /// The one STS that is of no region signs for this one.
    private static let globalSTS = (host: "sts.amazonaws.com", region: "us-east-1")

    /// What reads and writes there.
    ///
    /// - Parameter secondsSinceEpoch: What signatures are dated by.
    package func blobs(
        secondsSinceEpoch: @escaping @Sendable () -> Int64
    ) throws(ConfigurationProblem) -> ForeignBlobs {
        var settings = S3Client.Settings(endpoint: self.endpoint, region: self.region, timeout: self.timeout)
        settings.maximumConnections = Self.maximumConnections
        let client = S3Client(
            settings, credentials: try self.credentials.load(), secondsSinceEpoch: secondsSinceEpoch)
        return ForeignBlobs(client: client, bucket: self.bucket, prefix: self.prefix)
    }

    /// What workers get and put there by themselves; `nil` without a role.
    ///
    /// - Parameter blobs: Of this place.
    package func staging(of blobs: ForeignBlobs) -> ForeignStaging? {
        guard let role = self.role else { return nil }
        let region = role.sts.host == Self.globalSTS.host ? Self.globalSTS.region : self.region
        var settings = S3Client.Settings(endpoint: role.sts, region: region, timeout: self.timeout)
        settings.service = "sts"
        settings.maximumConnections = Self.maximumConnections
        let client = S3Client(
            settings, credentials: blobs.client.credentials, secondsSinceEpoch: blobs.client.secondsSinceEpoch)
        return ForeignStaging(blobs: blobs, role: ForeignRole(client: client, arn: role.arn))
    }
}

/// The parameters of a place, taken one by one; those that nobody asked for are problems.
private struct ForeignQuery {
    private var values: [String: String] = [:]

    init(_ text: Substring) throws(ConfigurationProblem) {
        for item in text.split(separator: "&") {
            let mark = item.firstIndex(of: "=") ?? item.endIndex
            let name = String(item[..<mark])
            guard self.values[name] == nil else { throw ConfigurationProblem(at: name, "stands there twice") }
            let bytes = URIEncoding.decode(item[mark...].dropFirst().utf8)
            guard let value = String(validating: bytes, as: UTF8.self), !value.isEmpty else {
                throw ConfigurationProblem(at: name, "must have a value")
            }
            self.values[name] = value
        }
    }

    mutating func take(_ name: String) -> String? { self.values.removeValue(forKey: name) }

    mutating func takeFlag(_ name: String) throws(ConfigurationProblem) -> Bool {
        switch self.take(name) {
        case nil, "false": return false
        case "true": return true
        default: throw ConfigurationProblem(at: name, "must be true or false")
        }
    }

    mutating func takeSeconds(_ name: String, in range: ClosedRange<Int>) throws(ConfigurationProblem) -> Duration? {
        guard let text = self.take(name) else { return nil }
        guard let seconds = Int(text), range.contains(seconds) else {
            throw ConfigurationProblem(
                at: name, "must be a whole number of seconds from \(range.lowerBound) to \(range.upperBound)")
        }
        return .seconds(seconds)
    }

    func requireNothingElse() throws(ConfigurationProblem) {
        guard let name = self.values.keys.min() else { return }
        throw ConfigurationProblem(at: name, "is not known here")
    }
}
