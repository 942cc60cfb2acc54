// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

/// The request in answer to which something changes: what the audit log keeps of it.
package struct ArtifactRequest: Sendable, Hashable {
    /// The caller's ARN.
    package var principal: String
    /// As in the S3 API, such as `PutObject`.
    package var operation: String
    package var requestID: String

    package init(principal: String, operation: String, requestID: String) {
        self.principal = principal
        self.operation = operation
        self.requestID = requestID
    }
}

extension ArtifactStore {
    /// Runs a transaction that changes the resource; if it commits, the audit log tells of it.
    func change<Result: Sendable>(
        _ resource: String,
        as caller: Caller,
        _ body: @escaping @Sendable (any ArtifactTransaction) throws -> Result
    ) async throws -> Result {
        let at = self.now()
        return try await self.index.withArtifacts { transaction in
            let result = try body(transaction)
            try transaction.record(caller, changed: resource, at: at)
            return result
        }
    }

    /// The ARN of a bucket, or of an object in it.
    static func resource(_ bucket: String, _ key: ObjectKey? = nil) -> String {
        "arn:aws:s3:::" + [bucket, key?.description].compactMap { $0 }.joined(separator: "/")
    }
}

extension ArtifactTransaction {
    /// Adds to the audit log what the caller's request changed; what the service does by itself is not in it.
    func record(_ caller: ArtifactStore.Caller, changed resource: String, at: Timestamp) throws {
        guard let request = caller.request else { return }
        try self.record(request, changed: resource, in: caller.scope, at: at)
    }
}
