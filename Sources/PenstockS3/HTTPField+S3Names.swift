// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

extension HTTPField.Name {
    /// Only for literals of this module; an invalid one would be a bug found by the first request.
    static func s3(_ name: String) -> Self {
        guard let field = Self(name) else { preconditionFailure("'\(name)' is no name of a header") }
        return field
    }

    static let xAmzACL = s3("x-amz-acl")
    static let xAmzBucketRegion = s3("x-amz-bucket-region")
    static let xAmzChecksumAlgorithm = s3("x-amz-checksum-algorithm")
    static let xAmzChecksumMode = s3("x-amz-checksum-mode")
    static let xAmzChecksumType = s3("x-amz-checksum-type")
    static let xAmzCopySource = s3("x-amz-copy-source")
    static let xAmzCopySourceRange = s3("x-amz-copy-source-range")
    static let xAmzCopySourceVersionID = s3("x-amz-copy-source-version-id")
    static let xAmzDeleteMarker = s3("x-amz-delete-marker")
    static let xAmzExpectedBucketOwner = s3("x-amz-expected-bucket-owner")
    static let xAmzID2 = s3("x-amz-id-2")
    static let xAmzMetadataDirective = s3("x-amz-metadata-directive")
    static let xAmzMultipartObjectSize = s3("x-amz-mp-object-size")
    static let xAmzObjectAttributes = s3("x-amz-object-attributes")
    static let xAmzPartsCount = s3("x-amz-mp-parts-count")
    static let xAmzSourceExpectedBucketOwner = s3("x-amz-source-expected-bucket-owner")
    static let xAmzVersionID = s3("x-amz-version-id")
    static let expires = s3("Expires")
}
