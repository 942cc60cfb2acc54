// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HummingbirdCore
import PenstockArtifacts
import PenstockHTTP
import PenstockModel

extension S3Call {
    /// What all listings have in their queries.
    private struct Parameters {
        var query: ListingQuery
        var encodes: Bool

        /// Keys that XML cannot carry are carried encoded, for clients that ask.
        func show(_ key: ObjectKey) -> String {
            self.encodes ? PercentEncoding.encode(key.bytes) : key.description
        }

        func show(_ name: String, _ text: String?, _ xml: inout XMLWriter) {
            if let text { xml.element(name, self.show(ObjectKey(text))) }
        }
    }

    private func parameters(limit name: String) throws -> Parameters {
        var limit = ArtifactStore.maximumPageSize
        if let text = self.query[name] {
            guard let number = Int(text), number >= 0 else {
                throw S3Error.invalidArgument(name, text, "Provided \(name) not an integer or within integer range")
            }
            limit = number
        }
        let encoding = self.query["encoding-type"]
        guard encoding == nil || encoding?.lowercased() == "url" else {
            throw S3Error.invalidArgument(
                "encoding-type", encoding ?? "", "Invalid Encoding Method specified in Request")
        }
        let query = ListingQuery(
            prefix: ObjectKey(self.query["prefix"] ?? ""), delimiter: ObjectKey(self.query["delimiter"] ?? ""),
            limit: limit
        )
        return Parameters(query: query, encodes: encoding != nil)
    }

    /// An absent marker and an empty one are the same.
    private func marker(_ name: String) -> ObjectKey? {
        self.query[name].flatMap { $0.isEmpty ? nil : ObjectKey($0) }
    }

    func listObjects(isV2: Bool) async throws -> Response {
        let bucket = try self.bucket()
        let parameters = try self.parameters(limit: "max-keys")
        var after = self.marker(isV2 ? "start-after" : "marker")
        let token = isV2 ? self.query["continuation-token"] : nil
        if let token {
            guard let bytes = Data(base64Encoded: token), !bytes.isEmpty else {
                throw S3Error.invalidArgument(
                    "continuation-token", token, "The continuation token provided is incorrect")
            }
            after = ObjectKey(bytes: bytes)
        }
        let page = try await self.store.objects(in: bucket, parameters.query, after: after, as: self.storeCaller)
        let showsOwner = !isV2 || self.query["fetch-owner"] == "true"
        return self.document("ListBucketResult") { xml in
            self.head(bucket, parameters, isTruncated: page.isTruncated, &xml)
            if isV2 {
                xml.element("KeyCount", page.rows.count + page.commonPrefixes.count)
                xml.element("ContinuationToken", token)
                parameters.show("StartAfter", self.query["start-after"], &xml)
                if page.isTruncated, let last = page.last {
                    xml.element("NextContinuationToken", Data(last.bytes).base64EncodedString())
                }
            } else {
                parameters.show("Marker", self.query["marker"] ?? "", &xml)
                if page.isTruncated, let last = page.last { xml.element("NextMarker", parameters.show(last)) }
            }
            for row in page.rows {
                xml.element("Contents") { xml in
                    self.object(row, parameters, &xml)
                    if showsOwner { self.owner("Owner", &xml) }
                }
            }
            self.commonPrefixes(page.commonPrefixes, parameters, &xml)
        }
    }

