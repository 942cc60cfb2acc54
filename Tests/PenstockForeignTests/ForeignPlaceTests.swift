// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockForeign
import PenstockOutbound
import PenstockSigning
import Testing

@Suite struct ForeignPlaceTests {
    private static let file = """
        # a comment
        [default]
        aws_access_key_id = AKIADEFAULT
        aws_secret_access_key=default/secret

        [ build ]
          aws_access_key_id=AKIABUILD
        aws_secret_access_key = build=secret
        aws_session_token = token
        [empty]
        aws_access_key_id =
        aws_secret_access_key = secret
        """

    private static let key = ["AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "env"]

    private static let role = "arn:aws:iam::123456789012:role/workers"

    private static func place(
        _ text: String, _ environment: [String: String] = Self.key
    ) throws(ConfigurationProblem) -> ForeignPlace {
        try ForeignPlace(text, environment: environment) {
            $0 == "/home/mia/.aws/credentials" || $0 == "/f" ? Self.file : nil
        }
    }

    private static func keyID(_ text: String, _ environment: [String: String]) throws -> String {
        try Self.place(text, environment).blobs(secondsSinceEpoch: { 0 }).accessKeyID
    }

    private static func problem(_ text: String, _ environment: [String: String] = Self.key) -> String? {
        do throws(ConfigurationProblem) {
            _ = try Self.place(text, environment).blobs(secondsSinceEpoch: { 0 })
            return nil
        } catch {
            return error.description
        }
    }

    @Test func `A place is read with all that it says`() throws {
        let place = try Self.place(
            "s3://my.bucket/a b/c/?endpoint=https%3A%2F%2Fstore.example%3A9000/base&region=eu-west-1&timeout=7")
        #expect(place.bucket == "my.bucket")
        #expect(place.prefix == "a b/c/")
        #expect(place.endpoint.description == "https://store.example:9000/base")
        #expect(place.region == "eu-west-1")
        #expect(place.timeout == .seconds(7))
    }

    @Test func `What a place does not say is what AWS's tools take`() throws {
        let plain = try Self.place("s3://bucket")
        #expect(plain.prefix == "" && plain.region == "us-east-1" && plain.timeout == ForeignPlace.defaultTimeout)
        #expect(plain.endpoint.description == "https://s3.us-east-1.amazonaws.com/")
        let environment = Self.key.merging(["AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "x"]) { $1 }
        #expect(try Self.place("s3://bucket/", environment).endpoint.host == "s3.eu-north-1.amazonaws.com")
        #expect(try Self.place("s3://bucket/", environment).prefix == "")
    }

    @Test func `The STS of a role is Amazon's of the region, the store's own, or the one that is said`() throws {
        func sts(_ parameters: String) throws -> String? {
            try Self.place("s3://bucket/p?role=\(Self.role)\(parameters)").role?.sts.description
        }
        #expect(try sts("&region=eu-north-1") == "https://sts.eu-north-1.amazonaws.com/")
        #expect(try sts("&endpoint=https://store.example/s3") == "https://store.example/s3")
        #expect(try sts("&endpoint=https://store.example&sts=https://sts.example/a") == "https://sts.example/a")
        let amazon = "&region=eu-north-1&endpoint=https://s3.dualstack.eu-north-1.amazonaws.com"
        #expect(try sts(amazon) == "https://sts.eu-north-1.amazonaws.com/")
        #expect(try sts("&region=cn-north-1") == "https://sts.cn-north-1.amazonaws.com.cn/")
        #expect(try Self.place("s3://bucket?region=cn-north-1").endpoint.host == "s3.cn-north-1.amazonaws.com.cn")
        #expect(try Self.place("s3://bucket").role == nil)
        let longest = String(repeating: "a", count: ForeignPlace.maximumPrefixBytesWithRole)
        #expect(try Self.place("s3://bucket/\(longest)?role=\(Self.role)").role?.arn == Self.role)
    }

    @Test func `The key is that of a named profile or file, of the environment, or of the shared file, in this order`()
        throws
    {
        let home = ["HOME": "/home/mia"]
        let both = home.merging(Self.key) { $1 }
        #expect(try Self.keyID("s3://bucket", both) == "AKIAENV")
        #expect(try Self.keyID("s3://bucket?profile=build", both) == "AKIABUILD")
        #expect(try Self.keyID("s3://bucket?credentials=/f", both) == "AKIADEFAULT")
        #expect(try Self.keyID("s3://bucket?credentials=/f&profile=build", both) == "AKIABUILD")
        #expect(try Self.keyID("s3://bucket", home) == "AKIADEFAULT")
        #expect(try Self.keyID("s3://bucket", home.merging(["AWS_PROFILE": "build"]) { $1 }) == "AKIABUILD")
        #expect(try Self.keyID("s3://bucket", ["AWS_SHARED_CREDENTIALS_FILE": "/f"]) == "AKIADEFAULT")
    }

    @Test func `A profile has its key, secret and token, and half a key is none`() {
        let build = ForeignCredentials.credentials(of: "build", in: Self.file)
        #expect(
            build
                == SigningCredentials(
                    accessKeyID: "AKIABUILD", secretAccessKey: SecretAccessKey("build=secret"), sessionToken: "token"))
        #expect(ForeignCredentials.credentials(of: "default", in: Self.file)?.sessionToken == nil)
        #expect(ForeignCredentials.credentials(of: "empty", in: Self.file) == nil)
        #expect(ForeignCredentials.credentials(of: "none", in: Self.file) == nil)
    }

    @Test(arguments: [
        ("/srv/artifacts", "It must begin with s3://."),
        ("s3:///prefix", "It must have the name of a bucket behind s3://."),
        (
            "s3://ab/prefix",
            "It has no bucket's name behind s3://: it has 3 to 255 letters, digits, '.', '-' and '_'."
        ),
        ("s3://AKIA:secret@bucket", "It must not have a key in it: everybody sees the command line."),
        ("s3://bucket//a", "It must not have an empty part in its prefix."),
        ("s3://bucket/a#b", "It must not have a fragment."),
        (
            "s3://bucket?endpoint=http://store.example",
            "endpoint must begin with https://, since whoever is on the way could read artifacts; insecure-http=true allows it."
        ),
        ("s3://bucket?endpoint=store.example", "endpoint must begin with https:// or http://."),
        ("s3://bucket?endpoint=https://s/?a", "endpoint must not have a query."),
        ("s3://bucket?region=eu%20central", "region has a character that URLs do not have."),
        ("s3://bucket?secret_key=hunter2", "secret_key is not known here."),
        ("s3://bucket?Region=eu-west-1", "Region is not known here."),
        ("s3://bucket?region=a&region=b", "region stands there twice."),
        ("s3://bucket?region=", "region must have a value."),
        ("s3://bucket?timeout=0", "timeout must be a whole number of seconds from 1 to 300."),
        ("s3://bucket?sts=https://sts.example", "sts goes with a role."),
        (
            "s3://bucket?role=workers",
            "role must be the ARN of a role, as in arn:aws:iam::123456789012:role/NAME."
        ),
        (
            "s3://bucket?role=arn:a*:iam::123456789012:role/workers",
            "role must be the ARN of a role, as in arn:aws:iam::123456789012:role/NAME."
        ),
        (
            "s3://bucket?role=arn:aws:iam::123456789012:user/mia",
            "role must be the ARN of a role, as in arn:aws:iam::123456789012:role/NAME."
        ),
        (
            "s3://bucket?role=\(Self.role)&sts=http://sts.example",
            "sts must begin with https://, since whoever is on the way could read artifacts; insecure-http=true allows it."
        ),
        (
            "s3://bucket/a*/b?role=\(Self.role)",
            "It must have a prefix of letters, digits, '.', '-', '_' and '/' if there is a role."
        ),
        (
            "s3://bucket/\(String(repeating: "a", count: 257))?role=\(Self.role)",
            "It has a prefix of more than 256 bytes, too long for the policies of a role."
        ),
        ("s3://bucket?insecure-http=yes", "insecure-http must be true or false."),
        (
            "s3://bucket?credentials=/none",
            "credentials must be a file with a key, or AWS_ACCESS_KEY_ID be set: there is no /none."
        ),
        (
            "s3://bucket?credentials=/f&profile=empty",
            "profile must be one of /f with aws_access_key_id and aws_secret_access_key; 'empty' is none."
        ),
    ])
    func `A mistake is named with its place, and no value that could be a secret`(_ text: String, _ told: String) {
        #expect(Self.problem(text) == told)
    }

    @Test func `Half a key in the environment, or none anywhere, is told`() {
        #expect(
            Self.problem("s3://bucket", ["AWS_ACCESS_KEY_ID": "AKIAENV"])
                == "AWS_SECRET_ACCESS_KEY is missing beside AWS_ACCESS_KEY_ID.")
        #expect(
            Self.problem("s3://bucket", [:])
                == "credentials is missing, and neither AWS_ACCESS_KEY_ID nor AWS_SHARED_CREDENTIALS_FILE is set.")
    }

