// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto

/// Why an `aws-chunked` body is refused.
package enum ChunkedBodyError: Error, Sendable, Hashable {
    /// A chunk's header, its line end or a trailer line cannot be read.
    case malformed
    /// A line is longer than any honest one.
    case lineTooLong
    /// A chunk's or the trailer's signature is wrong.
    case signatureMismatch
    /// The trailer lacks a field that was announced, or has one that was not, or has one twice.
    case malformedTrailer
    /// The body ended too early, or its length is not the declared one.
    case incomplete
    /// The body is longer than declared, or goes on after its end.
    case tooLong

    /// The error as S3 tells it.
    ///
    /// Source: Amazon S3 API Reference, Error responses.
    package var s3Fault: AuthenticationFault {
        switch self {
        case .signatureMismatch: AuthenticationError.signatureMismatch.s3Fault
        case .incomplete, .tooLong:
            .init(
                "IncompleteBody", 400,
                "The request body terminated unexpectedly or is not as long as x-amz-decoded-content-length says")
        case .malformedTrailer:
            .init(
                "MalformedTrailerError", 400,
                "The request contained trailing data that was not well-formed or did not conform to our published "
                    + "schema.")
        case .malformed, .lineTooLong:
            .init("InvalidRequest", 400, "The aws-chunked encoding of the request body is malformed.")
        }
    }
}

