// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// Makes and opens the `nextToken` of list operations.
///
/// A token holds the cursor itself, sealed, so the service remembers nothing between pages and any replica continues
/// any listing. It opens only for the binding it was made for (operation, scope, pipeline, filter), for a day.
package struct PageTokenSealer: Sendable {
    /// How long a token is good for, by the service's clock.
    package static let lifetime = Duration.hours(24)

    /// The longest token that the API's shapes admit.
    ///
    /// Source: AWS CodePipeline API Reference, shape NextToken.
    package static let maximumLength = 2048

    /// The longest cursor whose token still has at most ``maximumLength`` characters.
    package static let maximumCursorByteCount = maximumLength * 3 / 4 - AuthenticatedBox.overheadByteCount - 10

    private let box: AuthenticatedBox

    package init(masterKey: MasterKey) {
        self.box = AuthenticatedBox(key: masterKey.derive(.pageTokens))
    }

    /// A token for the page after the cursor.
    ///
    /// - Parameter cursor: At most ``maximumCursorByteCount`` bytes.
    package func seal(
        _ cursor: [UInt8],
        binding: String,
        now: Timestamp,
        lifetime: Duration = Self.lifetime
    ) throws(SealError) -> String {
        precondition(cursor.count <= Self.maximumCursorByteCount, "a cursor must fit into a page token")
        var writer = StateWriter(capacity: cursor.count + 10)
        writer.write(now + lifetime)
        return Base64URL.encode(try self.box.seal(writer.bytes + cursor, context: binding))
    }

    /// The cursor of a token; `nil` when it is altered, expired, or was made for something else.
    package func open(_ token: String, binding: String, now: Timestamp) -> [UInt8]? {
        guard token.utf8.count <= Self.maximumLength,
            let sealed = Base64URL.decode(token),
            let bytes = try? self.box.open(sealed, context: binding)
        else { return nil }
        var reader = StateReader(bytes)
        guard let expires = try? reader.read(Timestamp.self), now < expires else { return nil }
        return Array(bytes.dropFirst(Self.encodedByteCount(expires)))
    }

    private static func encodedByteCount(_ timestamp: Timestamp) -> Int {
        var writer = StateWriter(capacity: 10)
        writer.write(timestamp)
        return writer.bytes.count
    }
}
