// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdCore
import NIOCore
import PenstockAccess
import PenstockArtifacts
import PenstockHTTP
import PenstockModel
import PenstockSigning

/// One request, authenticated and read, with what its operation needs.
struct S3Call: Sendable {
    let request: SurfaceRequest
    let caller: Caller
    let address: S3Address
    let query: S3Query
    let operation: S3Operation
    let store: ArtifactStore
    let now: Timestamp
    let recordDenials: S3Denial.Recorder

    /// In whose name the store acts. A job's session carries the job and its dispatch into the committing transaction.
    var storeCaller: ArtifactStore.Caller {
        let grant = self.caller.jobGrant.map { JobWriteGrant(jobID: $0.jobID, dispatch: $0.dispatch) }
        let request = ArtifactRequest(
            principal: self.caller.principal.arn, operation: self.operation.name, requestID: self.request.id.description
        )
        return ArtifactStore.Caller(scope: self.caller.scope, grant: grant, request: request)
    }

    var headers: HTTPFields { self.request.headers }

    func bucket() throws -> String {
        guard let bucket = self.address.bucket else { throw S3Error.methodNotAllowed }
        return bucket
    }

    /// The object that the request names; of a job's input the version that the job was given.
    func object() throws -> ObjectName {
        guard let key = self.address.key else { throw S3Error.methodNotAllowed }
        let version = try self.query.identifier("versionId").map { VersionID($0) }
        return ObjectName(bucket: try self.bucket(), key: key, versionID: version)
    }

    func upload() throws -> UploadName {
        let object = try self.object()
        return UploadName(bucket: object.bucket, key: object.key, uploadID: try self.query.identifier("uploadId") ?? "")
    }

    func perform() async throws -> Response {
        try self.checkExpectedOwners()
        // DeleteObjects is decided key by key.
        if self.operation != .deleteObjects { try self.authorizeOperation() }
        return switch self.operation {
        case .listBuckets: try await self.listBuckets()
        case .createBucket: try await self.createBucket()
        case .headBucket: try await self.headBucket()
        case .deleteBucket: try await self.deleteBucket()
        case .getBucketLocation: try await self.getBucketLocation()
        case .getBucketVersioning: try await self.getBucketVersioning()
        case .putBucketVersioning: try await self.putBucketVersioning()
        case .getBucketSetting(let setting): try await self.getBucketSetting(setting)
        case .listObjects: try await self.listObjects(isV2: false)
        case .listObjectsV2: try await self.listObjects(isV2: true)
        case .listObjectVersions: try await self.listObjectVersions()
        case .listMultipartUploads: try await self.listMultipartUploads()
        case .deleteObjects: try await self.deleteObjects()
        case .getObject, .headObject: try await self.getObject()
        case .getObjectAttributes: try await self.getObjectAttributes()
        case .getObjectAcl: try await self.getObjectAcl()
        case .getObjectTagging: try await self.getObjectTagging()
        case .putObject: try await self.putObject()
        case .copyObject: try await self.copyObject()
        case .deleteObject: try await self.deleteObject()
        case .createMultipartUpload: try await self.createMultipartUpload()
        case .uploadPart: try await self.uploadPart()
        case .uploadPartCopy: try await self.uploadPartCopy()
        case .completeMultipartUpload: try await self.completeMultipartUpload()
        case .abortMultipartUpload: try await self.abortMultipartUpload()
        case .listParts: try await self.listParts()
        }
    }
}

// MARK: - Permission

extension S3Call {
    private func authorizeOperation() throws {
        let permission = self.operation.permission(hasVersion: self.query.contains("versionId"))
        guard let bucket = self.address.bucket else {
            return try self.authorize(permission, RequiredResource.everything)
        }
        guard let key = self.address.key else {
            return try self.authorize(permission, RequiredResource.bucket(bucket))
        }
        try self.authorize(permission, on: ObjectName(bucket: bucket, key: key))
    }

    /// A bucket in reach is always the caller's account's, so another owner is never the right one.
    private func checkExpectedOwners() throws {
        for name in [HTTPField.Name.xAmzExpectedBucketOwner, .xAmzSourceExpectedBucketOwner] {
            guard let owner = self.headers[name] else { continue }
            guard owner == self.caller.scope.account.rawValue else { throw S3Error.accessDenied }
        }
    }

