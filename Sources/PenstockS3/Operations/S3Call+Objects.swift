// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdCore
import NIOCore
import PenstockAccess
import PenstockArtifacts
import PenstockHTTP
import PenstockModel

extension S3Call {
    // MARK: Reading

    /// GetObject and HeadObject: the server leaves the body of the latter out.
    func getObject() async throws -> Response {
        let found = try await self.store.object(try self.readable(try self.object()), as: self.storeCaller)
        let row = found.row
        var fields = ObjectHeaders.response(row.details)
        fields[.eTag] = "\"\(row.etag)\""
        fields[.lastModified] = HTTPDateCache.text(row.lastModified)
        fields[.acceptRanges] = "bytes"
        if found.versioning != .off { fields[.xAmzVersionID] = row.versionID.rawValue }
        switch Preconditions(self.headers).evaluate(etag: row.etag, lastModified: row.lastModified) {
        case .proceed: break
        case .notModified: return Response(status: .notModified, headers: fields)
        case .failed: throw S3Error.preconditionFailed
        }
        self.override(&fields)
        let range = try self.range(of: row, &fields)
        if range == nil, self.headers[.xAmzChecksumMode]?.uppercased() == "ENABLED" {
            Self.set(row.details.checksum, on: &fields)
        }
        let size = range.map { $0.upperBound - $0.lowerBound } ?? row.sizeBytes
        fields[.contentLength] = String(size)
        let status: HTTPResponse.Status = range == nil ? .ok : .partialContent
        guard self.request.method != .head else { return Response(status: status, headers: fields) }
        let content = try await self.store.body(of: row, range: range)
        let body = ResponseBody(contentLength: Int(size)) { writer in
            for try await chunk in content { try await writer.write(chunk) }
            try await writer.finish(nil)
        }
        return Response(status: status, headers: fields, body: body)
    }

