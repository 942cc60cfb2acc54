// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PenstockSigning

extension ClientConfiguration {
    /// Reads what AWS tools read: the process's environment, and the shared files for the rest.
    ///
    /// | what | where, the first that is set counts |
    /// | --- | --- |
    /// | profile | the parameter, `AWS_PROFILE`, `default` |
    /// | credentials | `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`; credentials file; config file |
    /// | region | `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's `region`; `us-east-1` with an endpoint of one's own |
    /// | endpoint | `AWS_ENDPOINT_URL_CODEPIPELINE`, `AWS_ENDPOINT_URL`, the profile's `services`, its `endpoint_url` |
    /// | authorities | `AWS_CA_BUNDLE`, the profile's `ca_bundle`; the system's |
    /// | artifacts | `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, the profile's `services`, its `endpoint_url` |
    ///
    /// The files are `~/.aws/config` and `~/.aws/credentials`, or those that `AWS_CONFIG_FILE` and
    /// `AWS_SHARED_CREDENTIALS_FILE` name. `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true` leaves all endpoints at AWS.
    /// Profiles that get their keys elsewhere, by a role or a single sign-on, are refused with a text that says so.
    ///
    /// Source: AWS SDKs and Tools Reference Guide, Settings reference.
    ///
    /// - Parameters:
    ///   - profile: A profile of the shared files, which then goes before keys in the environment.
    ///   - region: The region, whichever is set.
    ///   - endpoint: Where the service and its artifacts are, whatever is set.
    public static func loaded(
        profile: String? = nil, region: String? = nil, endpoint: Endpoint? = nil
    ) throws(CredentialsError) -> ClientConfiguration {
        let environment = ProcessInfo.processInfo.environment
        return try ClientConfiguration(
            environment: environment, profile: profile, region: region, endpoint: endpoint
        ) { path in
            FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// Reads an environment and the shared files it names, as ``loaded(profile:region:endpoint:)`` says.
    ///
    /// - Parameter read: Gives a file's text, or nothing when it is not there.
    package init(
        environment: [String: String], profile: String? = nil, region: String? = nil, endpoint: Endpoint? = nil,
        read: (String) -> String?
    ) throws(CredentialsError) {
        let settings = SharedSettings(environment: environment, profile: profile, given: endpoint, read: read)
        let keys = try settings.keys()
        let endpoint = try settings.endpoint(variable: "AWS_ENDPOINT_URL_CODEPIPELINE", service: "codepipeline")
        let artifactEndpoint = try settings.endpoint(variable: "AWS_ENDPOINT_URL_S3", service: "s3")
        guard let region = region ?? settings.region ?? (endpoint == nil ? nil : "us-east-1") else {
            throw CredentialsError("no region: set AWS_REGION, or region in the profile \(settings.profileName)")
        }
        self.init(region: region, credentials: StaticCredentials(keys), endpoint: endpoint)
        self.artifactEndpoint = artifactEndpoint
        self.certificateAuthorityFile = try settings.certificateAuthorityFile(read)
    }
}

/// What the environment and the shared files say, the environment first.
private struct SharedSettings {
    let profileName: String
    private let environment: [String: String]
    private let config: SharedConfigFile
    private let secrets: SharedConfigFile
    private let profile: [String: String]
    /// A profile that the program names goes before the environment's keys.
    private let isProfileGiven: Bool
    /// An endpoint that the program names goes before all that are set.
    private let givenEndpoint: Endpoint?

    init(environment: [String: String], profile: String?, given: Endpoint?, read: (String) -> String?) {
        let environment = environment.filter { !$0.value.isEmpty }
        func file(_ variable: String, _ name: String) -> SharedConfigFile {
            let path = environment[variable] ?? "~/.aws/\(name)"
            guard path.hasPrefix("~/") else { return SharedConfigFile(read(path) ?? "") }
            return SharedConfigFile(environment["HOME"].flatMap { read($0 + path.dropFirst()) } ?? "")
        }
        self.environment = environment
        self.config = file("AWS_CONFIG_FILE", "config")
        self.secrets = file("AWS_SHARED_CREDENTIALS_FILE", "credentials")
        self.profileName = profile ?? environment["AWS_PROFILE"] ?? "default"
        self.isProfileGiven = profile != nil
        self.givenEndpoint = given
        let plain = self.config.profile(self.profileName) ?? [:]
        self.profile = plain.merging(self.secrets.profile(self.profileName) ?? [:]) { $1 }
    }

    var region: String? {
        self.environment["AWS_REGION"] ?? self.environment["AWS_DEFAULT_REGION"] ?? self.profile["region"]
    }

    /// The file with the certificates of the authorities that are believed; nothing when nobody chose one.
    func certificateAuthorityFile(_ read: (String) -> String?) throws(CredentialsError) -> String? {
        let settings = [
            ("AWS_CA_BUNDLE", self.environment["AWS_CA_BUNDLE"]),
            ("ca_bundle of the profile \(self.profileName)", self.profile["ca_bundle"]),
        ]
        for case (let name, let path?) in settings {
            guard let text = read(path), text.contains("-----BEGIN CERTIFICATE-----") else {
                throw CredentialsError("\(name) names \(path), which cannot be read or has no certificate, PEM, in it")
            }
            return path
        }
        return nil
    }

    func keys() throws(CredentialsError) -> SigningCredentials {
        if !self.isProfileGiven, let keys = Self.keys(self.environment, by: { "AWS_\($0.uppercased())" }) {
            return keys
        }
        for file in [self.secrets, self.config] {
            if let keys = Self.keys(file.profile(self.profileName) ?? [:], by: { "aws_\($0)" }) { return keys }
        }
        let elsewhere = ["credential_process", "role_arn", "sso_session", "sso_start_url", "web_identity_token_file"]
        if let way = elsewhere.first(where: { self.profile[$0] != nil }) {
            throw CredentialsError(
                "the profile \(self.profileName) gets its keys by \(way), which is not supported:"
                    + " export them into the environment")
        }
        throw CredentialsError(
            "no access key in the environment or in the profile \(self.profileName) of the shared files")
    }

    private static func keys(_ values: [String: String], by name: (String) -> String) -> SigningCredentials? {
        guard let id = values[name("access_key_id")], let secret = values[name("secret_access_key")] else { return nil }
        return SigningCredentials(
            accessKeyID: id, secretAccessKey: SecretAccessKey(secret), sessionToken: values[name("session_token")])
    }

    /// The endpoint of a service; nothing when nobody chose one.
    func endpoint(variable: String, service: String) throws(CredentialsError) -> Endpoint? {
        if let givenEndpoint { return givenEndpoint }
        let isIgnored =
            self.environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] ?? self.profile["ignore_configured_endpoint_urls"]
        guard isIgnored?.lowercased() != "true" else { return nil }
        let services = self.profile["services"].flatMap { self.config.sections["services \($0)"] }
        let settings = [
            (variable, self.environment[variable]), ("AWS_ENDPOINT_URL", self.environment["AWS_ENDPOINT_URL"]),
            ("\(service).endpoint_url", services?["\(service).endpoint_url"]),
            ("endpoint_url", self.profile["endpoint_url"]),
        ]
        for case (let name, let url?) in settings {
            guard let endpoint = Endpoint(url) else {
                // The value is not repeated: it may hold a password.
                throw CredentialsError("\(name) is not the URL of an endpoint, such as http://127.0.0.1:7480")
            }
            return endpoint
        }
        return nil
    }
}
