// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdCore
import NIOCore
import PenstockArtifacts
import PenstockHTTP
import PenstockModel
import PenstockSigning

extension S3Call {
    func createMultipartUpload() async throws -> Response {
        let object = try self.object()
        var details = try ObjectHeaders.details(self.headers)
        details.checksum = try self.announcedChecksum()
        let id = try await self.store.createUpload(object, details: details, as: self.storeCaller)
        var fields = ObjectHeaders.encryption(details)
        fields[.xAmzChecksumAlgorithm] = details.checksum?.algorithm.rawValue
        fields[.xAmzChecksumType] = details.checksum?.coverage.rawValue
        return self.document("InitiateMultipartUploadResult", headers: fields) { xml in
            xml.element("Bucket", object.bucket)
            xml.element("Key", object.key.description)
            xml.element("UploadId", id)
        }
    }

    /// The checksum that the object shall have: its algorithm and coverage.
    private func announcedChecksum() throws -> ObjectChecksum? {
        guard let name = self.headers[.xAmzChecksumAlgorithm] else { return nil }
        guard let algorithm = ObjectChecksum.Algorithm(rawValue: name.uppercased()) else {
            throw S3Error.invalidRequest("Checksum algorithm provided is unsupported.")
        }
        var coverage = algorithm.defaultCoverage
        if let text = self.headers[.xAmzChecksumType] {
            guard let asked = ObjectChecksum.Coverage(rawValue: text.uppercased()), algorithm.supports(asked) else {
                throw S3Error.invalidRequest(
                    "The \(text) checksum type cannot be used with the \(algorithm.rawValue) checksum algorithm."
                )
            }
            coverage = asked
        }
        return ObjectChecksum(algorithm: algorithm, value: "", coverage: coverage)
    }

    private func partNumber() throws -> Int {
        guard let text = self.query["partNumber"], let number = Int(text) else {
            throw S3Error.invalidArgument(
                "partNumber", self.query["partNumber"] ?? "", "Part number must be an integer")
        }
        return number
    }

    func uploadPart() async throws -> Response {
        let (name, number) = (try self.upload(), try self.partNumber())
        let upload = try await self.store.upload(name, as: self.storeCaller)
        let body = try VerifiedBody(
            self.request, self.caller.verified, computing: upload.details.checksum?.algorithm
        )
        guard body.sizeBytes <= ArtifactStore.maximumPutSizeBytes else {
            throw ArtifactError(.tooLarge, "Your proposed upload exceeds the maximum allowed size of a part.")
        }
        let row = try await self.store.putPart(
            number, of: name, expecting: ExpectedContent(md5: body.md5, hash: body.sha256), as: self.storeCaller
        ) { writer in
            let checksum = try await body.read { try await writer.write($0) }
            try Self.check(checksum, against: upload)
            return checksum
        }
        var fields = ObjectHeaders.encryption(upload.details)
        fields[.eTag] = "\"\(row.etag)\""
        if let checksum = row.checksum { fields[.s3(checksum.algorithm.computed.headerName)] = checksum.value }
        return Response(status: .ok, headers: fields)
    }

    private static func check(_ checksum: ObjectChecksum?, against upload: UploadRow) throws {
        guard let expected = upload.details.checksum?.algorithm, let actual = checksum?.algorithm else { return }
        guard expected == actual else {
            throw S3Error.invalidRequest(
                "Checksum Type mismatch occurred, expected checksum Type: \(expected.rawValue.lowercased()), actual "
                    + "checksum Type: \(actual.rawValue.lowercased())"
            )
        }
    }

    func uploadPartCopy() async throws -> Response {
        let (name, number) = (try self.upload(), try self.partNumber())
        let source = try await self.store.object(try self.copySource(), as: self.storeCaller)
        let row = source.row
        let preconditions = Preconditions(self.headers, prefix: "x-amz-copy-source-")
        guard preconditions.evaluate(etag: row.etag, lastModified: row.lastModified) == .proceed else {
            throw S3Error.preconditionFailed
        }
        var range = 0..<row.sizeBytes
        if let header = self.headers[.xAmzCopySourceRange] {
            guard case .from(let first, let last?)? = ByteRange(header), last < row.sizeBytes else {
                throw S3Error.invalidArgument(
                    "x-amz-copy-source-range", header,
                    "The x-amz-copy-source-range value must be of the form "
                        + "bytes=first-last where first and last are the zero-based offsets of the first and last bytes "
                        + "to copy"
                )
            }
            range = first..<last + 1
        }
        let upload = try await self.store.upload(name, as: self.storeCaller)
        let content = try await self.store.body(of: row, range: range)
        let part = try await self.store.putPart(number, of: name, as: self.storeCaller) { writer in
            var checksum = upload.details.checksum.map { Checksum($0.algorithm.computed) }
            for try await chunk in content {
                chunk.withUnsafeReadableBytes { checksum?.update($0) }
                try await writer.write(chunk)
            }
            guard let algorithm = upload.details.checksum?.algorithm, let checksum else { return nil }
            return ObjectChecksum(algorithm: algorithm, value: checksum.base64)
        }
        var fields = HTTPFields()
        if source.versioning != .off { fields[.xAmzCopySourceVersionID] = row.versionID.rawValue }
        return self.document("CopyPartResult", headers: fields) { xml in
            xml.element("LastModified", HTTPDate.document(part.lastModified))
            xml.element("ETag", "\"\(part.etag)\"")
            if let checksum = part.checksum { xml.element("Checksum\(checksum.algorithm.rawValue)", checksum.value) }
        }
    }

