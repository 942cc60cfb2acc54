// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PenstockSigning

@testable import PenstockS3

/// A body, and how its client vouches for it.
enum Payload {
    /// With its hash in the signature.
    case bytes([UInt8])
    /// Not covered by the signature.
    case unsigned([UInt8])
    /// With somebody else's hash in the signature.
    case hashed(as: [UInt8], [UInt8])
    case chunked(Chunked)

    /// A body in `aws-chunked` framing.
    struct Chunked {
        var form: PayloadDeclaration
        var pieces: [[UInt8]]
        var trailers: [AWSChunkedDecoder.TrailerField] = []
        /// What the header says instead of the true length.
        var announcedLength: Int?
        /// Done to the framed bytes under way.
        var tampering: ([UInt8]) -> [UInt8] = { $0 }
    }

    static func text(_ text: String) -> Self { .bytes(Array(text.utf8)) }

    var declaration: PayloadDeclaration {
        switch self {
        case .bytes(let bytes): .sha256(PayloadHash(of: bytes))
        case .unsigned: .unsigned
        case .hashed(let other, _): .sha256(PayloadHash(of: other))
        case .chunked(let body): body.form
        }
    }

    /// Sets the headers that go with the framing.
    func announce(in headers: inout HTTPFields) {
        guard case .chunked(let body) = self else {
            headers[.contentLength] = String(self.framed(nil).count)
            return
        }
        headers[.contentEncoding] = "aws-chunked"
        let length = body.announcedLength ?? body.pieces.reduce(0) { $0 + $1.count }
        headers[.xAmzDecodedContentLength] = String(length)
        if !body.trailers.isEmpty { headers[.xAmzTrailer] = body.trailers.map(\.name).joined(separator: ",") }
    }

    /// The bytes that are sent.
    func framed(_ context: ChunkSigningContext?) -> [UInt8] {
        switch self {
        case .bytes(let bytes), .unsigned(let bytes), .hashed(_, let bytes): bytes
        case .chunked(let body): body.tampering(body.framed(context))
        }
    }
}

extension Payload.Chunked {
    fileprivate func framed(_ context: ChunkSigningContext?) -> [UInt8] {
        guard let context, self.form != .streamingUnsignedTrailer else {
            let chunks = (self.pieces + [[]]).map { piece in
                Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + (piece.isEmpty ? [] : Array("\r\n".utf8))
            }
            let trailer = self.trailers.map { "\($0.name):\($0.value)\r\n" }.joined() + "\r\n"
            return chunks.flatMap { $0 } + Array(trailer.utf8)
        }
        var encoder = AWSChunkedEncoder(context, withTrailer: self.form == .streamingSignedTrailer)
        return self.pieces.flatMap { encoder.encode($0) } + encoder.finish(trailers: self.trailers)
    }
}
