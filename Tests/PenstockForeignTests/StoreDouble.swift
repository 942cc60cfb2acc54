// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation
import LoopbackHTTP
import Synchronization

/// A request as the double got it.
struct StoreRequest: Sendable {
    var method: String
    /// Bucket and key, decoded.
    var path: String
    /// Names and values, decoded.
    var query: [String: String]
    var headers: [String: String]
    var body: [UInt8]

    init(_ request: LoopbackRequest) {
        self.method = request.method
        let components = URLComponents(string: request.target)
        self.path = components?.path ?? request.target
        let items = (components?.queryItems ?? []).map { ($0.name, $0.value ?? "") }
        self.query = Dictionary(items) { $0 + ", " + $1 }
        self.headers = request.headers
        self.body = request.body
    }
}

/// What goes wrong with one request.
enum StoreFault: Sendable {
    case refusal(status: Int, code: String)
    /// Done, and never answered.
    case silence
    /// The answer ends after so many bytes of its body.
    case cut(after: Int)
    /// The first byte of the body is another one.
    case damage
    /// A header of the answer is another one.
    case header(String, String)
}

/// An S3-compatible store on a loopback address: one bucket, in memory, with faults as the test wants them.
///
/// It compares what it gets with what the request says of it, as stores do. Who signs is looked at, not the signature.
final class StoreDouble: Sendable {
    struct Answer {
        var status = 200
        var headers: [(String, String)] = []
        var body: [UInt8] = []

        static func error(_ status: Int, _ code: String) -> Self {
            Self(status: status, body: Array("<?xml version=\"1.0\"?>\n<Error><Code>\(code)</Code></Error>".utf8))
        }
    }

    struct State {
        var objects: [String: [UInt8]] = [:]
        /// Of each upload the key and the parts.
        var uploads: [String: (path: String, parts: [Int: [UInt8]])] = [:]
        var requests: [StoreRequest] = []
        var acceptedKey = StoreDouble.accessKeyID
        var fault: @Sendable (StoreRequest, _ number: Int) -> StoreFault? = { _, _ in nil }
    }

    static let bucket = "artifacts"
    static let accessKeyID = "AKIADOUBLE"
    /// When everything was written.
    static let time = "2026-05-04T03:02:01.000Z"
    static let secondsSinceEpoch: Int64 = 1_777_863_721

    let state = Mutex(State())

    /// Keys and contents of all objects.
    var objects: [String: [UInt8]] { self.state.withLock { $0.objects } }
    var requests: [StoreRequest] { self.state.withLock { $0.requests } }

    /// Decides on a fault for each request; requests are counted from 1, from now on.
    func fail(_ fault: @escaping @Sendable (StoreRequest, _ number: Int) -> StoreFault?) {
        self.state.withLock { state in
            state.requests = []
            state.fault = fault
        }
    }

    /// Runs the body with a store that listens on the port it is given.
    static func run(_ body: (StoreDouble, _ port: Int) async throws -> Void) async throws {
        let double = StoreDouble()
        let server = LoopbackServer { request in
            let (answer, fault) = double.state.withLock { Self.answer(StoreRequest(request), &$0) }
            return Self.spoiled(answer, fault)
        }
        try await server.run { port in try await body(double, port) }
    }

    private static func spoiled(_ answer: Answer, _ fault: StoreFault?) -> LoopbackAnswer? {
        var sent = LoopbackAnswer(status: answer.status, headers: answer.headers, body: answer.body)
        switch fault {
        case .silence: return nil
        case .cut(let count): sent.cutAfter = count
        case .damage where !sent.body.isEmpty: sent.body[0] ^= 1
        case .header(let name, let value):
            sent.headers.removeAll { $0.0.lowercased() == name.lowercased() }
            sent.headers.append((name, value))
        case .damage, .refusal, nil: break
        }
        return sent
    }

    private static func answer(_ request: StoreRequest, _ state: inout State) -> (Answer, StoreFault?) {
        state.requests.append(request)
        let fault = state.fault(request, state.requests.count)
        if case .refusal(let status, let code) = fault { return (.error(status, code), fault) }
        guard request.headers["authorization"]?.contains("Credential=\(state.acceptedKey)/") == true else {
            return (.error(403, "InvalidAccessKeyId"), fault)
        }
        let hash = Array(SHA256.hash(data: request.body))
        let hex = hash.map { String(format: "%02x", $0) }.joined()
        guard request.headers["x-amz-content-sha256"] == hex else {
            return (.error(400, "XAmzContentSHA256Mismatch"), fault)
        }
        let md5 = Data(Insecure.MD5.hash(data: request.body)).base64EncodedString()
        let checksum = Data(hash).base64EncodedString()
        guard request.headers["content-md5"] ?? md5 == md5,
            request.headers["x-amz-checksum-sha256"] ?? checksum == checksum
        else { return (.error(400, "BadDigest"), fault) }
        guard request.path == "/\(Self.bucket)" || request.path.hasPrefix("/\(Self.bucket)/") else {
            return (.error(404, "NoSuchBucket"), fault)
        }
        if request.query["list-type"] != nil { return (Self.listing(request, state), fault) }
        let key = String(request.path.dropFirst(Self.bucket.count + 2))
        if request.query["uploads"] != nil || request.query["uploadId"] != nil {
            return (self.upload(request, key, &state), fault)
        }
        return (self.object(request, key, checksum, &state), fault)
    }

