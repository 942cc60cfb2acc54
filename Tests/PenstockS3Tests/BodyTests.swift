// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import PenstockArtifacts
import PenstockSigning
import Testing

@testable import PenstockS3

/// What a client vouches for in a body: hashes, chunk signatures, checksums.
@Suite(.onEachBlobStore) struct BodyTests {
    static let content = Array("The quick brown fox jumps over the lazy dog, again and again.".utf8)
    static let pieces = [Array(content.prefix(7)), Array(content.dropFirst(7).prefix(1)), Array(content.dropFirst(8))]

    static func checksum(_ algorithm: ObjectChecksum.Algorithm, of bytes: [UInt8] = content) -> String {
        Data(Checksum.value(of: bytes, by: algorithm.computed)).base64EncodedString()
    }

    private static func field(_ algorithm: ObjectChecksum.Algorithm) throws -> HTTPField.Name {
        try #require(HTTPField.Name(algorithm.computed.headerName))
    }

    private static func chunked(
        _ form: PayloadDeclaration, _ algorithm: ObjectChecksum.Algorithm? = nil, value: String? = nil
    ) -> Payload.Chunked {
        let trailers = algorithm.map { algorithm in
            let value = value ?? self.checksum(algorithm)
            return [AWSChunkedDecoder.TrailerField(name: algorithm.computed.headerName, value: value)]
        }
        return Payload.Chunked(form: form, pieces: self.pieces, trailers: trailers ?? [])
    }

    /// Nothing of a refused put is there: no object, no version, and nobody is told.
    private static func expectNothing(_ bed: Bed, _ location: SourceLocation = #_sourceLocation) async throws {
        #expect(try await bed.get("/bucket/k").refusal == "404 NoSuchKey", sourceLocation: location)
        #expect(try await bed.get("/bucket?versions").document["Version"] == nil, sourceLocation: location)
        #expect(bed.index.owedSourceEvents.isEmpty, sourceLocation: location)
    }

    @Test(
        arguments: ObjectChecksum.Algorithm.allCases,
        [
            PayloadDeclaration.streamingSignedTrailer, .streamingUnsignedTrailer,
        ])
    func `A checksum in the trailer is compared, kept and given back`(
        _ algorithm: ObjectChecksum.Algorithm, _ form: PayloadDeclaration
    ) async throws {
        let bed = try await Bed()
        let put = try await bed.send(.put, "/bucket/k", .chunked(Self.chunked(form, algorithm))).expect(.ok)
        #expect(put[algorithm.computed.headerName] == Self.checksum(algorithm))
        #expect(put["x-amz-checksum-type"] == "FULL_OBJECT")
        let plain = try await bed.get("/bucket/k").expect(.ok)
        #expect(plain.body == Self.content)
        #expect(plain["Content-Encoding"] == nil)
        #expect(plain[algorithm.computed.headerName] == nil)
        let asked = try await bed.get("/bucket/k", headers: [.xAmzChecksumMode: "ENABLED"])
        #expect(asked[algorithm.computed.headerName] == Self.checksum(algorithm))
    }

    @Test(
        arguments: ObjectChecksum.Algorithm.allCases,
        [
            PayloadDeclaration.streamingSignedTrailer, .streamingUnsignedTrailer,
        ])
    func `A wrong checksum in the trailer is refused and stores nothing`(
        _ algorithm: ObjectChecksum.Algorithm, _ form: PayloadDeclaration
    ) async throws {
        let bed = try await Bed()
        let wrong = Self.checksum(algorithm, of: [1, 2, 3])
        let answer = try await bed.send(.put, "/bucket/k", .chunked(Self.chunked(form, algorithm, value: wrong)))
        #expect(answer.refusal == "400 BadDigest")
        try await Self.expectNothing(bed)
    }

    @Test(arguments: ObjectChecksum.Algorithm.allCases)
    func `A checksum in a header is compared, kept and given back`(_ algorithm: ObjectChecksum.Algorithm) async throws {
        let bed = try await Bed()
        let field = try Self.field(algorithm)
        let wrong = Self.checksum(algorithm, of: [])
        let refused = try await bed.send(.put, "/bucket/k", .bytes(Self.content), headers: [field: wrong])
        #expect(refused.refusal == "400 BadDigest")
        let unreadable = try await bed.send(.put, "/bucket/k", .bytes(Self.content), headers: [field: "AA=="])
        #expect(unreadable.refusal == "400 InvalidRequest")
        try await Self.expectNothing(bed)
        let right = Self.checksum(algorithm)
        try await bed.send(.put, "/bucket/k", .bytes(Self.content), headers: [field: right]).expect(.ok)
        let got = try await bed.get("/bucket/k", headers: [.xAmzChecksumMode: "ENABLED"])
        #expect(got[algorithm.computed.headerName] == right)
    }

