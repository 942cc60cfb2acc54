// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import PenstockSigning
import Testing

struct AWSChunkedTests {
    /// A body in its frames, with all that is needed to take them off again.
    struct Framed: Sendable {
        var request: VerifiedRequest
        var payload: [UInt8]
        var bytes: [UInt8]
        var trailers: [String] = []

        func decoder(decodedLength: Int? = nil) -> AWSChunkedDecoder? {
            AWSChunkedDecoder(
                self.request, decodedLength: Int64(decodedLength ?? self.payload.count),
                declaredTrailers: self.trailers)
        }

        /// Decodes pieces of a body; nothing where there is no decoder for it.
        func decode(
            _ pieces: [[UInt8]], decodedLength: Int? = nil
        ) -> Result<([UInt8], [AWSChunkedDecoder.TrailerField]), ChunkedBodyError> {
            guard var decoder = self.decoder(decodedLength: decodedLength) else { return .failure(.malformed) }
            var payload: [UInt8] = []
            do {
                for piece in pieces { payload += try decoder.consume(piece) }
                return .success((payload, try decoder.finish()))
            } catch {
                return .failure(error)
            }
        }

        func error(_ bytes: [UInt8], decodedLength: Int? = nil) -> ChunkedBodyError? {
            switch self.decode([bytes], decodedLength: decodedLength) {
            case .success: nil
            case .failure(let error): error
            }
        }
    }

    enum Framing: CaseIterable, Sendable {
        case signed, signedTrailer, unsignedTrailer

        var payload: PayloadDeclaration {
            switch self {
            case .signed: .streamingSigned
            case .signedTrailer: .streamingSignedTrailer
            case .unsignedTrailer: .streamingUnsignedTrailer
            }
        }
    }

    private static let checksumField = AWSChunkedDecoder.TrailerField(name: "x-amz-checksum-crc32", value: "y/Q5Jg==")

    static func framed(_ framing: Framing, chunks: [String] = ["hello, ", "w", "orld and all"]) throws -> Framed {
        var request = SignableRequest(method: "PUT", path: "/b/k", host: "localhost")
        let start = Signer(credentials: exampleCredentials, region: "eu-west-1", service: "s3")
            .sign(&request, at: noon, payload: framing.payload)
        let verified = try verify(request, body: nil, policy: .s3())
        var bytes: [UInt8] = []
        switch framing {
        case .signed, .signedTrailer:
            var encoder = AWSChunkedEncoder(start, withTrailer: framing == .signedTrailer)
            for chunk in chunks { bytes += encoder.encode(Array(chunk.utf8)) }
            bytes += encoder.finish(trailers: framing == .signedTrailer ? [Self.checksumField] : [])
        case .unsignedTrailer:
            for chunk in chunks { bytes += Array("\(String(chunk.utf8.count, radix: 16))\r\n\(chunk)\r\n".utf8) }
            bytes += Array("0\r\n\(Self.checksumField.name): \(Self.checksumField.value) \r\n\r\n".utf8)
        }
        return Framed(
            request: verified, payload: Array(chunks.joined().utf8), bytes: bytes,
            trailers: framing == .signed ? [] : [Self.checksumField.name])
    }

    // MARK: What is accepted

    @Test(arguments: Framing.allCases)
    func `Payload and trailer come out, however the body is sliced`(framing: Framing) throws {
        let body = try Self.framed(framing)
        let expected = framing == .signed ? [] : [Self.checksumField]
        for size in 1...body.bytes.count {
            let pieces = stride(from: 0, to: body.bytes.count, by: size).map {
                Array(body.bytes[$0..<min($0 + size, body.bytes.count)])
            }
            let (payload, trailers) = try body.decode(pieces).get()
            #expect(payload == body.payload)
            #expect(trailers == expected)
        }
    }

    @Test func `Each pair of cuts through a small body gives the same`() throws {
        let body = try Self.framed(.unsignedTrailer, chunks: ["ab", "c"])
        for first in 0...body.bytes.count {
            for second in first...body.bytes.count {
                let pieces = [body.bytes[..<first], body.bytes[first..<second], body.bytes[second...]].map(Array.init)
                let (payload, _) = try body.decode(pieces).get()
                if payload != body.payload { Issue.record("cut at \(first) and \(second)") }
            }
        }
    }

