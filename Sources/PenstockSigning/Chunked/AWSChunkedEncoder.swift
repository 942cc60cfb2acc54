// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto

/// Frames and signs a body as `aws-chunked`, for clients that sign what they have not seen the end of.
package struct AWSChunkedEncoder: Sendable {
    private let context: ChunkSigningContext
    private let trailer: Bool
    private var previousSignature: [UInt8]

    /// Makes an encoder for the body of a request that was signed as `.streamingSigned` or `.streamingSignedTrailer`.
    package init(_ context: ChunkSigningContext, withTrailer trailer: Bool = false) {
        self.context = context
        self.trailer = trailer
        self.previousSignature = context.seedSignature
    }

    /// The frame of one chunk, which must not be empty: an empty one ends the body.
    package mutating func encode(_ payload: [UInt8]) -> [UInt8] {
        precondition(!payload.isEmpty, "an empty chunk ends the body")
        return self.header(payload) + payload + lineEnd
    }

    /// The last chunk, and the trailer when there is one.
    package mutating func finish(trailers: [AWSChunkedDecoder.TrailerField] = []) -> [UInt8] {
        var bytes = self.header([])
        if self.trailer {
            for field in trailers { bytes += Array("\(field.name):\(field.value)\r\n".utf8) }
            let canonical = AWSChunkedDecoder.canonicalTrailer(trailers)
            let signature = self.context.trailerSignature(of: canonical, after: self.previousSignature)
            bytes += Array("x-amz-trailer-signature:".utf8) + signature + lineEnd
        }
        return bytes + lineEnd
    }

    private mutating func header(_ payload: [UInt8]) -> [UInt8] {
        let hash = SHA256.hash(data: payload)
        let signature = self.context.chunkSignature(of: hash, after: self.previousSignature)
        self.previousSignature = signature
        return Array("\(String(payload.count, radix: 16));chunk-signature=".utf8) + signature + lineEnd
    }
}

private let lineEnd = Array("\r\n".utf8)
