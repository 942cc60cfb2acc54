// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import PenstockSigning
import Testing

@Suite(
    .enabled(
        if: BotocorePeer.isAvailable,
        "botocore cannot be imported; PENSTOCK_PYTHON may name an interpreter that has it"))
struct BotocoreAgreementTests {
    @Test func `What botocore signs is accepted, its chunked bodies are decoded, and nothing else is`() throws {
        let requests = try BotocorePeer.generate(count: 3000, seed: 20_261_124)
        let cache = SigningKeyCache()
        var chunkedCount = 0
        for request in requests {
            let now = SigningTime(secondsSinceEpoch: request.time)
            let verified: VerifiedRequest
            do {
                verified = try verify(
                    request.head, body: request.payload == nil ? Array(request.body) : nil,
                    key: .active(request.credentials.secretAccessKey), at: now, policy: request.policy, cache: cache)
            } catch {
                Issue.record("\(error): \(request)")
                continue
            }
            #expect(verified.accessKeyID == request.access_key)

            let other = SecretAccessKey(request.secret_key + "x")
            #expect(
                refusal(
                    request.head, body: Array(request.body), key: .active(other), at: now, policy: request.policy)
                    == .signatureMismatch)

            guard let payload = request.payload else { continue }
            chunkedCount += 1
            let names = AWSChunkedDecoder.declaredTrailers(headerValue: request.head.headers[.xAmzTrailer])
            var decoder = try #require(
                AWSChunkedDecoder(verified, decodedLength: Int64(payload.count), declaredTrailers: names))
            let decoded = try decoder.consume(Array(request.body))
            #expect(decoded == Array(payload))
            let trailer = try #require(try decoder.finish().first)
            var checksum = Checksum(try #require(Checksum.Algorithm(headerName: trailer.name)))
            checksum.update(decoded)
            #expect(checksum.matches(base64: trailer.value))
        }
        #expect(requests.count == 3000)
        #expect(chunkedCount > 50)
    }

    @Test func `What we sign, botocore signs alike`() throws {
        var generator = SeededGenerator(seed: 7)
        let requests = (0..<3000).map { _ in Self.signedRequest(using: &generator) }
        let (agreed, disagreements) = try BotocorePeer.check(requests)
        #expect(disagreements == [])
        #expect(agreed == requests.count)
    }

    private static let characters = Array("abcXYZ019-_.~ +/:@!$&'()*,;=?#[]%\"<>\\^`{|}éßλ漢字🙂")

    private static func text(_ lengths: ClosedRange<Int>, using generator: inout SeededGenerator) -> String {
        String(
            (0..<Int.random(in: lengths, using: &generator)).map { _ in
                Self.characters[Int.random(in: 0..<Self.characters.count, using: &generator)]
            })
    }

    private static func encoded(_ text: String, keepingSlashes: Bool = false) -> String {
        String(decoding: URIEncoding.encode(text.utf8, keepingSlashes: keepingSlashes), as: UTF8.self)
    }

    private static func signedRequest(using generator: inout SeededGenerator) -> BotocorePeer.Request {
        let isS3 = Bool.random(using: &generator)
        let isPresigned = Int.random(in: 0..<3, using: &generator) == 0
        let secret = Self.text(20...40, using: &generator)
        let token = Bool.random(using: &generator) ? Self.encoded(Self.text(10...60, using: &generator)) : nil
        let time = SigningTime(secondsSinceEpoch: Int64.random(in: 0...4_000_000_000, using: &generator))
        let body = Data(Self.text(0...40, using: &generator).utf8)
        let methods = ["GET", "PUT", "POST", "DELETE", "HEAD"]
        var request = SignableRequest(
            method: methods[Int.random(in: 0..<methods.count, using: &generator)],
            path: "/" + Self.encoded(Self.text(0...20, using: &generator), keepingSlashes: true),
            host: ["localhost:7480", "s3.example.org"][Int.random(in: 0...1, using: &generator)])
        let items = (0..<Int.random(in: 0...4, using: &generator)).map { index in
            let name = Self.text(0...5, using: &generator) + "\(index)"
            return "\(Self.encoded(name))=\(Self.encoded(Self.text(0...8, using: &generator)))"
        }
        if !items.isEmpty { request.query = items.joined(separator: "&") }
        for index in 0..<Int.random(in: 0...4, using: &generator) {
            let values = ["plain", "two   spaces", "tab\t\tinside", "\"a  b\"", "x,y", "café", "0"]
            request.headers.append(
                HTTPField(
                    name: name("X-\(["Amz-Meta", "Other"][index % 2])-\(Int.random(in: 0...2, using: &generator))"),
                    value: values[Int.random(in: 0..<values.count, using: &generator)]))
        }
        if Bool.random(using: &generator) { request.headers[.userAgent] = "penstock" }

        let credentials = SigningCredentials(
            accessKeyID: "AKIDEXAMPLE", secretAccessKey: SecretAccessKey(secret), sessionToken: token)
        let signer = Signer(credentials: credentials, region: "eu-west-1", service: isS3 ? "s3" : "codepipeline")
        let hash = PayloadDeclaration.sha256(PayloadHash(of: body))
        if isPresigned {
            signer.presign(
                &request, at: time, expirySeconds: Int64.random(in: 1...604_800, using: &generator),
                payload: isS3 ? .unsigned : hash)
        } else {
            let isUnsigned = isS3 && Bool.random(using: &generator)
            signer.sign(&request, at: time, payload: isUnsigned ? .unsigned : hash)
        }
        return BotocorePeer.Request(
            form: isPresigned ? "query" : "header", service: signer.service, region: signer.region,
            access_key: credentials.accessKeyID, secret_key: secret, token: token, time: time.secondsSinceEpoch,
            method: request.method, target: request.target, host: request.host,
            headers: request.headers.map { [$0.name.rawName, $0.value] }, body: body, payload: nil)
    }
}
