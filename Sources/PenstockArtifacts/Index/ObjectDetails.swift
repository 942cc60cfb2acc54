// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// A checksum that the client named or asked for, as the wire writes it.
package struct ObjectChecksum: Sendable, Hashable {
    /// Source: Amazon S3 API Reference, ChecksumAlgorithm.
    package enum Algorithm: String, Sendable, Hashable, CaseIterable, StateCodable {
        case crc32 = "CRC32"
        case crc32c = "CRC32C"
        case crc64nvme = "CRC64NVME"
        case sha1 = "SHA1"
        case sha256 = "SHA256"
    }

    /// Whether it covers the bytes, or the checksums of the parts.
    package enum Coverage: String, Sendable, Hashable, CaseIterable, StateCodable {
        case fullObject = "FULL_OBJECT"
        case composite = "COMPOSITE"
    }

    package var algorithm: Algorithm
    /// Base64; a composite one ends in a hyphen and the number of parts. Empty in an upload's details: still to come.
    package var value: String
    package var coverage: Coverage

    package init(algorithm: Algorithm, value: String, coverage: Coverage = .fullObject) {
        self.algorithm = algorithm
        self.value = value
        self.coverage = coverage
    }
}

/// A run of an object's bytes that lies in one blob: all of an object, or one part of a multipart upload.
package struct ObjectPart: Sendable, Hashable {
    /// The part's number in its upload; 1 for an object that was put whole.
    package var number: Int
    package var blob: BlobHash
    package var sizeBytes: Int64
    package var checksum: ObjectChecksum?

    package init(number: Int, blob: BlobHash, sizeBytes: Int64, checksum: ObjectChecksum? = nil) {
        self.number = number
        self.blob = blob
        self.sizeBytes = sizeBytes
        self.checksum = checksum
    }
}

/// What an object version has besides what listings sort and filter by.
package struct ObjectDetails: Sendable, Hashable {
    /// Those of the headers that say something of the content, and are not of this store alone.
    ///
    /// Source: Amazon S3 API Reference, PutObject.
    package static let contentHeaders = [
        "cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires",
    ]

    /// What the client wants to get back with the object, such as `content-type`; lower-case names, in order.
    package var headers: [KeyedValue]
    /// The `x-amz-meta-` headers without that prefix, lower case, in order.
    package var metadata: [KeyedValue]
    package var checksum: ObjectChecksum?
    /// The content, in order; empty on a delete marker and in an upload.
    package var parts: [ObjectPart]
    /// The object came from a multipart upload, so its parts can be asked for by number.
    package var isMultipart: Bool
    /// The upload that made this version, so that a completion which is repeated is recognized; `nil` of copies.
    package var uploadID: String?
    /// Whose session wrote it; `nil` when no job did.
    package var writer: JobWriteGrant?

    package init(
        headers: [KeyedValue] = [],
        metadata: [KeyedValue] = [],
        checksum: ObjectChecksum? = nil,
        parts: [ObjectPart] = [],
        isMultipart: Bool = false,
        uploadID: String? = nil,
        writer: JobWriteGrant? = nil
    ) {
        self.headers = headers
        self.metadata = metadata
        self.checksum = checksum
        self.parts = parts
        self.isMultipart = isMultipart
        self.uploadID = uploadID
        self.writer = writer
    }
}

// MARK: - The stored form

extension ObjectDetails {
    /// Every stored value starts with the number of the format that wrote it; all of them stay readable.
    private static let format: UInt64 = 1

    /// The bytes that databases keep.
    package func encoded() -> [UInt8] {
        var writer = StateWriter(capacity: 128)
        writer.write(Self.format)
        writer.write(self.headers)
        writer.write(self.metadata)
        writer.write(self.checksum)
        writer.write(self.parts)
        writer.write(self.isMultipart)
        writer.write(self.uploadID)
        writer.write(self.writer)
        return writer.bytes
    }

    /// - Throws: ``PenstockModel/StateDecodingError`` when the bytes are damaged or of a newer format.
    package init(decoding bytes: [UInt8]) throws(StateDecodingError) {
        var reader = StateReader(bytes)
        let format = try reader.readUInt64()
        guard format == Self.format else { throw StateDecodingError("object details of format \(format)") }
        self.headers = try reader.readArray()
        self.metadata = try reader.readArray()
        self.checksum = try reader.readOptional()
        self.parts = try reader.readArray()
        self.isMultipart = try reader.read()
        self.uploadID = try reader.readOptional()
        self.writer = try reader.readOptional()
    }
}

extension ObjectChecksum: StateCodable {
    package func encode(to writer: inout StateWriter) {
        writer.write(self.algorithm)
        writer.write(self.value)
        writer.write(self.coverage)
    }

    package init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(algorithm: try reader.read(), value: try reader.readString(), coverage: try reader.read())
    }

    /// The bytes that databases keep of a part's checksum.
    package func encoded() -> [UInt8] {
        var writer = StateWriter(capacity: 64)
        writer.write(self)
        return writer.bytes
    }

    /// - Throws: ``PenstockModel/StateDecodingError`` when the bytes are damaged.
    package init(decoding bytes: [UInt8]) throws(StateDecodingError) {
        var reader = StateReader(bytes)
        self = try reader.read()
    }
}

extension ObjectPart: StateCodable {
    package func encode(to writer: inout StateWriter) {
        writer.write(self.number)
        writer.write(self.blob)
        writer.write(self.sizeBytes)
        writer.write(self.checksum)
    }

    package init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(
            number: try reader.read(),
            blob: try reader.read(),
            sizeBytes: try reader.read(),
            checksum: try reader.readOptional()
        )
    }
}

extension JobWriteGrant: StateCodable {
    package func encode(to writer: inout StateWriter) {
        writer.write(self.jobID)
        writer.write(self.dispatch)
    }

    package init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(jobID: try reader.read(), dispatch: try reader.read())
    }
}