/// Takes the framing off an `aws-chunked` body while it arrives, in pieces of any size, and checks its signatures.
///
/// The payload is handed out before the signature that covers it is known, so that a chunk of any size needs no buffer.
/// Whoever stores it must therefore commit only after ``finish()`` has returned; an error at any point means that what
/// was handed out since the last good signature may be anybody's.
///
/// States: header ▸ data ▸ data end ▸ header … ▸ trailer ▸ done, and failed from each.
package struct AWSChunkedDecoder: Sendable {
    /// A field of the trailer, its name in lower case and its value trimmed.
    package struct TrailerField: Sendable, Hashable {
        /// Such as `x-amz-checksum-crc32c`.
        package var name: String

        /// Such as a checksum in base64.
        package var value: String

        /// Makes a field; an encoder expects its name in lower case.
        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    private enum State: Sendable {
        /// Gathering a chunk's header line.
        case header
        /// So many bytes of the current chunk are still to come.
        case data(remaining: Int64)
        /// The line end after a chunk's data; how much of it has been seen.
        case dataEnd(seen: Int)
        /// Gathering trailer lines until an empty one.
        case trailer
        /// All has been read and checked.
        case done
        case failed(ChunkedBodyError)
    }

    private let context: ChunkSigningContext?
    private let expectsTrailer: Bool
    private let declaredTrailers: [String]
    private let decodedLength: Int64
    private var state = State.header
    private var line: [UInt8] = []
    private var trailerLength = 0
    private var received: Int64 = 0
    private var hasher = SHA256()
    private var previousSignature: [UInt8]
    private var chunkSignature: [UInt8] = []
    private var trailerSignature: [UInt8]?
    private var trailers: [TrailerField] = []

    /// Makes a decoder for the body of a verified request.
    ///
    /// - Parameters:
    ///   - decodedLength: The value of `x-amz-decoded-content-length`.
    ///   - declaredTrailers: The names in `x-amz-trailer`; exactly these must be in the trailer.
    /// - Returns: Nothing when the request's payload is not a streaming one.
    package init?(_ request: VerifiedRequest, decodedLength: Int64, declaredTrailers: [String]) {
        self.init(
            request.payload, context: request.chunkSigning, decodedLength: decodedLength,
            declaredTrailers: declaredTrailers)
    }

    init?(
        _ payload: PayloadDeclaration, context: ChunkSigningContext, decodedLength: Int64, declaredTrailers: [String]
    ) {
        switch payload {
        case .sha256, .unsigned: return nil
        case .streamingSigned: (self.context, self.expectsTrailer) = (context, false)
        case .streamingSignedTrailer: (self.context, self.expectsTrailer) = (context, true)
        case .streamingUnsignedTrailer: (self.context, self.expectsTrailer) = (nil, true)
        }
        self.decodedLength = decodedLength
        self.declaredTrailers = declaredTrailers.map { $0.lowercased() }
        self.previousSignature = context.seedSignature
    }

    /// The names in an `x-amz-trailer` header's value.
    package static func declaredTrailers(headerValue: String?) -> [String] {
        (headerValue ?? "").split(separator: ",").map { name in
            String(name.filter { $0 != " " && $0 != "\t" }).lowercased()
        }
    }

    /// Takes the next bytes of the body.
    ///
    /// - Returns: Where in `bytes` the payload lies: ranges of offsets, in order, none empty.
    /// - Throws: The first error, and the same again on each later call.
    package mutating func consume(
        _ bytes: UnsafeRawBufferPointer
    ) throws(ChunkedBodyError) -> [Range<Int>] {
        if case .failed(let error) = self.state { throw error }
        do throws(ChunkedBodyError) {
            return try self.advance(bytes)
        } catch {
            self.state = .failed(error)
            throw error
        }
    }

    /// Takes the next bytes of the body and returns the payload among them.
    package mutating func consume(_ bytes: [UInt8]) throws(ChunkedBodyError) -> [UInt8] {
        let ranges = try bytes.withUnsafeBufferPointer { buffer throws(ChunkedBodyError) in
            try self.consume(UnsafeRawBufferPointer(buffer))
        }
        return ranges.flatMap { bytes[$0] }
    }

    /// Tells that the body has ended.
    ///
    /// - Returns: The trailer's fields without its signature, in the order sent. Their checksums are the caller's to
    ///   compare, for it is the caller who has seen the payload.
    package mutating func finish() throws(ChunkedBodyError) -> [TrailerField] {
        switch self.state {
        case .done: return self.trailers
        case .failed(let error): throw error
        case .header, .data, .dataEnd, .trailer:
            self.state = .failed(.incomplete)
            throw .incomplete
        }
    }

    private mutating func advance(_ bytes: UnsafeRawBufferPointer) throws(ChunkedBodyError) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var index = 0
        while index < bytes.count {
            switch self.state {
            case .header:
                guard try self.gatherLine(bytes, &index) else { break }
                try self.startChunk()
            case .data(let remaining):
                let count = Int(min(remaining, Int64(bytes.count - index)))
                let range = index..<index + count
                if self.context != nil { self.hasher.update(bufferPointer: .init(rebasing: bytes[range])) }
                ranges.append(range)
                index += count
                self.state = remaining == Int64(count) ? .dataEnd(seen: 0) : .data(remaining: remaining - Int64(count))
            case .dataEnd(let seen):
                guard bytes[index] == lineEnd[seen] else { throw .malformed }
                index += 1
                if seen == 0 {
                    self.state = .dataEnd(seen: 1)
                } else {
                    try self.endChunk()
                    self.state = .header
                }
            case .trailer:
                guard try self.gatherLine(bytes, &index) else { break }
                try self.takeTrailerLine()
            case .done:
                throw .tooLong
            case .failed(let error):
                throw error
            }
        }
        return ranges
    }

    /// Moves bytes into the line until it is whole; its end is cut off.
    private mutating func gatherLine(
        _ bytes: UnsafeRawBufferPointer, _ index: inout Int
    ) throws(ChunkedBodyError) -> Bool {
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "\n") {
                guard self.line.last == UInt8(ascii: "\r") else { throw .malformed }
                self.line.removeLast()
                return true
            }
            guard self.line.count < SigningLimits.maximumChunkLineLength else { throw .lineTooLong }
            self.line.append(byte)
        }
        return false
    }

    /// Reads `size` or `size;chunk-signature=…`, and ends the body at size zero.
    private mutating func startChunk() throws(ChunkedBodyError) {
        defer { self.line.removeAll(keepingCapacity: true) }
        let parts = self.line.split(separator: UInt8(ascii: ";"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let size = Self.size(parts[0]) else { throw .malformed }
        if self.context != nil {
            let prefix = "chunk-signature=".utf8
            guard parts.count == 2, parts[1].starts(with: prefix) else { throw .malformed }
            self.chunkSignature = Array(parts[1].dropFirst(prefix.count))
        } else {
            guard parts.count == 1 else { throw .malformed }
        }
        guard size <= self.decodedLength - self.received else { throw .tooLong }
        self.received += size
        if size > 0 {
            self.state = .data(remaining: size)
            return
        }
        try self.endChunk()
        guard self.received == self.decodedLength else { throw .incomplete }
        self.state = .trailer
    }

    /// Checks the signature of the chunk whose data has been seen.
    private mutating func endChunk() throws(ChunkedBodyError) {
        guard let context = self.context else { return }
        let expected = context.chunkSignature(of: self.hasher.finalize(), after: self.previousSignature)
        guard isEqualInConstantTime(expected, self.chunkSignature) else { throw .signatureMismatch }
        self.previousSignature = expected
        self.hasher = SHA256()
    }

    /// Reads one line of the trailer; the empty one ends the body.
    private mutating func takeTrailerLine() throws(ChunkedBodyError) {
        defer { self.line.removeAll(keepingCapacity: true) }
        if self.line.isEmpty {
            try self.checkTrailer()
            self.state = .done
            return
        }
        self.trailerLength += self.line.count
        guard self.trailerLength <= SigningLimits.maximumTrailerLength else { throw .lineTooLong }
        guard self.expectsTrailer, self.trailers.count < SigningLimits.maximumTrailerFields,
            let colon = self.line.firstIndex(of: UInt8(ascii: ":")), colon > 0, self.trailerSignature == nil
        else { throw .malformedTrailer }
        let name = String(decoding: self.line[..<colon], as: UTF8.self).lowercased()
        var value = self.line[(colon + 1)...].drop(while: isBlank)
        while let last = value.last, isBlank(last) { value.removeLast() }
        if name == "x-amz-trailer-signature" {
            guard self.context != nil else { throw .malformedTrailer }
            self.trailerSignature = Array(value)
            return
        }
        guard self.declaredTrailers.contains(name), !self.trailers.contains(where: { $0.name == name }) else {
            throw .malformedTrailer
        }
        self.trailers.append(TrailerField(name: name, value: String(decoding: value, as: UTF8.self)))
    }

    /// Checks that the trailer is the one announced, and its signature.
    private func checkTrailer() throws(ChunkedBodyError) {
        guard self.expectsTrailer else { return }
        guard self.trailers.count == Set(self.declaredTrailers).count else { throw .malformedTrailer }
        guard let context = self.context else { return }
        guard let signature = self.trailerSignature else { throw .malformedTrailer }
        let expected = context.trailerSignature(
            of: Self.canonicalTrailer(self.trailers), after: self.previousSignature)
        guard isEqualInConstantTime(expected, signature) else { throw .signatureMismatch }
    }

    /// One `name:value` line for each field, in the order sent.
    static func canonicalTrailer(_ fields: [TrailerField]) -> [UInt8] {
        fields.flatMap { Array("\($0.name):\($0.value)\n".utf8) }
    }

    private static func size(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard (1...15).contains(digits.count) else { return nil }
        var size: Int64 = 0
        for digit in digits {
            guard let value = Hex.value(of: digit) else { return nil }
            size = size << 4 | Int64(value)
        }
        return size
    }
}

private let lineEnd = Array("\r\n".utf8)

private func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
}