    /// The range or part that the request asks for; `nil` for the whole object.
    private func range(of row: ObjectVersionRow, _ fields: inout HTTPFields) throws -> Range<Int64>? {
        let range: Range<Int64>
        if let text = self.query["partNumber"] {
            var start: Int64 = 0
            guard let number = Int(text), number >= 1,
                let index = row.details.parts.indices.first(where: { index in
                    row.details.isMultipart ? row.details.parts[index].number == number : index == number - 1
                })
            else { throw S3Error("InvalidPartNumber", 416, "The requested partnumber is not satisfiable") }
            for part in row.details.parts[..<index] { start += part.sizeBytes }
            range = start..<start + row.details.parts[index].sizeBytes
            if row.details.isMultipart { fields[.xAmzPartsCount] = String(row.details.parts.count) }
            guard !range.isEmpty else { return nil }
        } else if let header = self.headers[.range], let asked = ByteRange(header) {
            guard let resolved = asked.resolved(sizeBytes: row.sizeBytes) else {
                throw S3Error(
                    "InvalidRange", 416, "The requested range is not satisfiable",
                    details: [
                        KeyedValue("RangeRequested", header), KeyedValue("ActualObjectSize", String(row.sizeBytes)),
                    ],
                    headers: [.contentRange: "bytes */\(row.sizeBytes)"]
                )
            }
            range = resolved
        } else {
            return nil
        }
        fields[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(row.sizeBytes)"
        return range
    }

    /// `response-content-type` and its like, which presigned URLs use.
    private func override(_ fields: inout HTTPFields) {
        let names: [HTTPField.Name] = [
            .cacheControl, .contentDisposition, .contentEncoding, .contentLanguage, .contentType, .expires,
        ]
        for name in names {
            // A value that could not stand in a header is not one.
            if let value = self.query["response-\(name.canonicalName)"], HTTPField.isValidValue(value) {
                fields[name] = value
            }
        }
    }

    func getObjectAttributes() async throws -> Response {
        let found = try await self.store.object(try self.readable(try self.object()), as: self.storeCaller)
        let row = found.row
        let asked = self.headers[values: .xAmzObjectAttributes].flatMap { $0.split(separator: ",") }.map {
            unquoted($0)
        }
        guard !asked.isEmpty else {
            throw S3Error.invalidRequest("The x-amz-object-attributes header specifying the attributes is missing.")
        }
        var fields: HTTPFields = [.lastModified: HTTPDateCache.text(row.lastModified)]
        if found.versioning != .off { fields[.xAmzVersionID] = row.versionID.rawValue }
        return self.document("GetObjectAttributesResponse", headers: fields) { xml in
            if asked.contains("ETag") { xml.element("ETag", row.etag) }
            if asked.contains("Checksum"), let checksum = row.details.checksum {
                xml.element("Checksum") { $0.checksum(checksum) }
            }
            if asked.contains("ObjectParts"), row.details.isMultipart {
                xml.element("ObjectParts") { $0.element("PartsCount", row.details.parts.count) }
            }
            if asked.contains("StorageClass") { xml.element("StorageClass", "STANDARD") }
            if asked.contains("ObjectSize") { xml.element("ObjectSize", row.sizeBytes) }
        }
    }

    // MARK: Writing

    func putObject() async throws -> Response {
        let asked = self.headers[.s3("x-amz-sdk-checksum-algorithm")].flatMap(ObjectChecksum.Algorithm.init(rawValue:))
        let body = try VerifiedBody(self.request, self.caller.verified, computing: asked)
        guard body.sizeBytes <= ArtifactStore.maximumPutSizeBytes else {
            throw ArtifactError(.tooLarge, "Your proposed upload exceeds the maximum allowed object size.")
        }
        let details = try ObjectHeaders.details(self.headers)
        let written = try await self.store.put(
            try self.object(), details: details, conditions: try WriteConditions(self.headers),
            expecting: ExpectedContent(md5: body.md5, hash: body.sha256), as: self.storeCaller
        ) { writer in
            try await body.read { try await writer.write($0) }
        }
        var fields = self.headers(of: written)
        fields.append(contentsOf: ObjectHeaders.encryption(details))
        return Response(status: .ok, headers: fields)
    }

    func copyObject() async throws -> Response {
        let source = try self.copySource()
        let target = try self.object()
        let replaces = self.headers[.xAmzMetadataDirective]?.uppercased() == "REPLACE"
        let details = try ObjectHeaders.details(self.headers)
        let isSame = source.bucket == target.bucket && source.key == target.key && source.versionID == nil
        guard replaces || !isSame || !ObjectHeaders.encryption(details).isEmpty else {
            throw S3Error.invalidRequest(
                "This copy request is illegal because it is trying to copy an object to itself without changing the "
                    + "object's metadata, storage class, website redirect location or encryption attributes."
            )
        }
        let preconditions = Preconditions(self.headers, prefix: "x-amz-copy-source-")
        let (original, copy) = try await self.store.copy(
            source, to: target, conditions: try WriteConditions(self.headers), as: self.storeCaller,
            check: { row in
                guard preconditions.evaluate(etag: row.etag, lastModified: row.lastModified) == .proceed else {
                    throw S3Error.preconditionFailed
                }
            },
            details: { replaces ? details : $0 }
        )
        var fields = self.headers(of: copy)
        fields[.eTag] = nil
        if original.versioning != .off { fields[.xAmzCopySourceVersionID] = original.row.versionID.rawValue }
        return self.document("CopyObjectResult", headers: fields) { xml in
            xml.element("LastModified", HTTPDate.document(copy.lastModified))
            xml.element("ETag", "\"\(copy.etag)\"")
            xml.checksum(copy.checksum)
        }
    }

    /// The object that `x-amz-copy-source` names, if the caller may read it.
    func copySource() throws -> ObjectName {
        let header = self.headers[.xAmzCopySource] ?? ""
        let parts = header.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = parts.first.map(String.init) ?? ""
        let query = try S3Query(parts.count == 2 ? String(parts[1]) : nil)
        let address = try S3Address(path: path.hasPrefix("/") ? path : "/\(path)", host: "", virtualHosts: [])
        guard let bucket = address.bucket, let key = address.key else {
            throw S3Error.invalidArgument(
                "x-amz-copy-source", header,
                "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"
            )
        }
        let version = try query.identifier("versionId").map { VersionID($0) }
        let name = ObjectName(bucket: bucket, key: key, versionID: version)
        try self.authorize(version == nil ? "s3:GetObject" : "s3:GetObjectVersion", on: name)
        return try self.readable(name)
    }

    // MARK: Deleting

    func deleteObject() async throws -> Response {
        let object = try self.object()
        try self.refuseConditionsOfDirectories()
        let deletion = Deletion(object.key, object.versionID, conditions: try WriteConditions(self.headers))
        let deleted = try await self.store.delete([deletion], in: object.bucket, as: self.storeCaller)
        if let refusal = deleted.first?.refusal { throw refusal }
        var fields = HTTPFields()
        fields[.xAmzVersionID] = deleted.first?.versionID?.rawValue
        if deleted.first?.isDeleteMarker == true { fields[.xAmzDeleteMarker] = "true" }
        return Response(status: .noContent, headers: fields)
    }

    /// Conditions that S3 has for directory buckets alone.
    private func refuseConditionsOfDirectories() throws {
        for name in ["x-amz-if-match-last-modified-time", "x-amz-if-match-size"] where self.headers.contains(.s3(name))
        {
            throw S3Error.notImplemented(name)
        }
    }

    func deleteObjects() async throws -> Response {
        let bucket = try self.bucket()
        guard self.caller.jobGrant == nil else { throw S3Error.accessDenied }
        let body = try VerifiedBody(self.request, self.caller.verified)
        let root = try XMLElement(document: try await body.document())
        let names = try root.all("Object").map { item in
            guard let key = item["Key"]?.text, !key.isEmpty else { throw S3Error.malformedXML }
            for name in ["LastModifiedTime", "Size"] where item[name] != nil {
                throw S3Error.notImplemented("\(name) as a condition of a deletion")
            }
            return Deletion(
                ObjectKey(key), item["VersionId"].map { VersionID($0.text) },
                conditions: WriteConditions(ifMatch: item["ETag"].map { unquoted($0.text) })
            )
        }
        guard root.name == "Delete", 1...S3Limits.deletedKeys ~= names.count else { throw S3Error.malformedXML }
        var (allowed, refused): ([Deletion], [(ObjectKey, S3Error)]) = ([], [])
        var denials: [S3Denial] = []
        for name in names {
            do {
                let permission = S3Operation.deleteObjects.permission(hasVersion: name.versionID != nil)
                try self.authorize(permission, on: ObjectName(bucket: bucket, key: name.key))
                allowed.append(name)
            } catch {
                refused.append((name.key, S3Error(refusal: error) ?? .accessDenied))
                denials.append(self.denial(error, bucket: bucket, key: name.key))
            }
        }
        if !denials.isEmpty { try await self.recordDenials(denials) }
        let deleted = try await self.store.delete(allowed, in: bucket, as: self.storeCaller)
        for (name, result) in zip(allowed, deleted) {
            if let refusal = result.refusal.flatMap({ S3Error(refusal: $0) }) { refused.append((name.key, refusal)) }
        }
        let isQuiet = root["Quiet"]?.text == "true"
        return self.document("DeleteResult") { xml in
            for (name, result) in zip(allowed, deleted) where !isQuiet && result.refusal == nil {
                xml.element("Deleted") { xml in
                    xml.element("Key", name.key.description)
                    xml.element("VersionId", name.versionID?.rawValue)
                    guard result.isDeleteMarker else { return }
                    xml.element("DeleteMarker", true)
                    xml.element("DeleteMarkerVersionId", result.versionID?.rawValue)
                }
            }
            for (key, error) in refused {
                xml.element("Error") { xml in
                    xml.element("Key", key.description)
                    xml.element("Code", error.code)
                    xml.element("Message", error.message)
                }
            }
        }
    }
}