    @Test func `An empty body is its last chunk alone`() throws {
        for framing in Framing.allCases {
            let body = try Self.framed(framing, chunks: [])
            #expect(try body.decode([body.bytes]).get().0 == [])
        }
    }

    @Test func `Payload is handed out before its chunk has ended`() throws {
        let body = try Self.framed(.signed, chunks: [String(repeating: "x", count: 100_000)])
        var decoder = try #require(body.decoder())
        #expect(try decoder.consume(Array(body.bytes.prefix(50_000))).count > 49_000)
        #expect(throws: ChunkedBodyError.incomplete) { try decoder.finish() }
    }

    @Test func `A whole payload has no chunks to decode`() throws {
        let request = try verify(signedS3Request(), body: nil, policy: .s3())
        #expect(AWSChunkedDecoder(request, decodedLength: 0, declaredTrailers: []) == nil)
    }

    // MARK: What is refused

    @Test(arguments: [Framing.signed, .signedTrailer])
    func `Every change of a byte in a signed body is refused`(framing: Framing) throws {
        let body = try Self.framed(framing, chunks: ["hello, ", "world and all the rest of it"])
        var generator = SeededGenerator(seed: 3)
        for index in body.bytes.indices {
            var changed = body.bytes
            changed[index] = changed[index] ^ UInt8.random(in: 1...255, using: &generator)
            let before = String(decoding: body.bytes[index...index], as: UTF8.self)
            let after = String(decoding: changed[index...index], as: UTF8.self)
            // Sizes are numbers in either case, and so are the trailer's names.
            guard before.lowercased() != after.lowercased() else { continue }
            #expect(body.error(changed) != nil, "\(before) at \(index) as \(after) was accepted")
        }
    }

    @Test(arguments: Framing.allCases)
    func `A body that is cut anywhere, or goes on, is refused`(framing: Framing) throws {
        let body = try Self.framed(framing)
        for count in 0..<body.bytes.count {
            #expect(body.error(Array(body.bytes.prefix(count))) == .incomplete)
        }
        #expect(body.error(body.bytes + [0]) == .tooLong)
    }

    @Test(arguments: Framing.allCases)
    func `The payload must have the declared length`(framing: Framing) throws {
        let body = try Self.framed(framing)
        #expect(body.error(body.bytes, decodedLength: body.payload.count - 1) == .tooLong)
        #expect(body.error(body.bytes, decodedLength: body.payload.count + 1) == .incomplete)
        #expect(ChunkedBodyError.incomplete.s3Fault.code == "IncompleteBody")
    }

    @Test func `Chunks that change places or come twice break the chain`() throws {
        let body = try Self.framed(.signed, chunks: ["same", "same", "last"])
        let frame = body.bytes.firstRange(of: Array("same\r\n".utf8))?.upperBound ?? 0
        let parts = [body.bytes[..<frame], body.bytes[frame..<2 * frame], body.bytes[(2 * frame)...]]
        #expect(body.error([parts[1], parts[0], parts[2]].flatMap(Array.init)) == .signatureMismatch)
        #expect(body.error([parts[0], parts[0], parts[2]].flatMap(Array.init)) == .signatureMismatch)
        #expect(ChunkedBodyError.signatureMismatch.s3Fault.code == "SignatureDoesNotMatch")
    }

    @Test func `A chain that starts at another request is refused`() throws {
        let body = try Self.framed(.signed)
        var request = SignableRequest(method: "PUT", path: "/b/other", host: "localhost")
        Signer(credentials: exampleCredentials, region: "eu-west-1", service: "s3")
            .sign(&request, at: noon, payload: .streamingSigned)
        var other = body
        other.request = try verify(request, body: nil, policy: .s3())
        #expect(other.error(body.bytes) == .signatureMismatch)
    }