    func completeMultipartUpload() async throws -> Response {
        let name = try self.upload()
        let body = try VerifiedBody(self.request, self.caller.verified, checksumIsOfBody: false)
        let root = try XMLElement(document: try await body.document())
        guard root.name == "CompleteMultipartUpload" || root.name == "CompletedMultipartUpload" else {
            throw S3Error.malformedXML
        }
        let parts = try root.all("Part").map { part in
            guard let number = part["PartNumber"].flatMap({ Int($0.text) }), let etag = part["ETag"] else {
                throw S3Error.malformedXML
            }
            let checksum = part.children.first { $0.name.hasPrefix("Checksum") }?.text
            return CompletedPart(number: number, etag: unquoted(etag.text), checksum: checksum)
        }
        guard parts.count <= ArtifactStore.maximumPartNumber else { throw S3Error.malformedXML }
        let announced = ObjectChecksum.Algorithm.allCases.compactMap { algorithm in
            self.headers[.s3(algorithm.computed.headerName)].map { (algorithm, $0) }
        }.first
        let size = self.headers[.xAmzMultipartObjectSize].flatMap { Int64($0) }
        let written = try await self.store.completeUpload(
            name, parts: parts, conditions: try WriteConditions(self.headers), as: self.storeCaller
        ) { upload, parts in
            if let size, size != parts.reduce(0, { $0 + $1.sizeBytes }) {
                throw S3Error.invalidRequest("The x-amz-mp-object-size header does not match the size of the parts.")
            }
            guard let wanted = upload.details.checksum else { return nil }
            let checksum = ObjectChecksum.combining(parts, wanted.algorithm, wanted.coverage)
            if let (algorithm, value) = announced, algorithm == wanted.algorithm, checksum?.value != value {
                throw S3Error(
                    "BadDigest", 400, "The \(algorithm.rawValue) you specified did not match the calculated checksum."
                )
            }
            return checksum
        }
        var fields = HTTPFields()
        fields[.xAmzVersionID] = written.versionID?.rawValue
        return self.document("CompleteMultipartUploadResult", headers: fields) { xml in
            xml.element("Location", "/\(name.bucket)/\(PercentEncoding.encode(name.key.bytes))")
            xml.element("Bucket", name.bucket)
            xml.element("Key", name.key.description)
            xml.element("ETag", "\"\(written.etag)\"")
            xml.checksum(written.checksum)
        }
    }

    func abortMultipartUpload() async throws -> Response {
        try await self.store.abortUpload(try self.upload(), as: self.storeCaller)
        return Response(status: .noContent)
    }

    func listParts() async throws -> Response {
        let name = try self.upload()
        let marker = self.query["part-number-marker"].flatMap { Int($0) } ?? 0
        let limit = self.query["max-parts"].flatMap { Int($0) } ?? ArtifactStore.maximumPageSize
        let (upload, parts, isTruncated) = try await self.store.parts(
            of: name, after: marker, limit: limit, as: self.storeCaller
        )
        return self.document("ListPartsResult") { xml in
            xml.element("Bucket", name.bucket)
            xml.element("Key", name.key.description)
            xml.element("UploadId", name.uploadID)
            self.owner("Initiator", &xml)
            self.owner("Owner", &xml)
            xml.element("StorageClass", "STANDARD")
            xml.element("PartNumberMarker", marker)
            xml.element("NextPartNumberMarker", parts.last?.number ?? 0)
            xml.element("MaxParts", min(limit, ArtifactStore.maximumPageSize))
            xml.element("IsTruncated", isTruncated)
            xml.element("ChecksumAlgorithm", upload.details.checksum?.algorithm.rawValue)
            xml.element("ChecksumType", upload.details.checksum?.coverage.rawValue)
            for part in parts {
                xml.element("Part") { xml in
                    xml.element("PartNumber", part.number)
                    xml.element("LastModified", HTTPDate.document(part.lastModified))
                    xml.element("ETag", "\"\(part.etag)\"")
                    xml.element("Size", part.sizeBytes)
                    if let checksum = part.checksum {
                        xml.element("Checksum\(checksum.algorithm.rawValue)", checksum.value)
                    }
                }
            }
        }
    }
}
