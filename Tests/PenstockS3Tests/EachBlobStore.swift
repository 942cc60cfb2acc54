// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Testing

/// Runs each test twice: with content in files, and with content in another store.
struct EachBlobStore: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        try await function()
        try await Bed.$keepsContentAbroad.withValue(true) { try await function() }
    }
}

extension Trait where Self == EachBlobStore {
    static var onEachBlobStore: Self { Self() }
}
