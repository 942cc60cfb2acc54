// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Every bound of the S3 surface that is not one of the store's.
package enum S3Limits {
    /// Of a request's XML document.
    package static let documentBytes = 2 * 1024 * 1024
    /// Of the names and values of user metadata together. Source: Amazon S3 User Guide, Working with object metadata.
    package static let metadataBytes = 2 * 1024
    /// Of the keys that one DeleteObjects names. Source: Amazon S3 API Reference, DeleteObjects.
    package static let deletedKeys = 1000
}