    @Test(arguments: [
        ("5\r\nhello\r\n0\r\n\r\n", ChunkedBodyError.malformedTrailer),
        ("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:a\r\nx-amz-checksum-crc32:a\r\n\r\n", .malformedTrailer),
        ("5\r\nhello\r\n0\r\nx-amz-checksum-sha1:a\r\n\r\n", .malformedTrailer),
        ("5\r\nhello\r\n0\r\nno colon\r\n\r\n", .malformedTrailer),
        ("5\r\nhello\r\n0\r\nx-amz-trailer-signature:00\r\n\r\n", .malformedTrailer),
        ("5;chunk-signature=00\r\nhello\r\n", .malformed), ("5\nhello", .malformed), ("\r\n", .malformed),
        ("g\r\n", .malformed), ("-5\r\n", .malformed), ("5\r\nhello!!", .malformed),
        ("fffffffffffffff\r\n", .tooLong), ("0000000000000005\r\n", .malformed), ("6\r\n", .tooLong),
        ("4\r\nhell\r\n0\r\n", .incomplete),
    ])
    func `Frames that no client writes are refused`(text: String, expected: ChunkedBodyError) throws {
        let body = try Self.framed(.unsignedTrailer, chunks: ["hello"])
        #expect(body.error(Array(text.utf8)) == expected)
    }

    @Test func `Lines and trailers are bounded`() throws {
        let body = try Self.framed(.unsignedTrailer, chunks: ["hello"])
        #expect(body.error(Array(String(repeating: "0", count: 10_000).utf8)) == .lineTooLong)
        let field = "x-amz-checksum-crc32:" + String(repeating: "a", count: 10_000)
        #expect(body.error(Array("5\r\nhello\r\n0\r\n\(field)".utf8)) == .lineTooLong)
    }

    @Test func `After an error nothing more is taken`() throws {
        let body = try Self.framed(.signed)
        var decoder = try #require(body.decoder())
        #expect(throws: ChunkedBodyError.malformed) { try decoder.consume(Array("?\r\n".utf8)) }
        #expect(throws: ChunkedBodyError.malformed) { try decoder.consume(body.bytes) }
        #expect(throws: ChunkedBodyError.malformed) { try decoder.finish() }
    }

    // MARK: Published examples

    private static let published = SigningCredentials(
        accessKeyID: "AKIAIOSFODNN7EXAMPLE",
        secretAccessKey: SecretAccessKey("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"))

    @Test(arguments: [
        (
            false, "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
            [
                "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
                "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
                "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
            ]
        ),
        (
            true, "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
            [
                "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
                "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
                "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
                "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435",
            ]
        ),
    ])
    func `The chain of signatures in S3's published examples comes out`(
        hasTrailer: Bool, seed: String, chain: [String]
    ) throws {
        let time = try #require(SigningTime(basicFormat: "20130524T000000Z"))
        var request = SignableRequest(
            method: "PUT", path: "/examplebucket/chunkObject.txt", host: "s3.amazonaws.com",
            headers: [
                name("x-amz-storage-class"): "REDUCED_REDUNDANCY", name("Content-Encoding"): "aws-chunked",
                .xAmzDecodedContentLength: "66560",
            ])
        if hasTrailer {
            request.headers[.xAmzTrailer] = "x-amz-checksum-crc32c"
        } else {
            request.headers[name("Content-Length")] = "66824"
        }
        let start = Signer(credentials: Self.published, region: "us-east-1", service: "s3")
            .sign(&request, at: time, payload: hasTrailer ? .streamingSignedTrailer : .streamingSigned)
        #expect(request.headers[.authorization]?.hasSuffix("Signature=\(seed)") == true)

        let payload = [UInt8](repeating: UInt8(ascii: "a"), count: 66_560)
        var checksum = Checksum(.crc32c)
        checksum.update(payload)
        let fields = [AWSChunkedDecoder.TrailerField(name: "x-amz-checksum-crc32c", value: checksum.base64)]
        var encoder = AWSChunkedEncoder(start, withTrailer: hasTrailer)
        let bytes =
            encoder.encode(Array(payload.prefix(65_536))) + encoder.encode(Array(payload.suffix(1024)))
            + encoder.finish(trailers: hasTrailer ? fields : [])
        let text = String(decoding: bytes, as: UTF8.self)
        for signature in chain { #expect(text.contains(signature)) }

        let verified = try verify(
            request, body: nil, key: .active(Self.published.secretAccessKey), at: time, policy: .s3())
        let body = Framed(
            request: verified, payload: payload, bytes: bytes,
            trailers: hasTrailer ? ["x-amz-checksum-crc32c"] : [])
        #expect(try body.decode([bytes]).get().0 == payload)
        if !hasTrailer { #expect(bytes.count == 66_824) }
    }
}
