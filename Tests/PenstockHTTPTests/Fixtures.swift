// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import PenstockAccess
import PenstockHTTP
import PenstockModel
import PenstockSigning
import Synchronization
import Testing

let start = Timestamp(millisecondsSinceEpoch: 1_790_000_000_000)

/// A clock that stands where it is put.
final class HandClock: Sendable {
    private let instant: Mutex<Timestamp>
    init(_ instant: Timestamp = start) { self.instant = Mutex(instant) }
    var now: Timestamp { self.instant.withLock { $0 } }
    func advance(_ duration: Duration) { self.instant.withLock { $0 = $0 + duration } }
}

/// Keys in memory, as a store would keep them.
final class KeyDirectory: AccessKeyDirectory {
    struct Unavailable: Error {}

    private let records = Mutex<[String: AccessKeyRecord]>([:])
    private let lookups = Mutex(0)
    private let isFailing = Mutex(false)

    var lookupCount: Int { self.lookups.withLock { $0 } }
    func put(_ record: AccessKeyRecord) { self.records.withLock { $0[record.accessKeyID] = record } }
    func fail() { self.isFailing.withLock { $0 = true } }

    func accessKey(_ accessKeyID: String) async throws -> AccessKeyRecord? {
        self.lookups.withLock { $0 += 1 }
        if self.isFailing.withLock({ $0 }) { throw Unavailable() }
        return self.records.withLock { $0[accessKeyID] }
    }
}

/// Everything that authentication needs, with one administrator's key.
struct Installation {
    let masterKey: MasterKey
    let realClock = HandClock()
    let serviceClock = HandClock()
    let directory = KeyDirectory()
    let keys: AccessKeyCache
    let vault: SessionVault
    let foundation: Authenticator.Foundation
    let credentials = SigningCredentials(
        accessKeyID: "AKIAEXAMPLEEXAMPLE22",
        secretAccessKey: SecretAccessKey("wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00")
    )

    init() throws {
        let realClock = self.realClock
        let serviceClock = self.serviceClock
        self.masterKey = try #require(MasterKey(bytes: Array(repeating: 7, count: 32)))
        self.keys = AccessKeyCache(
            directory: self.directory,
            sealer: Sealer(masterKey: self.masterKey),
            realTime: { realClock.now }
        )
        self.vault = SessionVault(masterKey: self.masterKey)
        self.foundation = Authenticator.Foundation(
            keys: self.keys,
            sessions: self.vault,
            realTime: { realClock.now },
            serviceTime: { serviceClock.now }
        )
        try self.put(isDisabled: false)
    }

    /// Stores the administrator's key.
    func put(isDisabled: Bool, secret: String? = nil) throws {
        let keyID = self.credentials.accessKeyID
        let secret = secret ?? self.credentials.secretAccessKey.revealed
        let sealed = try Sealer(masterKey: self.masterKey)
            .seal(Array(secret.utf8), context: AccessKeyRecord.sealingContext(accessKeyID: keyID))
        self.directory.put(
            AccessKeyRecord(
                accessKeyID: keyID,
                sealedSecret: sealed,
                account: .default,
                principalName: "administrator",
                isAdministrator: true,
                policies: [],
                createdAt: start,
                isDisabled: isDisabled
            )
        )
    }

    /// Credentials of a session, good for an hour of the service's clock.
    func makeSession(_ grant: SessionGrant) throws -> SigningCredentials {
        var generator = SystemRandomNumberGenerator()
        let session = Session(
            scope: Scope(account: .default, region: .default),
            principalName: "job-worker",
            grant: grant,
            expiresAt: self.serviceClock.now + .hours(1)
        )
        let issued = try self.vault.issue(session, using: &generator)
        return SigningCredentials(
            accessKeyID: issued.accessKeyID,
            secretAccessKey: SecretAccessKey(issued.secretAccessKey),
            sessionToken: issued.sessionToken
        )
    }

    /// A signed request for an operation of the API, or for whatever else is asked.
    func makeRequest(
        method: HTTPRequest.Method = .post,
        target: String = "/",
        service: String = "codepipeline",
        region: String = "eu-central-1",
        headers: HTTPFields = [
            .contentType: "application/x-amz-json-1.1", .xAmzTarget: "CodePipeline_20150709.ListPipelines",
        ],
        body: String = "{}",
        credentials: SigningCredentials? = nil,
        peer: Peer = Peer(address: "192.0.2.17")
    ) -> SurfaceRequest {
        let signer = Signer(credentials: credentials ?? self.credentials, region: region, service: service)
        var signable = SignableRequest(
            method: method.rawValue, target: target, host: "localhost:7480", headers: headers)
        signer.sign(
            &signable,
            at: SigningTime(secondsSinceEpoch: self.realClock.now.millisecondsSinceEpoch / 1000),
            payload: .sha256(PayloadHash(of: body.utf8))
        )
        return makeRequestOf(method, target, signable.headers, body: body, peer: peer)
    }
}

/// A request as it comes out of the HTTP codec.
func makeRequestOf(
    _ method: HTTPRequest.Method,
    _ target: String,
    _ headers: HTTPFields = [:],
    body: String = "",
    peer: Peer = Peer(address: "192.0.2.17")
) -> SurfaceRequest {
    let head = HTTPRequest(
        method: method,
        scheme: "http",
        authority: "localhost:7480",
        path: target,
        headerFields: headers
    )
    return SurfaceRequest(head: head, body: RequestBody(buffer: ByteBuffer(string: body)), peer: peer)
}

/// The body of a response that was not streamed.
func text(of response: Response) async throws -> String {
    let collector = Collector()
    try await response.body.write(collector)
    return collector.text.withLock { $0 }
}

private final class Collector: ResponseBodyWriter, Sendable {
    let text = Mutex("")
    func write(_ buffer: ByteBuffer) async throws { self.text.withLock { $0 += String(buffer: buffer) } }
    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

extension HTTPField.Name {
    static func named(_ name: String) throws -> Self { try #require(Self(name)) }
}

let quietLogger = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }
