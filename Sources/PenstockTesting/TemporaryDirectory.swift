// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockServer

/// Directories that are there for the length of a test.
package enum TemporaryDirectory {
    /// Makes a directory for its owner alone, and removes it with all that is in it when the body has ended.
    package static func use<Result: Sendable>(_ body: (String) async throws -> Result) async throws -> Result {
        try await ScratchDirectory.use(body)
    }
}
