// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import PenstockAccess
import PenstockArtifacts
import PenstockHTTP
import PenstockModel
import PenstockSigning
import Synchronization
import Testing

@testable import PenstockS3

/// The surface on an artifact store of its own, and a client that signs. Nothing listens.
final class Bed: Sendable {
    /// Whether content is in another store, and not in files.
    @TaskLocal static var keepsContentAbroad = false

    let index = MemoryArtifactIndex()
    let store: ArtifactStore
    let surface: S3Surface
    let denials = Denials()
    private let directory: String
    private let clock = BedClock()
    private let fault = BedFault()
    private let keys: BedKeys
    private let masterKey: MasterKey
    private let vault: SessionVault

    /// What was recorded for the audit log.
    final class Denials: Sendable {
        private let list = Mutex<[S3Denial]>([])
        var all: [S3Denial] { self.list.withLock { $0 } }
        func add(_ denials: [S3Denial]) { self.list.withLock { $0 += denials } }
    }

    init(bucket: String? = "bucket", virtualHosts: [String] = []) async throws {
        let (clock, denials) = (self.clock, self.denials)
        self.keys = BedKeys(self.fault)
        self.masterKey = try #require(MasterKey(bytes: Array(repeating: 7, count: 32)))
        self.vault = SessionVault(masterKey: self.masterKey)
        self.directory = FileManager.default.temporaryDirectory.path + "/penstock-s3-\(UUID().uuidString)"
        let blobs =
            if Self.keepsContentAbroad {
                try await BlobStore(
                    receivingIn: self.directory, threads: .singleton, objects: MemoryBlobObjects())
            } else {
                try await BlobStore(directory: self.directory, threads: .singleton)
            }
        self.store = ArtifactStore(
            index: BedIndex(self.index, self.fault),
            blobs: blobs,
            now: { clock.now },
            newID: { clock.newID() }
        )
        let accessKeys = AccessKeyCache(
            directory: self.keys, sealer: Sealer(masterKey: self.masterKey), realTime: { clock.now }
        )
        self.surface = S3Surface(
            store: self.store,
            foundation: Authenticator.Foundation(
                keys: accessKeys, sessions: self.vault, realTime: { clock.now }, serviceTime: { clock.now }
            ),
            virtualHosts: virtualHosts,
            recordDenials: { denials.add($0) },
            now: { clock.now },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        try self.addKey(.administrator)
        if let bucket { try await self.put("/\(bucket)").expect(.ok) }
    }

    deinit { try? FileManager.default.removeItem(atPath: self.directory) }

    func advance(_ duration: Duration) { self.clock.advance(duration) }

    /// From now on nothing can be read from where keys, or everything else, is kept.
    func fail(_ place: BedFault.Place, with error: any Error) { self.fault.set(error, at: place) }

    /// Stores a user's key.
    func addKey(
        _ credentials: SigningCredentials, account: AccountID = .default, policy: String? = nil
    ) throws {
        let id = credentials.accessKeyID
        let secret = Array(credentials.secretAccessKey.revealed.utf8)
        let sealed = try Sealer(masterKey: self.masterKey)
            .seal(secret, context: AccessKeyRecord.sealingContext(accessKeyID: id))
        self.keys.put(
            AccessKeyRecord(
                accessKeyID: id, sealedSecret: sealed, account: account, principalName: "user-\(id.suffix(4))",
                isAdministrator: policy == nil, policies: try policy.map { [try PolicyDocument(parsing: $0)] } ?? [],
                createdAt: self.clock.now
            )
        )
    }

    /// Credentials of a job, good for an hour.
    func jobCredentials(
        _ job: JobID, dispatch: Int = 1, read: [ObjectGrant] = [], write: [ObjectGrant] = []
    ) throws -> SigningCredentials {
        var generator = SystemRandomNumberGenerator()
        let grant = JobGrant(
            jobID: job, dispatch: dispatch, actionExecutionID: ActionExecutionID(UniqueID(high: 3, low: 4)),
            read: read, write: write
        )
        let session = Session(
            scope: Scope(account: .default, region: .default), principalName: "job-worker", grant: .job(grant),
            expiresAt: self.clock.now + .hours(1)
        )
        let issued = try self.vault.issue(session, using: &generator)
        return SigningCredentials(
            accessKeyID: issued.accessKeyID, secretAccessKey: SecretAccessKey(issued.secretAccessKey),
            sessionToken: issued.sessionToken
        )
    }

    var signingTime: SigningTime { SigningTime(secondsSinceEpoch: self.clock.now.millisecondsSinceEpoch / 1000) }

    // MARK: Sending

    /// Sends a signed request and reads the whole answer.
    func send(
        _ method: HTTPRequest.Method,
        _ target: String,
        _ body: Payload = .bytes([]),
        headers: HTTPFields = [:],
        as credentials: SigningCredentials = .administrator,
        region: Region = .default,
        host: String = Bed.host
    ) async throws -> Answer {
        let signer = Signer(credentials: credentials, region: region.rawValue, service: "s3")
        var headers = headers
        body.announce(in: &headers)
        var signable = SignableRequest(method: method.rawValue, target: target, host: host, headers: headers)
        let context = signer.sign(&signable, at: self.signingTime, payload: body.declaration)
        return try await self.deliver(method, target, signable.headers, body.framed(context), host: host)
    }

    static let host = "localhost:7480"

    /// Sends a request as it is, its body in pieces that end where a network might end them.
    func deliver(
        _ method: HTTPRequest.Method, _ target: String, _ headers: HTTPFields = [:], _ body: [UInt8] = [],
        host: String = Bed.host
    ) async throws -> Answer {
        let head = HTTPRequest(method: method, scheme: "http", authority: host, path: target, headerFields: headers)
        let (stream, source) = AsyncStream<ByteBuffer>.makeStream()
        var (rest, size) = (body[...], 1)
        while !rest.isEmpty {
            source.yield(ByteBuffer(bytes: rest.prefix(size)))
            rest = rest.dropFirst(size)
            size = size * 3 % 70_001
        }
        source.finish()
        let request = SurfaceRequest(
            head: head, body: RequestBody(asyncSequence: stream), peer: Peer(address: "192.0.2.17")
        )
        let response = try await self.surface.respond(to: request)
        let collector = Collector()
        // The server leaves out the body of an answer to HEAD.
        if method != .head { try await response.body.write(collector) }
        return Answer(response, body: collector.bytes.withLock { Array($0.readableBytesView) })
    }

    func get(_ target: String, headers: HTTPFields = [:]) async throws -> Answer {
        try await self.send(.get, target, headers: headers)
    }

    @discardableResult
    func put(_ target: String, _ content: String = "", headers: HTTPFields = [:]) async throws -> Answer {
        try await self.send(.put, target, .text(content), headers: headers)
    }

    func enableVersioning(_ status: String = "Enabled") async throws {
        try await self.put(
            "/bucket?versioning", "<VersioningConfiguration><Status>\(status)</Status></VersioningConfiguration>"
        ).expect(.ok)
    }
}

/// What came back.
struct Answer {
    let status: HTTPResponse.Status
    let headers: HTTPFields
    let body: [UInt8]