    @Test func `A streamed body with a checksum in its header needs no trailer`() async throws {
        let bed = try await Bed()
        let field = try Self.field(.crc32c)
        let body = Payload.chunked(Self.chunked(.streamingSigned))
        let wrong = try await bed.send(.put, "/bucket/k", body, headers: [field: Self.checksum(.crc32c, of: [])])
        #expect(wrong.refusal == "400 BadDigest")
        try await Self.expectNothing(bed)
        try await bed.send(.put, "/bucket/k", body, headers: [field: Self.checksum(.crc32c)]).expect(.ok)
        #expect(try await bed.get("/bucket/k").body == Self.content)
    }

    @Test func `Two checksums are one too many`() async throws {
        let bed = try await Bed()
        let headers: HTTPFields = [
            try Self.field(.crc32): Self.checksum(.crc32), try Self.field(.sha256): Self.checksum(.sha256),
        ]
        let answer = try await bed.send(.put, "/bucket/k", .bytes(Self.content), headers: headers)
        #expect(answer.refusal == "400 InvalidRequest")
        try await Self.expectNothing(bed)
    }

    @Test(arguments: [
        PayloadDeclaration.streamingSigned, .streamingSignedTrailer, .streamingUnsignedTrailer,
    ])
    func `A body that was changed under way is refused and stores nothing`(_ form: PayloadDeclaration) async throws {
        let bed = try await Bed()
        let algorithm: ObjectChecksum.Algorithm? = form == .streamingSigned ? nil : .crc32
        var body = Self.chunked(form, algorithm)
        body.tampering = { bytes in
            guard let position = bytes.firstRange(of: Array("lazy".utf8))?.lowerBound else { return bytes }
            var changed = bytes
            changed[position] = UInt8(ascii: "L")
            return changed
        }
        let answer = try await bed.send(.put, "/bucket/k", .chunked(body))
        #expect(answer.refusal == (form == .streamingUnsignedTrailer ? "400 BadDigest" : "403 SignatureDoesNotMatch"))
        try await Self.expectNothing(bed)
    }

    @Test func `A trailer that was changed under way is refused although its checksum is right`() async throws {
        let bed = try await Bed()
        var body = Self.chunked(.streamingSignedTrailer, .crc32, value: Self.checksum(.crc32, of: []))
        body.tampering = { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            return Array(text.replacing(Self.checksum(.crc32, of: []), with: Self.checksum(.crc32)).utf8)
        }
        #expect(try await bed.send(.put, "/bucket/k", .chunked(body)).refusal == "403 SignatureDoesNotMatch")
        try await Self.expectNothing(bed)
    }

    @Test(arguments: [
        PayloadDeclaration.streamingSigned, .streamingSignedTrailer, .streamingUnsignedTrailer,
    ])
    func `A body that ends early, late or not where it said is refused`(_ form: PayloadDeclaration) async throws {
        let bed = try await Bed()
        let whole = Self.chunked(form, form == .streamingSigned ? nil : .sha1)
        var cut = whole
        cut.tampering = { Array($0.dropLast(40)) }
        var long = whole
        long.tampering = { $0 + Array("more".utf8) }
        var short = whole
        short.announcedLength = Self.content.count + 1
        var tall = whole
        tall.announcedLength = Self.content.count - 1
        for body in [cut, long, short, tall] {
            let answer = try await bed.send(.put, "/bucket/k", .chunked(body))
            #expect(answer.status == .badRequest, "\(answer.text)")
        }
        try await Self.expectNothing(bed)
    }

    @Test func `A declared trailer that does not come is refused`() async throws {
        let bed = try await Bed()
        let body = Payload.chunked(Self.chunked(.streamingUnsignedTrailer))
        let answer = try await bed.send(.put, "/bucket/k", body, headers: [.xAmzTrailer: "x-amz-checksum-crc32"])
        #expect(answer.refusal == "400 MalformedTrailerError")
        try await Self.expectNothing(bed)
    }

