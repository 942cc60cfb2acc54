// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockClient
import PenstockSigning
import Testing

/// What is read from the environment and the shared files.
struct ConfigurationTests {
    private let keys = ["AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "env-secret"]

    private let files = [
        "/home/kim/.aws/config": """
        [default]
        region = eu-central-1
        [profile shop]
        region = ap-south-1
        services = local
        endpoint_url = http://all.example
        [profile assumed]
        role_arn = arn:aws:iam::111111111111:role/worker
        [services local]
        codepipeline =
          endpoint_url = http://pipelines.example:7480
        s3 =
          endpoint_url = http://artifacts.example
        """,
        "/home/kim/.aws/credentials": """
        [default]
        aws_access_key_id = AKIDFILE
        aws_secret_access_key = file-secret
        [shop]
        aws_access_key_id = AKIDSHOP
        aws_secret_access_key = shop-secret
        aws_session_token = shop-session
        """,
    ]

    private func load(
        _ environment: [String: String], profile: String? = nil, region: String? = nil, endpoint: Endpoint? = nil,
        files: [String: String] = [:]
    ) throws -> ClientConfiguration {
        let environment = environment.merging(["HOME": "/home/kim"]) { first, _ in first }
        return try ClientConfiguration(
            environment: environment, profile: profile, region: region, endpoint: endpoint
        ) { files[$0] }
    }

    private func key(_ configuration: ClientConfiguration) async throws -> String {
        try await configuration.credentials.credentials().accessKeyID
    }

    // MARK: Credentials

    @Test func `The environment's keys go before the files'`() async throws {
        let configuration = try self.load(self.keys, files: self.files)
        #expect(try await self.key(configuration) == "AKIDENV")
        #expect(configuration.region == "eu-central-1")
        // A profile that the environment names chooses settings, not keys, where keys are set beside it.
        let beside = try self.load(self.keys.merging(["AWS_PROFILE": "shop"]) { $1 }, files: self.files)
        #expect(try await self.key(beside) == "AKIDENV")
        #expect(beside.region == "ap-south-1")
    }

    @Test func `A session token of the environment belongs to its keys`() async throws {
        let configuration = try self.load(
            self.keys.merging(["AWS_SESSION_TOKEN": "t", "AWS_REGION": "eu-west-1"]) { $1 })
        #expect(try await configuration.credentials.credentials().sessionToken == "t")
    }

    @Test func `A profile that the program names goes before the environment's keys`() async throws {
        let configuration = try self.load(self.keys, profile: "shop", files: self.files)
        let credentials = try await configuration.credentials.credentials()
        #expect(credentials.accessKeyID == "AKIDSHOP")
        #expect(credentials.sessionToken == "shop-session")
    }

    @Test func `Half a key is none`() async throws {
        let configuration = try self.load(["AWS_ACCESS_KEY_ID": "AKIDENV"], files: self.files)
        #expect(try await self.key(configuration) == "AKIDFILE")
        #expect(throws: CredentialsError.self) { try self.load(["AWS_ACCESS_KEY_ID": "AKIDENV"]) }
    }

    @Test func `An empty variable is as good as none`() async throws {
        let configuration = try self.load(
            ["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_PROFILE": ""], files: self.files)
        #expect(try await self.key(configuration) == "AKIDFILE")
    }

    @Test func `The files may lie elsewhere, and keys in the configuration file count last`() async throws {
        let files = [
            "/etc/aws": "[profile ci]\nregion=us-east-2\naws_access_key_id=AKIDCI\naws_secret_access_key=x",
            "/home/kim/keys": "[other]\naws_access_key_id=A\naws_secret_access_key=x",
        ]
        let environment = [
            "AWS_CONFIG_FILE": "/etc/aws", "AWS_SHARED_CREDENTIALS_FILE": "~/keys", "AWS_PROFILE": "ci",
        ]
        #expect(try await self.key(try self.load(environment, files: files)) == "AKIDCI")
        let other = environment.merging(["AWS_PROFILE": "other", "AWS_REGION": "us-east-2"]) { $1 }
        #expect(try await self.key(try self.load(other, files: files)) == "A")
    }

    @Test func `A profile without keys says where they would come from`() throws {
        let error = #expect(throws: CredentialsError.self) { try self.load([:], profile: "assumed", files: self.files) }
        #expect(
            error?.message
                == "the profile assumed gets its keys by role_arn, which is not supported:"
                + " export them into the environment")
        let absent = #expect(throws: CredentialsError.self) { try self.load([:], profile: "none", files: self.files) }
        #expect(
            absent?.message == "no access key in the environment or in the profile none of the shared files")
    }

    // MARK: Region

    @Test func `A region is needed, unless the endpoint is one's own`() throws {
        #expect(throws: CredentialsError.self) { try self.load(self.keys) }
        let own = try self.load(self.keys.merging(["AWS_ENDPOINT_URL": "http://127.0.0.1:7480"]) { $1 })
        #expect(own.region == "us-east-1")
        let both = ["AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"]
        #expect(try self.load(self.keys.merging(both) { $1 }).region == "eu-west-1")
    }

    @Test func `A region that the program names is enough, and counts before all others`() throws {
        #expect(try self.load(self.keys, region: "eu-west-3").region == "eu-west-3")
        let environment = self.keys.merging(["AWS_REGION": "eu-west-1"]) { $1 }
        #expect(try self.load(environment, region: "eu-west-3", files: self.files).region == "eu-west-3")
    }

    // MARK: Endpoints

    @Test func `An endpoint that the program names is enough, and counts before all others`() throws {
        let given = try #require(Endpoint("http://127.0.0.1:7480"))
        let plain = try self.load(self.keys, endpoint: given)
        #expect(plain.endpoint == given)
        #expect(plain.region == "us-east-1")
        let others = [
            "AWS_PROFILE": "shop", "AWS_ENDPOINT_URL": "none", "AWS_ENDPOINT_URL_S3": "http://b.example",
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        ]
        let named = try self.load(self.keys.merging(others) { $1 }, endpoint: given, files: self.files)
        #expect(named.endpoint == given)
        #expect(named.artifactEndpoint == given)
    }

    @Test func `The more special setting of an endpoint counts, and the environment before the files`() throws {
        let special = ["AWS_ENDPOINT_URL_CODEPIPELINE": "http://a.example", "AWS_ENDPOINT_URL_S3": "http://b.example"]
        let general = ["AWS_ENDPOINT_URL": "http://c.example"]
        let profile = ["AWS_PROFILE": "shop"]
        for (settings, endpoint, artifacts) in [
            ([special, general, profile], "http://a.example/", "http://b.example/"),
            ([general, profile], "http://c.example/", "http://c.example/"),
            ([profile], "http://pipelines.example:7480/", "http://artifacts.example/"),
        ] {
            let environment = settings.reduce(self.keys) { $0.merging($1) { $1 } }
            let configuration = try self.load(environment, files: self.files)
            #expect("\(configuration.endpoint)" == endpoint)
            #expect(configuration.artifactEndpoint.map { "\($0)" } == artifacts)
        }
        var files = self.files
        files["/home/kim/.aws/config"] = "[profile shop]\nendpoint_url = http://all.example"
        let plain = try self.load(profile, files: files)
        #expect("\(plain.endpoint)" == "http://all.example/")
        #expect(plain.artifactEndpoint == plain.endpoint)
    }

    @Test func `Without a setting everything is at AWS, as when all settings are to be ignored`() throws {
        let ignored = self.keys.merging(
            [
                "AWS_ENDPOINT_URL": "http://c.example", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
                "AWS_PROFILE": "shop",
            ]) { $1 }
        for environment in [self.keys, ignored] {
            let configuration = try self.load(environment, files: self.files)
            #expect(configuration.endpoint == .aws(service: "codepipeline", region: configuration.region))
            #expect(configuration.artifactEndpoint == nil)
        }
    }

    @Test func `Each partition of AWS has a domain of its own`() {
        for (region, host) in [
            ("eu-west-1", "codepipeline.eu-west-1.amazonaws.com"),
            ("us-gov-west-1", "codepipeline.us-gov-west-1.amazonaws.com"),
            ("cn-north-1", "codepipeline.cn-north-1.amazonaws.com.cn"),
            ("us-iso-east-1", "codepipeline.us-iso-east-1.c2s.ic.gov"),
            ("us-isob-east-1", "codepipeline.us-isob-east-1.sc2s.sgov.gov"),
        ] {
            #expect(Endpoint.aws(service: "codepipeline", region: region).authority == host)
        }
    }

    @Test func `An endpoint's URL is absolute, over HTTP, and without a password`() {
        for (url, expected) in [
            ("http://127.0.0.1:7480", "http://127.0.0.1:7480/"),
            ("HTTPS://CD.Example.com:443/x", "https://cd.example.com/x/"),
            ("http://[::1]:80/", "http://[::1]/"),
        ] {
            #expect(Endpoint(url).map { "\($0)" } == expected)
        }
        for url in ["", "127.0.0.1:7480", "ftp://a", "http://", "http:///x", "http://kim:pw@host", "http://a b"] {
            #expect(Endpoint(url) == nil, "\(url)")
        }
    }

    @Test func `An endpoint that is none is named, not repeated`() throws {
        let environment = self.keys.merging(["AWS_ENDPOINT_URL": "http://kim:hush@host"]) { $1 }
        let error = try #require(#expect(throws: CredentialsError.self) { try self.load(environment) })
        #expect(error.message.hasPrefix("AWS_ENDPOINT_URL is not the URL of an endpoint"))
        #expect(!error.message.contains("hush"))
    }

    @Test func `Authorities that are believed are those of a file, the environment's before the profile's`() throws {
        let certificate = "-----BEGIN CERTIFICATE-----\n"
        let config = "[default]\nregion = eu-central-1\nca_bundle = /etc/profile.pem\n"
        var files = ["/home/kim/.aws/config": config, "/etc/profile.pem": certificate, "/etc/own.pem": certificate]
        #expect(try self.load(self.keys, region: "eu-central-1").certificateAuthorityFile == nil)
        #expect(try self.load(self.keys, files: files).certificateAuthorityFile == "/etc/profile.pem")
        let environment = self.keys.merging(["AWS_CA_BUNDLE": "/etc/own.pem"]) { $1 }
        #expect(try self.load(environment, files: files).certificateAuthorityFile == "/etc/own.pem")
        for text in [nil, "", "-----BEGIN PRIVATE KEY-----"] {
            files["/etc/own.pem"] = text
            let error = #expect(throws: CredentialsError.self) { try self.load(environment, files: files) }
            #expect(error?.message.hasPrefix("AWS_CA_BUNDLE names /etc/own.pem, which cannot be read") == true)
        }
    }
}
