// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Listings of the administration, whole.
enum Listing {
    /// Asks for page after page.
    ///
    /// - Parameter page: Gets the page that the token asks for; the first one without a token.
    static func all<Row>(
        _ page: (_ token: String?) async throws -> (rows: [Row]?, nextToken: String?)
    ) async throws -> [Row] {
        var (rows, token) = try await page(nil)
        var all = rows ?? []
        while let next = token {
            (rows, token) = try await page(next)
            all += rows ?? []
        }
        return all
    }
}
