// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoopbackHTTP
import PenstockArtifacts
import PenstockForeign
import PenstockOutbound
import PenstockSigning
import Synchronization
import Testing

@Suite struct ForeignRoleTests {
    private static let arn = "arn:aws:iam::123456789012:role/workers"
    private static let session = """
        <AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA1</AccessKeyId>\
        <SecretAccessKey>a&amp;b</SecretAccessKey><SessionToken>tok&#43;en</SessionToken></Credentials>\
        </AssumeRoleResult></AssumeRoleResponse>
        """

    /// Runs the body with a role of an STS that gives these answers, one after the other, the last one again and again.
    private static func run(
        _ answers: [LoopbackAnswer],
        _ body: (ForeignRole, _ requests: @Sendable () -> [LoopbackRequest]) async throws -> Void
    ) async throws {
        let seen = Mutex<[LoopbackRequest]>([])
        let server = LoopbackServer { request in
            let count = seen.withLock { seen in
                seen.append(request)
                return seen.count
            }
            return answers[min(count, answers.count) - 1]
        }
        try await server.run { port in
            var settings = S3Client.Settings(
                endpoint: try EndpointURL("http://127.0.0.1:\(port)"), region: "eu-central-1", timeout: .seconds(20))
            settings.service = "sts"
            settings.retryDelay = .milliseconds(1)
            let client = S3Client(settings, credentials: S3Credentials(.double)) { 0 }
            try await body(ForeignRole(client: client, arn: Self.arn)) { seen.withLock { $0 } }
        }
    }

    private static func answer(_ text: String, status: Int = 200) -> LoopbackAnswer {
        LoopbackAnswer(status: status, body: Array(text.utf8))
    }

    private static func assume(
        _ role: ForeignRole, lifetime: Duration = .seconds(1200)
    ) async throws -> StagingCredentials {
        let policy = SessionPolicy(reading: ["arn:aws:s3:::b/a b"], writing: [])
        return try await role.assume(session: "job-1", policy: policy, lifetime: lifetime)
    }

    @Test func `A session is asked for by a form that is signed for the STS`() async throws {
        try await Self.run([Self.answer(Self.session)]) { role, requests in
            let given = try await Self.assume(role)
            #expect(
                given == StagingCredentials(accessKeyID: "ASIA1", secretAccessKey: "a&b", sessionToken: "tok+en"))
            let request = try #require(requests().first)
            #expect(request.method == "POST" && request.target == "/")
            #expect(request.headers["authorization"]?.contains("/eu-central-1/sts/aws4_request") == true)
            #expect(request.headers["content-type"] == "application/x-www-form-urlencoded")
            let form = URLComponents(string: "?" + String(decoding: request.body, as: UTF8.self))?.queryItems ?? []
            #expect(
                Dictionary(uniqueKeysWithValues: form.map { ($0.name, $0.value ?? "") }) == [
                    "Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": Self.arn, "RoleSessionName": "job-1",
                    "DurationSeconds": "1200",
                    "Policy": SessionPolicy(reading: ["arn:aws:s3:::b/a b"], writing: []).document,
                ])
        }
    }

    @Test func `A session is never shorter than an STS gives one`() async throws {
        try await Self.run([Self.answer(Self.session)]) { role, requests in
            _ = try await Self.assume(role, lifetime: .seconds(60))
            #expect(String(decoding: requests()[0].body, as: UTF8.self).contains("DurationSeconds=900"))
        }
    }

    @Test func `An STS that has too much to do is asked again`() async throws {
        let busy = "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>"
        try await Self.run([Self.answer(busy, status: 400), Self.answer(Self.session)]) { role, requests in
            let given = try await Self.assume(role)
            #expect(given.accessKeyID == "ASIA1")
            #expect(requests().count == 2)
        }
    }

    @Test func `What is no session is told, and not at any length`() async throws {
        try await Self.run([Self.answer("<html>log in</html>")]) { role, _ in
            let told = await failure { _ = try await Self.assume(role) }
            #expect(told?.description.hasSuffix(" answered 200, and gave no credentials") == true)
        }
        let long = String(repeating: "m", count: 5000)
        let refusal =
            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>\(long)</Message></Error></ErrorResponse>"
        try await Self.run([Self.answer(refusal, status: 403)]) { role, _ in
            let told = try #require(await failure { _ = try await Self.assume(role) })
            #expect(told.description.contains(" answered 403, AccessDenied: mmm"))
            #expect(told.description.count < 500)
        }
    }
}