    @Test(arguments: ["http://127.0.0.1:9000", "http://localhost:9000", "http://[::1]:9000"])
    func `Plain HTTP is no question on this machine`(_ endpoint: String) {
        #expect(Self.problem("s3://bucket?endpoint=\(endpoint)") == nil)
        #expect(Self.problem("s3://bucket?endpoint=http://store.example&insecure-http=true") == nil)
    }
}

@Suite struct ForeignOpeningTests {
    private static func problem(_ fixture: ForeignFixture, _ identity: String, isNew: Bool) async
        -> ForeignPlaceProblem?
    {
        do throws(ForeignPlaceProblem) {
            try await fixture.blobs.prepare(identity: identity, isNew: isNew)
            return nil
        } catch {
            return error
        }
    }

    @Test func `A place belongs to the first database that opens it`() async throws {
        try await ForeignFixture.run { fixture in
            #expect(await Self.problem(fixture, "one", isNew: true) == nil)
            #expect(fixture.double.objects == ["a b/é/penstock-artifacts": Array("one\n".utf8)])
            for isNew in [true, false] { #expect(await Self.problem(fixture, "one", isNew: isNew) == nil) }
            let problem = try #require(await Self.problem(fixture, "two", isNew: true))
            #expect(problem.kind == .unusable)
            #expect(problem.description.contains("holds the artifacts of another database"))
        }
    }

    @Test func `A place that has nothing of a database with content is not its place`() async throws {
        try await ForeignFixture.run { fixture in
            let problem = try #require(await Self.problem(fixture, "one", isNew: false))
            #expect(problem.kind == .unusable)
            #expect(fixture.double.objects == [:])
        }
    }

    @Test func `A bucket that is not there is a mistake of the configuration`() async throws {
        try await ForeignFixture.run(bucket: "elsewhere") { fixture in
            let problem = try #require(await Self.problem(fixture, "one", isNew: true))
            #expect(problem.kind == .configuration)
            #expect(
                problem.description.contains("there is no bucket 'elsewhere' (the store answered 404, NoSuchBucket)"))
        }
    }

    @Test(arguments: ["GET", "PUT"])
    func `A key that may not read or write is a mistake of the configuration`(_ method: String) async throws {
        try await ForeignFixture.run { fixture in
            fixture.double.fail { request, _ in
                request.method == method ? .refusal(status: 403, code: "AccessDenied") : nil
            }
            let problem = try #require(await Self.problem(fixture, "one", isNew: true))
            #expect(problem.kind == .configuration)
            #expect(problem.description.contains("the key AKIADOUBLE is not known, or may not do it"))
        }
    }

    @Test func `A store that does not answer may do so later`() async throws {
        try await ForeignFixture.run(timeout: .milliseconds(100)) { fixture in
            fixture.double.fail { _, _ in .silence }
            let problem = try #require(await Self.problem(fixture, "one", isNew: true))
            #expect(problem.kind == .unusable)
            #expect(problem.description.contains("cannot be reached"))
        }
    }
}
