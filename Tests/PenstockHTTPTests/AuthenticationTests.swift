// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdCore
import NIOCore
import PenstockAccess
import PenstockHTTP
import PenstockModel
import PenstockSigning
import Testing

@Suite struct AuthenticatorTests {
    private let jobGrant = SessionGrant.job(
        JobGrant(
            jobID: JobID(UniqueID(high: 1, low: 2)),
            dispatch: 1,
            actionExecutionID: ActionExecutionID(UniqueID(high: 3, low: 4)),
            read: [],
            write: [ObjectGrant(bucket: "b", key: "k")]
        )
    )

    private func authenticate(_ request: SurfaceRequest, _ installation: Installation) async throws -> Caller {
        try await Authenticator(installation.foundation, policy: .api()).authenticate(request, body: Array("{}".utf8))
    }

    @Test func `A signed request has a caller, its account from the key and its region from the scope`() async throws {
        let installation = try Installation()
        let caller = try await self.authenticate(installation.makeRequest(), installation)
        #expect(caller.principal.isAdministrator)
        #expect(caller.scope == Scope(account: .default, region: try #require(Region("eu-central-1"))))
        #expect(caller.accessKeyID == installation.credentials.accessKeyID)
        #expect(caller.grant == nil)
    }

    @Test func `Another body, secret or service is refused`() async throws {
        let installation = try Installation()
        await #expect(throws: AuthenticationError.signatureMismatch) {
            let authenticator = Authenticator(installation.foundation, policy: .api())
            return try await authenticator.authenticate(installation.makeRequest(), body: Array("{ }".utf8))
        }
        let wrong = SigningCredentials(
            accessKeyID: installation.credentials.accessKeyID,
            secretAccessKey: SecretAccessKey("wrong")
        )
        await #expect(throws: AuthenticationError.signatureMismatch) {
            try await self.authenticate(installation.makeRequest(credentials: wrong), installation)
        }
        await #expect(throws: AuthenticationError.wrongService(.header, expected: "codepipeline")) {
            try await self.authenticate(installation.makeRequest(service: "s3"), installation)
        }
    }

    @Test func `Garbage and old dates cost no lookup`() async throws {
        let installation = try Installation()
        await #expect(throws: AuthenticationError.missing) {
            try await self.authenticate(makeRequestOf(.post, "/"), installation)
        }
        let request = installation.makeRequest()
        installation.realClock.advance(.minutes(16))
        await #expect(throws: AuthenticationError.self) { try await self.authenticate(request, installation) }
        #expect(installation.directory.lookupCount == 0)
    }

    @Test func `A key that is unknown or disabled is not recognized`() async throws {
        let installation = try Installation()
        let unknown = SigningCredentials(accessKeyID: "AKIANOBODY", secretAccessKey: SecretAccessKey("secret"))
        await #expect(throws: AuthenticationError.unknownAccessKey) {
            try await self.authenticate(installation.makeRequest(credentials: unknown), installation)
        }
        try installation.put(isDisabled: true)
        await #expect(throws: AuthenticationError.unknownAccessKey) {
            try await self.authenticate(installation.makeRequest(), installation)
        }
    }

    @Test func `A directory that cannot answer is a fault, not a refusal`() async throws {
        let installation = try Installation()
        installation.directory.fail()
        await #expect(throws: KeyDirectory.Unavailable.self) {
            try await self.authenticate(installation.makeRequest(), installation)
        }
    }

    @Test func `A session is verified without a lookup`() async throws {
        let installation = try Installation()
        let session = try installation.makeSession(self.jobGrant)
        let caller = try await self.authenticate(installation.makeRequest(credentials: session), installation)
        #expect(caller.grant == self.jobGrant)
        #expect(caller.jobGrant?.dispatch == 1)
        #expect(caller.scope.account == .default)
        #expect(installation.directory.lookupCount == 0)
    }

    @Test func `A session ends by the service's clock`() async throws {
        let installation = try Installation()
        let session = try installation.makeSession(self.jobGrant)
        installation.serviceClock.advance(.hours(1) - .milliseconds(1))
        _ = try await self.authenticate(installation.makeRequest(credentials: session), installation)
        installation.serviceClock.advance(.milliseconds(1))
        await #expect(throws: AuthenticationError.expiredToken) {
            try await self.authenticate(installation.makeRequest(credentials: session), installation)
        }
    }

    @Test func `A session without its own token is nobody`() async throws {
        let installation = try Installation()
        var session = try installation.makeSession(self.jobGrant)
        let other = try installation.makeSession(self.jobGrant)
        session.sessionToken = other.sessionToken
        await #expect(throws: AuthenticationError.invalidToken) {
            try await self.authenticate(installation.makeRequest(credentials: session), installation)
        }
        session.sessionToken = nil
        await #expect(throws: AuthenticationError.unknownAccessKey) {
            try await self.authenticate(installation.makeRequest(credentials: session), installation)
        }
        var administrator = installation.credentials
        administrator.sessionToken = other.sessionToken
        await #expect(throws: AuthenticationError.invalidToken) {
            try await self.authenticate(installation.makeRequest(credentials: administrator), installation)
        }
    }
}

