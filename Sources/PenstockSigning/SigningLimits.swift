// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// The bounds of what a client may make a verifier do before it has proven who it is.
package enum SigningLimits {
    /// Characters of an `Authorization` header.
    package static let maximumAuthorizationLength = 8192
    /// Characters of an access key id.
    package static let maximumAccessKeyIDLength = 128
    /// Characters of a scope's region or service.
    package static let maximumScopePartLength = 64
    /// Names in `SignedHeaders`.
    package static let maximumSignedHeaders = 128
    /// Spellings of one request that are compared with its signature.
    package static let maximumCanonicalForms = 32
    /// Seconds that a presigned URL may live: a week.
    package static let maximumExpirySeconds: Int64 = 604_800
    /// Derived keys that are kept.
    package static let maximumCachedKeys = 4096
    /// Bytes of one `aws-chunked` chunk header or trailer line.
    package static let maximumChunkLineLength = 4096
    /// Bytes of all trailer lines together.
    package static let maximumTrailerLength = 16_384
    /// Trailer fields of one body.
    package static let maximumTrailerFields = 16
}