    /// Throws unless the principal may do this to the object.
    func authorize(_ permission: String, on object: ObjectName) throws {
        try self.authorize(permission, RequiredResource.object(bucket: object.bucket, key: object.key.description))
        guard let grant = self.caller.jobGrant else { return }
        // Names are compared as bytes here: texts that look alike are different objects.
        let objects = permission.hasPrefix("s3:GetObject") ? grant.read : grant.write
        guard objects.contains(where: { Self.isSame($0, object) }) else { throw S3Error.accessDenied }
    }

    private func authorize(_ permission: String, _ resource: RequiredResource) throws {
        self.request.note?.name(resource: resource)
        var context = self.request.accessContext(now: self.now, region: self.caller.scope.region)
        for name in ["prefix", "delimiter", "max-keys"] {
            if let value = self.query[name] { context.set("s3:\(name)", value) }
        }
        if let version = self.query["versionId"] { context.set("s3:versionid", version) }
        do {
            try Authorizer.authorize(
                self.caller.principal, action: permission, resources: [resource], context: context
            )
        } catch let denial {
            // The text names the principal, and with it the account: a partner's worker must not learn a customer's.
            guard self.caller.jobGrant == nil else { throw S3Error.accessDenied }
            throw denial
        }
    }

    /// The version to read: for a job that was given one, exactly that.
    func readable(_ object: ObjectName) throws -> ObjectName {
        guard let grant = self.caller.jobGrant else { return object }
        guard let granted = grant.read.first(where: { Self.isSame($0, object) }) else { throw S3Error.accessDenied }
        guard let pinned = granted.versionID.map({ VersionID($0) }) else {
            // The current version is what was granted, and no other.
            guard object.versionID == nil else { throw S3Error.accessDenied }
            return object
        }
        guard object.versionID == nil || object.versionID == pinned else { throw S3Error.accessDenied }
        return ObjectName(bucket: object.bucket, key: object.key, versionID: pinned)
    }

    /// Records that the caller may not do what this request asks.
    func record(_ refusal: any Error) async throws {
        try await self.recordDenials([self.denial(refusal, bucket: self.address.bucket, key: self.address.key)])
    }

    func denial(_ refusal: any Error, bucket: String?, key: ObjectKey?) -> S3Denial {
        let path = [bucket, key?.description].compactMap { $0 }.joined(separator: "/")
        let resource = path.isEmpty ? "*" : "arn:aws:s3:::\(path)"
        return S3Denial(
            at: self.now, scope: self.caller.scope, principal: self.caller.principal.arn,
            operation: self.operation.name, resource: (refusal as? AccessDenial)?.resource ?? resource,
            requestID: self.request.id.description
        )
    }

    private static func isSame(_ grant: ObjectGrant, _ object: ObjectName) -> Bool {
        grant.bucket == object.bucket && ObjectKey(grant.key) == object.key
    }
}

// MARK: - Responses

extension S3Call {
    func document(
        _ root: String, headers: HTTPFields = [:], _ content: (inout XMLWriter) -> Void
    ) -> Response {
        var headers = headers
        headers[.contentType] = "application/xml"
        let body = XMLWriter.document(root, content)
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
    }

    /// The headers that tell of a version that was written.
    func headers(of written: WrittenObject) -> HTTPFields {
        var fields = HTTPFields()
        fields[.eTag] = "\"\(written.etag)\""
        fields[.xAmzVersionID] = written.versionID?.rawValue
        Self.set(written.checksum, on: &fields)
        return fields
    }

    static func set(_ checksum: ObjectChecksum?, on fields: inout HTTPFields) {
        guard let checksum else { return }
        fields[.s3(checksum.algorithm.computed.headerName)] = checksum.value
        fields[.xAmzChecksumType] = checksum.coverage.rawValue
    }
}

extension XMLWriter {
    /// `ChecksumCRC32` and its like, with the type.
    mutating func checksum(_ checksum: ObjectChecksum?) {
        guard let checksum else { return }
        self.element("Checksum\(checksum.algorithm.rawValue)", checksum.value)
        self.element("ChecksumType", checksum.coverage.rawValue)
    }
}