@Suite struct AccessKeyCacheTests {
    @Test func `A key is looked up once a second`() async throws {
        let installation = try Installation()
        let id = installation.credentials.accessKeyID
        for _ in 0..<3 { #expect(try await installation.keys.entry(for: id) != nil) }
        #expect(installation.directory.lookupCount == 1)
        installation.realClock.advance(.seconds(1))
        #expect(try await installation.keys.entry(for: id) != nil)
        #expect(installation.directory.lookupCount == 2)
    }

    @Test func `What is changed here is seen at once`() async throws {
        let installation = try Installation()
        let id = installation.credentials.accessKeyID
        #expect(try await installation.keys.entry(for: id) != nil)
        try installation.put(isDisabled: true)
        installation.keys.invalidate(id)
        #expect(try await installation.keys.entry(for: id) == nil)
    }

    @Test func `What is changed elsewhere is seen within a second`() async throws {
        let installation = try Installation()
        let id = installation.credentials.accessKeyID
        #expect(try await installation.keys.entry(for: id) != nil)
        try installation.put(isDisabled: true)
        installation.realClock.advance(.seconds(1))
        #expect(try await installation.keys.entry(for: id) == nil)
    }

    @Test func `Unknown keys are remembered too`() async throws {
        let installation = try Installation()
        for _ in 0..<3 { #expect(try await installation.keys.entry(for: "AKIANOBODY") == nil) }
        #expect(installation.directory.lookupCount == 1)
    }
}

@Suite struct STSSurfaceTests {
    private let form: HTTPFields = [.contentType: "application/x-www-form-urlencoded; charset=utf-8"]
    private let question = "Action=GetCallerIdentity&Version=2011-06-15"

    @Test func `One learns who one is`() async throws {
        let installation = try Installation()
        let surface = STSSurface(installation.foundation)
        let request = installation.makeRequest(service: "sts", headers: self.form, body: self.question)
        let response = try await surface.respond(to: request)
        #expect(response.status == .ok)
        #expect(response.headers[.contentType] == "text/xml")
        let body = try await text(of: response)
        #expect(body.contains("<Arn>arn:aws:iam::000000000000:user/administrator</Arn>"))
        #expect(body.contains("<Account>000000000000</Account>"))
        #expect(body.contains("<RequestId>\(request.id)</RequestId>"))
    }

    @Test func `Refusals have the names that STS gives them`() async throws {
        let installation = try Installation()
        let surface = STSSurface(installation.foundation)
        let unsigned = try await surface.respond(to: makeRequestOf(.post, "/", self.form, body: self.question))
        #expect(unsigned.status == .forbidden)
        #expect(try await text(of: unsigned).contains("<Code>MissingAuthenticationToken</Code>"))
        let unknown = SigningCredentials(accessKeyID: "AKIANOBODY", secretAccessKey: SecretAccessKey("secret"))
        let request = installation.makeRequest(
            service: "sts",
            headers: self.form,
            body: self.question,
            credentials: unknown
        )
        #expect(try await text(of: surface.respond(to: request)).contains("<Code>InvalidClientTokenId</Code>"))
    }

    @Test func `Other operations are not offered`() async throws {
        let installation = try Installation()
        let request = installation.makeRequest(service: "sts", headers: self.form, body: "Action=AssumeRole")
        let response = try await STSSurface(installation.foundation).respond(to: request)
        #expect(response.status == .badRequest)
        #expect(try await text(of: response).contains("<Code>InvalidAction</Code>"))
    }
}

@Suite struct ResponseTests {
    @Test func `An error has its code in the body and in a header`() async throws {
        let id = RequestID.next()
        let response = JSONEnvelope.failure(
            code: "ValidationException",
            status: 400,
            message: "a \"quoted\"\n\u{1}é",
            requestID: id
        )
        #expect(response.status == .badRequest)
        #expect(try await text(of: response) == #"{"__type":"ValidationException","message":"a \"quoted\"\n\u0001é"}"#)
        #expect(response.headers[.xAmznErrorType] == "ValidationException")
        #expect(response.headers[.xAmznRequestID] == id.description)
        #expect(response.headers[.contentType] == "application/x-amz-json-1.1")
    }

    @Test func `An empty body has a length of zero`() {
        let response = JSONEnvelope.success(.init(), requestID: .next())
        #expect(response.headers[.contentLength] == "0")
    }

    @Test func `Request ids are version 4 UUIDs and never repeat`() {
        let ids = (0..<10_000).map { _ in RequestID.next() }
        #expect(Set(ids).count == ids.count)
        for id in ids.prefix(100) {
            let text = Array(id.description)
            #expect(text[14] == "4" && "89ab".contains(text[19]))
        }
    }

    @Test(arguments: [
        (Int64(0), "Thu, 01 Jan 1970 00:00:00 GMT"),
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (1_790_000_000, "Mon, 21 Sep 2026 14:13:20 GMT"),
    ])
    func `Dates are written as HTTP writes them`(seconds: Int64, expected: String) {
        #expect(HTTPDateCache.text(Timestamp(millisecondsSinceEpoch: seconds * 1000)) == expected)
    }

    @Test func `The date follows the clock`() {
        let clock = HandClock()
        let dates = HTTPDateCache(realTime: { clock.now })
        #expect(dates.now == "Mon, 21 Sep 2026 14:13:20 GMT")
        clock.advance(.milliseconds(1500))
        #expect(dates.now == "Mon, 21 Sep 2026 14:13:21 GMT")
    }
}