    private static func object(
        _ request: StoreRequest, _ key: String, _ checksum: String, _ state: inout State
    ) -> Answer {
        switch request.method {
        case "PUT":
            if let source = request.headers["x-amz-copy-source"]?.removingPercentEncoding {
                guard let copied = state.objects[String(source.dropFirst(Self.bucket.count + 1))] else {
                    return .error(404, "NoSuchKey")
                }
                state.objects[key] = copied
                return Answer(body: Array("<CopyObjectResult><ETag>tag</ETag></CopyObjectResult>".utf8))
            }
            state.objects[key] = request.body
            return Answer(headers: [("ETag", "\"tag\""), ("x-amz-checksum-sha256", checksum)])
        case "DELETE":
            state.objects[key] = nil
            return Answer(status: 204)
        default:
            guard let object = state.objects[key] else { return .error(404, "NoSuchKey") }
            guard let range = request.headers["range"] else { return Answer(headers: [("ETag", "tag")], body: object) }
            let ends = range.dropFirst("bytes=".count).split(separator: "-").compactMap { Int($0) }
            guard ends.count == 2, ends[0] <= ends[1], ends[1] < object.count else {
                return .error(416, "InvalidRange")
            }
            return Answer(
                status: 206, headers: [("Content-Range", "bytes \(ends[0])-\(ends[1])/\(object.count)")],
                body: Array(object[ends[0]...ends[1]]))
        }
    }

    /// One entry a page: keys beneath the prefix, or what they begin with up to the delimiter.
    private static func listing(_ request: StoreRequest, _ state: State) -> Answer {
        let (prefix, delimiter) = (request.query["prefix"] ?? "", request.query["delimiter"])
        let entries = state.objects.keys.filter { $0.hasPrefix(prefix) }.map { key -> String in
            let rest = key.dropFirst(prefix.count)
            guard let delimiter, let end = rest.firstRange(of: delimiter) else {
                return "<Key>\(key)</Key><LastModified>\(Self.time)</LastModified>"
            }
            return "<Prefix>\(prefix)\(rest[..<end.upperBound])</Prefix>"
        }
        let rest = Set(entries).sorted().filter { $0 > request.query["continuation-token"] ?? "" }
        let next =
            rest.count > 1
            ? "<IsTruncated>true</IsTruncated><NextContinuationToken>\(Self.escaped(rest[0]))</NextContinuationToken>"
            : "<IsTruncated>false</IsTruncated>"
        return Answer(body: Array("<R><Prefix>\(prefix)</Prefix>\(rest.first ?? "")\(next)</R>".utf8))
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    private static func upload(_ request: StoreRequest, _ key: String, _ state: inout State) -> Answer {
        switch (request.method, request.query["uploadId"]) {
        case ("POST", nil):
            let id = "upload & \(state.requests.count)"
            state.uploads[id] = (key, [:])
            let escaped = id.replacing("&", with: "&amp;")
            return Answer(body: Array("<R><Key>k</Key><UploadId>\(escaped)</UploadId></R>".utf8))
        case ("GET", nil):
            let ids = state.uploads.filter { $0.value.path.hasPrefix(request.query["prefix"] ?? "") }.keys.sorted()
            let entries = ids.map { id in
                let key = state.uploads[id]?.path ?? ""
                return "<Upload><Key>\(key)</Key><UploadId>\(Self.escaped(id))</UploadId>"
                    + "<Initiated>\(Self.time)</Initiated></Upload>"
            }
            return Answer(body: Array("<R><UploadIdMarker/>\(entries.joined())</R>".utf8))
        case ("PUT", let id?):
            guard state.uploads[id] != nil, let number = request.query["partNumber"].flatMap({ Int($0) }) else {
                return .error(404, "NoSuchUpload")
            }
            if let source = request.headers["x-amz-copy-source"]?.removingPercentEncoding {
                let copied = state.objects[String(source.dropFirst(Self.bucket.count + 1))] ?? []
                let ends = request.headers["x-amz-copy-source-range"]?.dropFirst("bytes=".count).split(separator: "-")
                    .compactMap { Int($0) }
                state.uploads[id]?.parts[number] = ends.map { Array(copied[$0[0]...$0[1]]) } ?? copied
                return Answer(body: Array("<CopyPartResult><ETag>part \(number)</ETag></CopyPartResult>".utf8))
            }
            state.uploads[id]?.parts[number] = request.body
            return Answer(headers: [("ETag", "\"part \(number)\"")])
        case ("POST", let id?):
            guard let upload = state.uploads[id] else { return .error(404, "NoSuchUpload") }
            let named = String(decoding: request.body, as: UTF8.self).split(separator: "<PartNumber>").dropFirst()
            let numbers = named.compactMap { Int($0.prefix { $0.isNumber }) }
            state.objects[key] = numbers.flatMap { upload.parts[$0] ?? [] }
            state.uploads[id] = nil
            return Answer(body: Array("<R><ETag>tag</ETag></R>".utf8))
        case (_, let id):
            state.uploads[id ?? ""] = nil
            return Answer(status: 204)
        }
    }
}
