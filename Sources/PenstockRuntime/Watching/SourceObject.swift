// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
package import PenstockModel

/// What a look at the object of a source action finds.
package enum SourceObject: Sendable, Hashable {
    case revision(String)
    /// The object cannot be had; so a worker would be told.
    case failure(FailureDetails)

    /// Looks at what is there now, as the pipeline's own account.
    init(at location: ObjectLocation, for scope: Scope, in transaction: any ArtifactTransaction) throws {
        let bucket = try transaction.bucket(location.bucket, for: .read)
        guard let bucket else {
            self = .failure(.missingBucket(location.bucket))
            return
        }
        guard bucket.scope.account == scope.account else {
            self = .failure(.deniedBucket(location.bucket))
            return
        }
        guard bucket.scope.region == scope.region else {
            self = .failure(.bucket(location.bucket, inOther: bucket.scope.region))
            return
        }
        let latest = try transaction.latestVersion(of: ObjectKey(location.key), in: location.bucket)
        if let latest, !latest.isDeleteMarker {
            self = .revision(latest.revisionID)
        } else {
            self = .failure(.missingObject(location.key, inBucket: location.bucket))
        }
    }

    /// The revision, if the object is there.
    var revision: String? { if case .revision(let revision) = self { revision } else { nil } }

    /// Why it is not to be had, if it is not.
    var failure: FailureDetails? { if case .failure(let failure) = self { failure } else { nil } }
}

/// Why an object is out of reach, in words for whoever declared it.
extension FailureDetails {
    package static func missingObject(_ key: String, inBucket bucket: String) -> Self {
        Self(
            type: .configurationError,
            message: "The object with key '\(key)' does not exist in the S3 bucket '\(bucket)'"
        )
    }

    package static func missingVersion(of key: String, inBucket bucket: String) -> Self {
        Self(
            type: .revisionUnavailable,
            message: "The object with key '\(key)' in the S3 bucket '\(bucket)' does not have this version"
        )
    }

    package static func missingBucket(_ bucket: String) -> Self {
        Self(type: .configurationError, message: "The S3 bucket '\(bucket)' does not exist")
    }

    package static func deniedBucket(_ bucket: String) -> Self {
        Self(type: .permissionError, message: "Access to the S3 bucket '\(bucket)' is denied")
    }

    package static func bucket(_ bucket: String, inOther region: Region) -> Self {
        Self(type: .configurationError, message: "The S3 bucket '\(bucket)' is in another region, \(region)")
    }
}
