// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// Why the artifact store refuses; nothing was changed.
package struct ArtifactError: Error, Sendable, Hashable {
    /// What the caller must do something about. S3 tells most of them under the same name.
    package enum Code: Sendable, Hashable {
        case noSuchBucket, bucketTaken, bucketAlreadyYours, bucketNotEmpty, invalidBucketName
        /// The bucket is the caller's, in the region named.
        case wrongRegion(Region)
        case noSuchKey, noSuchVersion, keyTooLong, invalidKey
        /// There is no object because this delete marker is the latest version, or the version asked for.
        case deleteMarker(VersionID, isLatest: Bool)
        case noSuchUpload, invalidPart, invalidPartOrder, invalidPartNumber, partTooSmall, tooLarge
        /// Not the caller's.
        case accessDenied
        /// A write with the credentials of a job that no longer writes.
        case grantEnded
        case preconditionFailed
        /// The bytes are not those that the client announced.
        case badDigest
        /// The bytes are not those whose hash the client signed.
        case contentMismatch
        /// A legal request that makes no sense here; the message says why.
        case invalidRequest
        /// The disk or the database did not do its part; the same call may succeed later.
        case unavailable
    }

    package var code: Code
    /// For the client: it names no path and no host.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension ArtifactError {
    /// There is no such object for the caller, for whatever reason.
    var isAbsence: Bool {
        switch self.code {
        case .noSuchBucket, .noSuchKey, .noSuchVersion, .deleteMarker, .accessDenied, .wrongRegion: true
        default: false
        }
    }
}
