// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PenstockSigning

/// Where a client calls, as whom, and how patiently.
public struct ClientConfiguration: Sendable {
    /// Where the service is.
    public var endpoint: Endpoint
    /// The region of the signature's scope, which is also the region whose pipelines are meant.
    public var region: String
    /// What calls are signed with.
    public var credentials: any CredentialProvider
    /// When calls are sent again.
    public var retryPolicy = RetryPolicy()
    /// How long a call may take with all its retries.
    public var callDeadline: Duration = .seconds(60)
    /// How long one attempt may wait for its answer to begin.
    public var attemptTimeout: Duration = .seconds(20)

    /// Creates a configuration of its parts; without an endpoint it is the one of AWS in the region.
    public init(region: String, credentials: any CredentialProvider, endpoint: Endpoint? = nil) {
        self.region = region
        self.credentials = credentials
        self.endpoint = endpoint ?? .aws(service: "codepipeline", region: region)
    }

    /// Reads what AWS tools read: the process's environment, and the shared files for the rest.
    ///
    /// - Parameter profile: A profile of the shared files, which then goes before keys in the environment.
    public static func loaded(profile: String? = nil) throws(CredentialsError) -> ClientConfiguration {
        try ClientConfiguration(environment: ProcessInfo.processInfo.environment, profile: profile) { path in
            FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// Reads an environment and the shared files it names.
    ///
    /// | what | where, the first that is set counts |
    /// | --- | --- |
    /// | profile | the parameter, `AWS_PROFILE`, `default` |
    /// | credentials | `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`; credentials file; config file |
    /// | region | `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's `region`; `us-east-1` with an endpoint of one's own |
    /// | endpoint | `AWS_ENDPOINT_URL_CODEPIPELINE`, `AWS_ENDPOINT_URL`, the profile's `services`, its `endpoint_url` |
    ///
    /// Source: AWS SDKs and Tools Reference Guide, Settings reference.
    ///
    /// - Parameter read: Gives a file's text, or nothing when it is not there.
    package init(
        environment: [String: String], profile: String? = nil, read: (String) -> String?
    ) throws(CredentialsError) {
        let environment = environment.filter { !$0.value.isEmpty }
        let home = environment["HOME"] ?? ""
        let config = SharedConfigFile(read(environment["AWS_CONFIG_FILE"] ?? "\(home)/.aws/config") ?? "")
        let secrets = SharedConfigFile(
            read(environment["AWS_SHARED_CREDENTIALS_FILE"] ?? "\(home)/.aws/credentials") ?? "")
        let name = profile ?? environment["AWS_PROFILE"] ?? "default"
        let settings = (config.profile(name) ?? [:]).merging(secrets.profile(name) ?? [:]) { $1 }
        let keys =
            (profile == nil ? Self.keys(environment: environment) : nil) ?? Self.keys(profile: secrets.profile(name))
            ?? Self.keys(profile: config.profile(name))
        guard let keys else {
            throw CredentialsError("no access key in the environment or in the profile \(name) of the shared files")
        }
        let endpoint = try Self.endpoint(environment: environment, settings: settings, config: config)
        let region = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? settings["region"]
        guard let region = region ?? (endpoint == nil ? nil : "us-east-1") else {
            throw CredentialsError("no region: set AWS_REGION, or region in the profile \(name)")
        }
        self.init(region: region, credentials: StaticCredentials(keys), endpoint: endpoint)
    }

    private static func keys(environment: [String: String]) -> SigningCredentials? {
        guard let id = environment["AWS_ACCESS_KEY_ID"], let secret = environment["AWS_SECRET_ACCESS_KEY"] else {
            return nil
        }
        return SigningCredentials(
            accessKeyID: id, secretAccessKey: SecretAccessKey(secret), sessionToken: environment["AWS_SESSION_TOKEN"])
    }

    private static func keys(profile: [String: String]?) -> SigningCredentials? {
        guard let id = profile?["aws_access_key_id"], let secret = profile?["aws_secret_access_key"] else { return nil }
        return SigningCredentials(
            accessKeyID: id, secretAccessKey: SecretAccessKey(secret), sessionToken: profile?["aws_session_token"])
    }

    private static func endpoint(
        environment: [String: String], settings: [String: String], config: SharedConfigFile
    ) throws(CredentialsError) -> Endpoint? {
        guard environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]?.lowercased() != "true" else { return nil }
        let services = settings["services"].flatMap { config.sections["services \($0)"] }
        let url =
            environment["AWS_ENDPOINT_URL_CODEPIPELINE"] ?? environment["AWS_ENDPOINT_URL"]
            ?? services?["codepipeline.endpoint_url"] ?? settings["endpoint_url"]
        guard let url else { return nil }
        guard let endpoint = Endpoint(url) else { throw CredentialsError("\(url) is not the URL of an endpoint") }
        return endpoint
    }
}