    @Test func `A body that is not the one whose hash was signed is refused`() async throws {
        let bed = try await Bed()
        let answer = try await bed.send(.put, "/bucket/k", .hashed(as: [1], Self.content))
        #expect(answer.refusal == "400 XAmzContentSHA256Mismatch")
        try await Self.expectNothing(bed)
        let document = try await bed.send(.post, "/bucket?delete", .hashed(as: [1], Self.content))
        #expect(document.refusal == "400 XAmzContentSHA256Mismatch")
    }

    @Test func `A body may be left out of the signature`() async throws {
        let bed = try await Bed()
        try await bed.send(.put, "/bucket/k", .unsigned(Self.content)).expect(.ok)
        #expect(try await bed.get("/bucket/k").body == Self.content)
    }

    @Test func `Content-MD5 is compared`() async throws {
        let bed = try await Bed()
        let field = try #require(HTTPField.Name("Content-MD5"))
        let right = Data(Checksum.value(of: Self.content, by: .md5)).base64EncodedString()
        let wrong = Data(Checksum.value(of: [], by: .md5)).base64EncodedString()
        for (value, refusal) in [(wrong, "400 BadDigest"), ("AAAA", "400 InvalidDigest"), ("?", "400 InvalidDigest")] {
            let answer = try await bed.send(.put, "/bucket/k", .bytes(Self.content), headers: [field: value])
            #expect(answer.refusal == refusal)
        }
        try await Self.expectNothing(bed)
        try await bed.send(.put, "/bucket/k", .bytes(Self.content), headers: [field: right]).expect(.ok)
        let delete = Payload.text("<Delete><Object><Key>k</Key></Object></Delete>")
        #expect(try await bed.send(.post, "/bucket?delete", delete, headers: [field: right]).refusal == "400 BadDigest")
        try await bed.get("/bucket/k").expect(.ok)
    }

    @Test func `A put says how long it is, and not more than the most`() async throws {
        let bed = try await Bed()
        let limit = ArtifactStore.maximumPutSizeBytes
        var body = Self.chunked(.streamingSigned)
        body.announcedLength = Int(limit) + 1
        #expect(try await bed.send(.put, "/bucket/k", .chunked(body)).refusal == "400 EntityTooLarge")
        for length in ["-1", "x", "99999999999999999999"] {
            let headers: HTTPFields = [.xAmzDecodedContentLength: length]
            let framed = Payload.chunked(Self.chunked(.streamingSigned))
            // The bed announces the length itself, so the header is replaced after signing.
            let answer = try await bed.sendUnsignedHeaders(.put, "/bucket/k", framed, replacing: headers)
            #expect(answer.status.kind == .clientError)
        }
        try await Self.expectNothing(bed)
    }

    @Test(arguments: [("10", "400 IncompleteBody"), ("3", "400 IncompleteBody")])
    func `A body that is shorter or longer than its length is refused`(_ length: String, _ refusal: String) async throws
    {
        let bed = try await Bed()
        let headers: HTTPFields = [.contentLength: length]
        let answer = try await bed.sendUnsignedHeaders(.put, "/bucket/k", .unsigned([1, 2, 3, 4]), replacing: headers)
        #expect(answer.refusal == refusal)
        try await Self.expectNothing(bed)
    }

    @Test func `A large body in many chunks is what it was`() async throws {
        let bed = try await Bed()
        let content = (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        var pieces: [[UInt8]] = []
        var rest = content[...]
        while !rest.isEmpty {
            pieces.append(Array(rest.prefix(65_536)))
            rest = rest.dropFirst(65_536)
        }
        var body = Payload.Chunked(form: .streamingSignedTrailer, pieces: pieces)
        body.trailers = [.init(name: "x-amz-checksum-crc64nvme", value: Self.checksum(.crc64nvme, of: content))]
        try await bed.send(.put, "/bucket/k", .chunked(body)).expect(.ok)
        #expect(try await bed.get("/bucket/k").body == content)
    }
}

extension Bed {
    /// Signs the request, then replaces headers.
    fileprivate func sendUnsignedHeaders(
        _ method: HTTPRequest.Method, _ target: String, _ body: Payload, replacing headers: HTTPFields
    ) async throws -> Answer {
        let signer = Signer(credentials: .administrator, region: "us-east-1", service: "s3")
        var fields = HTTPFields()
        body.announce(in: &fields)
        for field in headers { fields[field.name] = field.value }
        var signable = SignableRequest(method: method.rawValue, target: target, host: Bed.host, headers: fields)
        let context = signer.sign(&signable, at: self.signingTime, payload: body.declaration)
        return try await self.deliver(method, target, signable.headers, body.framed(context))
    }
}
