// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockAccess
internal import PenstockModel
internal import PenstockRuntime

/// The `nextToken` of one listing: it opens only for the same operation, account, region and filters.
///
/// ```swift
/// let tokens = PageTokens("ListPipelineExecutions", call, filters: [name, stage], context: self.context)
/// let cursor: Int? = try tokens.cursor(of: input.nextToken)
/// let rows = try await self.pipelines.executions(…, before: cursor, limit: limit + 1)
/// let page = try tokens.page(of: rows, limit: limit) { $0.sequence }
/// ```
struct PageTokens: Sendable {
    private let sealer: PageTokenSealer
    private let binding: String
    private let now: Timestamp

    /// - Parameter filters: Whatever else selects what is listed, in a fixed order; an absent one is `nil`, which is
    ///   not the same as an empty one. The size of a page is none: it may change from call to call.
    init(_ operation: String, _ call: APICall, filters: [String?] = [], context: RuntimeContext) {
        let parts = [operation, call.scope.account.rawValue, call.scope.region.rawValue] + filters
        self.sealer = context.pageTokens
        self.binding = parts.map { part in part.map { "\($0.utf8.count):\($0)" } ?? "-" }.joined(separator: ",")
        self.now = context.clock.now
    }

    /// Where the page that the token asks for begins; `nil` without a token, which is the first page.
    ///
    /// - Throws: ``Rejection`` when the token was not made for this listing, was altered, or is too old.
    func cursor<Cursor: StateCodable>(of token: String?, as _: Cursor.Type = Cursor.self) throws -> Cursor? {
        guard let token else { return nil }
        guard let bytes = self.sealer.open(token, binding: self.binding, now: self.now) else { throw Self.refusal }
        var reader = StateReader(bytes)
        guard let cursor = try? reader.read(Cursor.self), reader.isAtEnd else { throw Self.refusal }
        return cursor
    }

    /// The token for what comes after the cursor.
    func token(after cursor: some StateCodable) throws -> String {
        var writer = StateWriter(capacity: 64)
        writer.write(cursor)
        return try self.sealer.seal(writer.bytes, binding: self.binding, now: self.now)
    }

    /// Cuts rows to a page.
    ///
    /// - Parameters:
    ///   - rows: One more than the limit, if there are as many: the last of them only tells that a page follows.
    ///   - cursor: Names the row behind which the next page begins.
    /// - Returns: At most `limit` rows, and a token when more follow.
    func page<Row>(
        of rows: [Row],
        limit: Int,
        cursor: (Row) -> some StateCodable
    ) throws -> (rows: [Row], nextToken: String?) {
        let page = Array(rows.prefix(limit))
        guard rows.count > limit, let last = page.last else { return (page, nil) }
        return (page, try self.token(after: cursor(last)))
    }

    private static let refusal = Rejection(.invalidNextToken, "The next token was specified in an invalid format")
}
