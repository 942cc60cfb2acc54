// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdCore
import PenstockAccess
import PenstockArtifacts
import PenstockHTTP
import PenstockModel

extension S3Call {
    func listBuckets() async throws -> Response {
        let buckets = try await self.store.buckets(as: self.storeCaller)
        return self.document("ListAllMyBucketsResult") { xml in
            self.owner("Owner", &xml)
            xml.element("Buckets") { xml in
                for bucket in buckets {
                    xml.element("Bucket") { xml in
                        xml.element("Name", bucket.name)
                        xml.element("CreationDate", HTTPDate.document(bucket.created))
                        xml.element("BucketRegion", bucket.scope.region.rawValue)
                    }
                }
            }
        }
    }

    func createBucket() async throws -> Response {
        let name = try self.bucket()
        let region = self.caller.scope.region
        let document = try await VerifiedBody(self.request, self.caller.verified).document()
        if !document.isEmpty {
            let configuration = try XMLElement(document: document)
            for name in ["Tags", "Bucket", "Location"] where configuration[name] != nil {
                throw S3Error.notImplemented("\(name) of a new bucket")
            }
            let constraint = configuration["LocationConstraint"]?.text ?? region.rawValue
            guard constraint == region.rawValue else {
                throw S3Error(
                    "IllegalLocationConstraintException", 400,
                    "The \(constraint) location constraint is incompatible for the region specific endpoint this "
                        + "request was sent to."
                )
            }
        }
        try ObjectHeaders.refuseUnsupported(self.headers)
        try self.refuseUnsupportedBucketSettings()
        do {
            try await self.store.createBucket(name, as: self.storeCaller)
        } catch let error as ArtifactError where error.code == .bucketAlreadyYours && region == .default {
            // Kept as in S3, where making a bucket again in the first region succeeds.
        }
        return Response(status: .ok, headers: [.location: "/\(name)"])
    }

    /// Objects belong to the bucket's account, whoever wrote them, and can be overwritten.
    private func refuseUnsupportedBucketSettings() throws {
        if let lock = self.headers[.s3("x-amz-bucket-object-lock-enabled")], lock.lowercased() != "false" {
            throw S3Error.notImplemented("x-amz-bucket-object-lock-enabled")
        }
        if let ownership = self.headers[.s3("x-amz-object-ownership")], ownership != "BucketOwnerEnforced" {
            throw S3Error.notImplemented("x-amz-object-ownership \(ownership)")
        }
    }

    func headBucket() async throws -> Response {
        let bucket = try await self.store.bucket(try self.bucket(), as: self.storeCaller)
        return Response(status: .ok, headers: [.xAmzBucketRegion: bucket.scope.region.rawValue])
    }

    func deleteBucket() async throws -> Response {
        try await self.store.deleteBucket(try self.bucket(), as: self.storeCaller)
        return Response(status: .noContent)
    }

    func getBucketLocation() async throws -> Response {
        let region = try await self.store.bucket(try self.bucket(), as: self.storeCaller).scope.region
        return self.document("LocationConstraint") { $0.text(region == .default ? "" : region.rawValue) }
    }

    func getBucketVersioning() async throws -> Response {
        let bucket = try await self.store.bucket(try self.bucket(), as: self.storeCaller)
        return self.document("VersioningConfiguration") { xml in
            switch bucket.versioning {
            case .off: break
            case .enabled: xml.element("Status", "Enabled")
            case .suspended: xml.element("Status", "Suspended")
            }
        }
    }

    func putBucketVersioning() async throws -> Response {
        let body = try VerifiedBody(self.request, self.caller.verified)
        let configuration = try XMLElement(document: try await body.document())
        guard configuration["MfaDelete"]?.text ?? "Disabled" == "Disabled" else {
            throw S3Error.notImplemented("MfaDelete")
        }
        let status = configuration["Status"]?.text
        guard status == "Enabled" || status == "Suspended" else { throw S3Error.malformedXML }
        try await self.store.setVersioning(enabled: status == "Enabled", of: try self.bucket(), as: self.storeCaller)
        return Response(status: .ok)
    }

    /// Everything in a bucket belongs to its account.
    func owner(_ name: String, _ xml: inout XMLWriter) {
        xml.element(name) { xml in
            xml.element("ID", self.caller.scope.account.rawValue)
            xml.element("DisplayName", self.caller.scope.account.rawValue)
        }
    }
}