    init(_ response: Response, body: [UInt8]) {
        self.status = response.status
        self.headers = response.headers
        self.body = body
    }

    var text: String { String(decoding: self.body, as: UTF8.self) }

    subscript(header: String) -> String? { HTTPField.Name(header).flatMap { self.headers[$0] } }

    /// The body as a document.
    var document: XMLElement { get throws { try XMLElement(document: self.body) } }

    /// The status, and the code of the error document.
    var refusal: String {
        let code = (try? self.document)?["Code"]?.text
        return "\(self.status.code) \(code ?? "")"
    }

    @discardableResult
    func expect(_ status: HTTPResponse.Status, _ location: SourceLocation = #_sourceLocation) -> Answer {
        #expect(self.status == status, "\(self.text)", sourceLocation: location)
        return self
    }
}

private final class Collector: ResponseBodyWriter, Sendable {
    let bytes = Mutex(ByteBuffer())
    func write(_ buffer: ByteBuffer) async throws { self.bytes.withLock { _ = $0.writeImmutableBuffer(buffer) } }
    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

private final class BedClock: Sendable {
    private let state = Mutex<(now: Timestamp, id: UInt64)>((Timestamp(millisecondsSinceEpoch: 1_790_000_000_000), 0))
    var now: Timestamp { self.state.withLock { $0.now } }
    func advance(_ duration: Duration) { self.state.withLock { $0.now = $0.now + duration } }
    func newID() -> UniqueID {
        self.state.withLock { state in
            state.id += 1
            return UniqueID(high: 7, low: state.id)
        }
    }
}

private final class BedKeys: AccessKeyDirectory {
    private let records = Mutex<[String: AccessKeyRecord]>([:])
    private let fault: BedFault
    init(_ fault: BedFault) { self.fault = fault }
    func put(_ record: AccessKeyRecord) { self.records.withLock { $0[record.accessKeyID] = record } }
    func accessKey(_ accessKeyID: String) async throws -> AccessKeyRecord? {
        try self.fault.strike(at: .keys)
        return self.records.withLock { $0[accessKeyID] }
    }
}

/// An index that can be made to fail.
private struct BedIndex: ArtifactIndex {
    let base: MemoryArtifactIndex
    let fault: BedFault

    init(_ base: MemoryArtifactIndex, _ fault: BedFault) {
        self.base = base
        self.fault = fault
    }

    func withArtifacts<Result: Sendable>(
        _ body: @escaping @Sendable (any ArtifactTransaction) throws -> Result
    ) async throws -> Result {
        try self.fault.strike(at: .index)
        return try await self.base.withArtifacts(body)
    }

    func readArtifacts<Result: Sendable>(
        _ body: @escaping @Sendable (any ArtifactTransaction) throws -> Result
    ) async throws -> Result {
        try self.fault.strike(at: .index)
        return try await self.base.readArtifacts(body)
    }
}

/// What goes wrong, and where.
final class BedFault: Sendable {
    enum Place: Sendable, Hashable, CaseIterable { case keys, index }

    private let errors = Mutex<[Place: any Error]>([:])
    func set(_ error: any Error, at place: Place) { self.errors.withLock { $0[place] = error } }
    func strike(at place: Place) throws {
        if let error = self.errors.withLock({ $0[place] }) { throw error }
    }
}

extension SigningCredentials {
    static let administrator = Self.made("ADMIN")

    /// Some user's.
    static func made(_ name: String) -> Self {
        let suffix = name + String(repeating: "X", count: 16 - name.count)
        return Self(accessKeyID: "AKIA\(suffix)", secretAccessKey: SecretAccessKey("secret-of-\(suffix)"))
    }
}

/// A path with everything encoded that has a meaning.
func path(_ bucket: String, _ key: String) -> String {
    "/\(bucket)/" + String(decoding: URIEncoding.encode(key.utf8, keepingSlashes: true), as: UTF8.self)
}

func encoded(_ text: String) -> String {
    String(decoding: URIEncoding.encode(text.utf8, keepingSlashes: false), as: UTF8.self)
}
