// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes

/// The operations that this surface has, by their names in the S3 API.
package enum S3Operation: Sendable, Hashable {
    case listBuckets, createBucket, headBucket, deleteBucket, getBucketLocation
    case getBucketVersioning, putBucketVersioning
    case getBucketSetting(BucketSetting)
    case listObjects, listObjectsV2, listObjectVersions, listMultipartUploads, deleteObjects
    case getObject, headObject, putObject, copyObject, deleteObject, getObjectAttributes
    case getObjectAcl, getObjectTagging
    case createMultipartUpload, uploadPart, uploadPartCopy, completeMultipartUpload, abortMultipartUpload, listParts

    /// As the S3 API spells it.
    package var name: String {
        if case .getBucketSetting(let setting) = self { return setting.permission }
        let name = "\(self)"
        return name.prefix(1).uppercased() + name.dropFirst()
    }

    /// Tells an operation from what S3 tells it by: method, address, the names in the query, and one header.
    ///
    /// - Throws: ``S3Error`` with `NotImplemented` for operations of S3 that this surface does not have, with
    ///   `MethodNotAllowed` for what is none.
    package static func parse(
        method: HTTPRequest.Method, address: S3Address, query: S3Query, headers: HTTPFields
    ) throws -> S3Operation {
        let unknown = query.names.first { Self.unsupportedSubresources.contains($0) }
        if let unknown { return try Self.settingOperation(unknown, method, address) }
        guard address.bucket != nil else {
            guard method == .get || method == .head else { throw S3Error.methodNotAllowed }
            return .listBuckets
        }
        let isCopy = headers.contains(.xAmzCopySource)
        return try address.key == nil
            ? Self.bucketOperation(method, query) : Self.objectOperation(method, query, isCopy: isCopy)
    }

    /// Nothing can be set that this store does not have; that nothing was set can be read.
    private static func settingOperation(
        _ name: String, _ method: HTTPRequest.Method, _ address: S3Address
    ) throws -> S3Operation {
        guard method == .get, address.bucket != nil else { throw S3Error.notImplemented(name) }
        switch (name, isObject: address.key != nil) {
        case ("acl", isObject: true): return .getObjectAcl
        case ("tagging", isObject: true): return .getObjectTagging
        case (_, isObject: true): throw S3Error.notImplemented(name)
        case (_, isObject: false):
            guard let setting = BucketSetting(rawValue: name) else { throw S3Error.notImplemented(name) }
            return .getBucketSetting(setting)
        }
    }

    private static func bucketOperation(_ method: HTTPRequest.Method, _ query: S3Query) throws -> S3Operation {
        switch method {
        case .get where query.contains("location"): .getBucketLocation
        case .get where query.contains("versioning"): .getBucketVersioning
        case .get where query.contains("versions"): .listObjectVersions
        case .get where query.contains("uploads"): .listMultipartUploads
        case .get: query["list-type"] == "2" ? .listObjectsV2 : .listObjects
        case .head: .headBucket
        case .put where query.contains("versioning"): .putBucketVersioning
        case .put: .createBucket
        case .post where query.contains("delete"): .deleteObjects
        case .post: throw S3Error.notImplemented("uploads by form")
        case .delete: .deleteBucket
        default: throw S3Error.methodNotAllowed
        }
    }

    private static func objectOperation(
        _ method: HTTPRequest.Method, _ query: S3Query, isCopy: Bool
    ) throws -> S3Operation {
        switch method {
        case .get where query.contains("uploadId"): .listParts
        case .get where query.contains("attributes"): .getObjectAttributes
        case .get: .getObject
        case .head: .headObject
        case .put where query.contains("uploadId"): isCopy ? .uploadPartCopy : .uploadPart
        case .put: isCopy ? .copyObject : .putObject
        case .post where query.contains("uploads"): .createMultipartUpload
        case .post where query.contains("uploadId"): .completeMultipartUpload
        case .delete where query.contains("uploadId"): .abortMultipartUpload
        case .delete: .deleteObject
        default: throw S3Error.methodNotAllowed
        }
    }

    /// What S3 keeps beside objects and this store does not. Ignoring them would do something else than was asked.
    private static let unsupportedSubresources: Set = [
        "accelerate", "acl", "analytics", "cors", "encryption", "intelligent-tiering", "inventory", "legal-hold",
        "lifecycle", "logging", "metrics", "metadataTable", "notification", "object-lock", "ownershipControls",
        "policy", "policyStatus", "publicAccessBlock", "replication", "requestPayment", "restore", "retention",
        "select", "tagging", "torrent", "website", "renameObject", "session",
    ]

    /// The permission that it takes, with its service.
    ///
    /// Source: Service Authorization Reference, Actions, resources, and condition keys for Amazon S3.
    func permission(hasVersion: Bool) -> String {
        switch self {
        case .listBuckets: "s3:ListAllMyBuckets"
        case .createBucket: "s3:CreateBucket"
        case .deleteBucket: "s3:DeleteBucket"
        case .getBucketLocation: "s3:GetBucketLocation"
        case .getBucketSetting(let setting): "s3:\(setting.permission)"
        case .getObjectAcl: hasVersion ? "s3:GetObjectVersionAcl" : "s3:GetObjectAcl"
        case .getObjectTagging: hasVersion ? "s3:GetObjectVersionTagging" : "s3:GetObjectTagging"
        case .getBucketVersioning: "s3:GetBucketVersioning"
        case .putBucketVersioning: "s3:PutBucketVersioning"
        case .headBucket, .listObjects, .listObjectsV2: "s3:ListBucket"
        case .listObjectVersions: "s3:ListBucketVersions"
        case .listMultipartUploads: "s3:ListBucketMultipartUploads"
        case .getObject, .headObject, .getObjectAttributes: hasVersion ? "s3:GetObjectVersion" : "s3:GetObject"
        case .deleteObject, .deleteObjects: hasVersion ? "s3:DeleteObjectVersion" : "s3:DeleteObject"
        case .putObject, .copyObject, .createMultipartUpload, .uploadPart, .uploadPartCopy, .completeMultipartUpload:
            "s3:PutObject"
        case .abortMultipartUpload: "s3:AbortMultipartUpload"
        case .listParts: "s3:ListMultipartUploadParts"
        }
    }
}
