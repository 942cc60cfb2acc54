// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// A request that its caller had no right to make: what the audit log keeps of it.
package struct S3Denial: Sendable, Hashable {
    /// By the service's clock.
    package var at: Timestamp
    package var scope: Scope
    /// The caller's ARN.
    package var principal: String
    /// As in the S3 API, such as `GetObject`.
    package var operation: String
    /// The ARN of the bucket or object, or `*`.
    package var resource: String
    package var requestID: String

    /// Writes denials into the audit log and returns when they are durable; the caller gets its refusal after that. All
    /// are of one request: DeleteObjects may be denied many.
    package typealias Recorder = @Sendable ([S3Denial]) async throws -> Void
}
