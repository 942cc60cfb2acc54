// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes

extension HTTPField.Name {
    /// Only for literals in this module; an invalid one would be a bug found by the first request.
    private static func literal(_ name: String) -> Self {
        guard let field = Self(name) else { preconditionFailure("'\(name)' is no name of a header") }
        return field
    }

    /// The operation of an API request: `CodePipeline_20150709.GetPipeline`.
    package static let xAmzTarget = literal("X-Amz-Target")
    /// The request's identity, on every response of the API.
    package static let xAmznRequestID = literal("x-amzn-RequestId")
    /// The request's identity, as S3 spells it.
    package static let xAmzRequestID = literal("x-amz-request-id")
    /// An error's code; agrees with the body's `__type`.
    package static let xAmznErrorType = literal("x-amzn-ErrorType")
    /// Ours: how many seconds a poll may be held.
    package static let penstockWaitSeconds = literal("x-penstock-wait-seconds")
    /// Set by proxies in front of the service.
    package static let xForwardedFor = literal("X-Forwarded-For")
}