    func listObjectVersions() async throws -> Response {
        let bucket = try self.bucket()
        let parameters = try self.parameters(limit: "max-keys")
        let version = try self.query.identifier("version-id-marker").flatMap { $0.isEmpty ? nil : VersionID($0) }
        let page = try await self.store.versions(
            in: bucket, parameters.query, after: self.marker("key-marker"), version: version, as: self.storeCaller
        )
        return self.document("ListVersionsResult") { xml in
            self.head(bucket, parameters, isTruncated: page.isTruncated, &xml)
            parameters.show("KeyMarker", self.query["key-marker"] ?? "", &xml)
            xml.element("VersionIdMarker", self.query["version-id-marker"] ?? "")
            if page.isTruncated, let last = page.last {
                xml.element("NextKeyMarker", parameters.show(last))
                if let row = page.rows.last, row.key == last {
                    xml.element("NextVersionIdMarker", row.versionID.rawValue)
                }
            }
            for row in page.rows {
                xml.element(row.isDeleteMarker ? "DeleteMarker" : "Version") { xml in
                    self.object(row, parameters, &xml)
                    xml.element("VersionId", row.versionID.rawValue)
                    xml.element("IsLatest", row.isLatest)
                    self.owner("Owner", &xml)
                }
            }
            self.commonPrefixes(page.commonPrefixes, parameters, &xml)
        }
    }

    func listMultipartUploads() async throws -> Response {
        let bucket = try self.bucket()
        let parameters = try self.parameters(limit: "max-uploads")
        let upload = try self.query.identifier("upload-id-marker").flatMap { $0.isEmpty ? nil : $0 }
        let page = try await self.store.uploads(
            in: bucket, parameters.query, after: self.marker("key-marker"), upload: upload, as: self.storeCaller
        )
        return self.document("ListMultipartUploadsResult") { xml in
            xml.element("Bucket", bucket)
            parameters.show("Prefix", self.query["prefix"] ?? "", &xml)
            parameters.show("Delimiter", self.query["delimiter"], &xml)
            parameters.show("KeyMarker", self.query["key-marker"] ?? "", &xml)
            xml.element("UploadIdMarker", upload ?? "")
            xml.element("MaxUploads", parameters.query.limit)
            if parameters.encodes { xml.element("EncodingType", "url") }
            xml.element("IsTruncated", page.isTruncated)
            if page.isTruncated, let last = page.last {
                xml.element("NextKeyMarker", parameters.show(last))
                if let row = page.rows.last, row.key == last { xml.element("NextUploadIdMarker", row.uploadID) }
            }
            for row in page.rows {
                xml.element("Upload") { xml in
                    xml.element("Key", parameters.show(row.key))
                    xml.element("UploadId", row.uploadID)
                    self.owner("Initiator", &xml)
                    self.owner("Owner", &xml)
                    xml.element("StorageClass", "STANDARD")
                    xml.element("Initiated", HTTPDate.document(row.initiated))
                }
            }
            self.commonPrefixes(page.commonPrefixes, parameters, &xml)
        }
    }

    private func head(
        _ bucket: String, _ parameters: Parameters, isTruncated: Bool, _ xml: inout XMLWriter
    ) {
        xml.element("Name", bucket)
        parameters.show("Prefix", self.query["prefix"] ?? "", &xml)
        parameters.show("Delimiter", self.query["delimiter"], &xml)
        xml.element("MaxKeys", parameters.query.limit)
        if parameters.encodes { xml.element("EncodingType", "url") }
        xml.element("IsTruncated", isTruncated)
    }

    private func object(_ row: ObjectVersionRow, _ parameters: Parameters, _ xml: inout XMLWriter) {
        xml.element("Key", parameters.show(row.key))
        xml.element("LastModified", HTTPDate.document(row.lastModified))
        guard !row.isDeleteMarker else { return }
        xml.element("ETag", "\"\(row.etag)\"")
        if let checksum = row.details.checksum {
            xml.element("ChecksumAlgorithm", checksum.algorithm.rawValue)
            xml.element("ChecksumType", checksum.coverage.rawValue)
        }
        xml.element("Size", row.sizeBytes)
        xml.element("StorageClass", "STANDARD")
    }

    private func commonPrefixes(_ prefixes: [ObjectKey], _ parameters: Parameters, _ xml: inout XMLWriter) {
        for prefix in prefixes {
            xml.element("CommonPrefixes") { $0.element("Prefix", parameters.show(prefix)) }
        }
    }
}
