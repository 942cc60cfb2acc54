// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel
package import PenstockOutbound
import PenstockSigning

extension ForeignBuckets {
    /// The most entries.
    package static let maximumEntries = 100
    /// The most bytes of the file.
    package static let maximumFileBytes = 1024 * 1024

    /// - Parameters:
    ///   - file: The content of the file.
    ///   - account: Whose pipelines may use the buckets where the file does not say it.
    ///   - realTime: What signatures are dated by.
    package init(
        file: [UInt8],
        account: AccountID,
        realTime: @escaping @Sendable () -> Timestamp,
        readSecret: SecretReader
    ) throws(ConfigurationProblem) {
        guard file.count <= Self.maximumFileBytes else {
            throw ConfigurationProblem(at: "", "has more than \(Self.maximumFileBytes) bytes")
        }
        var root = try ConfigurationObject(file: file)
        let values = try root.list("stores") ?? []
        try root.requireNothingElse()
        guard values.count <= Self.maximumEntries else {
            throw ConfigurationProblem(at: "stores", "has more than \(Self.maximumEntries) members")
        }
        self.entries = []
        for (index, value) in values.enumerated() {
            var object = try ConfigurationObject(value, at: "stores[\(index)]")
            self.entries.append(try Entry(&object, account, realTime, readSecret))
            try object.requireNothingElse()
        }
    }
}

extension ForeignBuckets.Entry {
    fileprivate init(
        _ object: inout ConfigurationObject,
        _ account: AccountID,
        _ realTime: @escaping @Sendable () -> Timestamp,
        _ readSecret: SecretReader
    ) throws(ConfigurationProblem) {
        let patterns = try object.texts(
            "buckets", { $0.isEmpty ? nil : $0 }, or: "must be a bucket's name, with * for any text")
        guard let patterns, !patterns.isEmpty else { throw object.problem("buckets", "is missing") }
        self.patterns = patterns
        let accounts = try object.texts(
            "accounts", { $0 == "*" || AccountID($0) != nil ? $0 : nil }, or: "must be twelve digits, or *")
        let named = accounts ?? [account.rawValue]
        self.accounts = named.contains("*") ? nil : Set(named.compactMap { AccountID($0) })
        let endpoint = try Self.endpoint(&object)
        let credentials = SigningCredentials(
            accessKeyID: try object.requiredText("accessKeyId"),
            secretAccessKey: SecretAccessKey(try object.secret("secretAccessKey", readSecret)),
            sessionToken: try object.text("sessionToken")
        )
        self.store = ForeignStore(
            endpoint: endpoint,
            region: try object.requiredText("region"),
            credentials: credentials,
            timeout: .seconds(try object.whole("timeoutSeconds", in: 1...300) ?? 30),
            realTime: realTime
        )
    }

    private static func endpoint(_ object: inout ConfigurationObject) throws(ConfigurationProblem) -> EndpointURL {
        let text = try object.requiredText("endpoint")
        let allowsInsecure = try object.boolean("allowInsecureHTTP")
        let url: EndpointURL
        do throws(EndpointURL.Problem) {
            url = try EndpointURL(text)
        } catch {
            throw object.problem("endpoint", error.reason)
        }
        guard !url.target.contains("?") else { throw object.problem("endpoint", "must not have a query") }
        guard url.isSecure || allowsInsecure else {
            throw object.problem(
                "endpoint",
                "must begin with https://, since whoever is on the way could read sources; allowInsecureHTTP allows it")
        }
        return url
    }
}
