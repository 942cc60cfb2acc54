// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PenstockArtifacts
import PenstockModel

/// What a write says of the object besides its content.
enum ObjectHeaders {
    private static let kept = ObjectDetails.contentHeaders.map { HTTPField.Name.s3($0) }

    /// Accepted and given back, so that clients which insist on encryption get along; content lies in the store as it
    /// is, and protecting the disk is the operator's task.
    private static let encryption: [HTTPField.Name] = [
        .s3("x-amz-server-side-encryption"), .s3("x-amz-server-side-encryption-aws-kms-key-id"),
        .s3("x-amz-server-side-encryption-bucket-key-enabled"),
    ]

    private static let metadataPrefix = "x-amz-meta-"

    /// Source: Amazon S3 API Reference, PutObject: what an object without a type is.
    static let defaultContentType = "binary/octet-stream"

    /// The headers and metadata to keep with an object.
    ///
    /// - Throws: ``S3Error`` for what would have to be honoured and is not.
    static func details(_ headers: HTTPFields) throws -> ObjectDetails {
        try self.refuseUnsupported(headers)
        var details = ObjectDetails()
        for name in self.kept {
            guard let value = name == .contentEncoding ? self.contentEncoding(headers) : headers[name] else { continue }
            details.headers.append(KeyedValue(name.canonicalName, value))
        }
        details.headers += self.encryption.compactMap { name in
            headers[name].map { KeyedValue(name.canonicalName, $0) }
        }
        details.metadata = try self.metadata(headers)
        return details
    }

    /// Without `aws-chunked`, which is of the transfer and not of the object.
    private static func contentEncoding(_ headers: HTTPFields) -> String? {
        let codings = (headers[.contentEncoding] ?? "").split(separator: ",").map { unquoted($0) }
        let kept = codings.filter { $0.lowercased() != "aws-chunked" && !$0.isEmpty }
        return kept.isEmpty ? nil : kept.joined(separator: ",")
    }

    private static func metadata(_ headers: HTTPFields) throws -> [KeyedValue] {
        var values: [String: [String]] = [:]
        for field in headers where field.name.canonicalName.hasPrefix(self.metadataPrefix) {
            values[String(field.name.canonicalName.dropFirst(self.metadataPrefix.count)), default: []].append(
                field.value)
        }
        let metadata = values.map { KeyedValue($0.key, $0.value.joined(separator: ",")) }.sorted { $0.key < $1.key }
        let size = metadata.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        guard size <= S3Limits.metadataBytes else {
            throw S3Error(
                "MetadataTooLarge", 400, "Your metadata headers exceed the maximum allowed metadata size",
                details: [KeyedValue("Size", "\(size)"), KeyedValue("MaxSizeAllowed", "\(S3Limits.metadataBytes)")]
            )
        }
        return metadata
    }

    /// Throws for headers that would have to be honoured and are not.
    static func refuseUnsupported(_ headers: HTTPFields) throws {
        if let acl = headers[.xAmzACL], !["private", "bucket-owner-full-control", "bucket-owner-read"].contains(acl) {
            throw S3Error("AccessControlListNotSupported", 400, "The bucket does not allow ACLs")
        }
        for field in headers {
            let name = field.name.canonicalName
            let isRefused =
                name.hasPrefix("x-amz-grant-") || name.hasPrefix("x-amz-object-lock-")
                || name.hasPrefix("x-amz-server-side-encryption-customer-") || name == "x-amz-tagging"
                || name == "x-amz-website-redirect-location" || name == "x-amz-write-offset-bytes"
            if isRefused { throw S3Error.notImplemented(name) }
        }
        if let storageClass = headers[.s3("x-amz-storage-class")], storageClass != "STANDARD" {
            throw S3Error("InvalidStorageClass", 400, "The storage class you specified is not valid")
        }
    }

    /// The headers of a response about an object.
    static func response(_ details: ObjectDetails) -> HTTPFields {
        var fields = HTTPFields()
        for header in details.headers {
            if let name = HTTPField.Name(header.key) { fields[name] = header.value }
        }
        if fields[.contentType] == nil { fields[.contentType] = self.defaultContentType }
        for item in details.metadata {
            if let name = HTTPField.Name(self.metadataPrefix + item.key) { fields[name] = item.value }
        }
        return fields
    }

    /// Of those, what the response to a write repeats.
    static func encryption(_ details: ObjectDetails) -> HTTPFields {
        var fields = HTTPFields()
        for name in self.encryption { fields[name] = details.headers[key: name.canonicalName] }
        return fields
    }
}
