// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Why a worker cannot keep its journal, and so does not start.
public struct JournalError: Error, Sendable, CustomStringConvertible {
    /// The kinds of reasons; more may be added.
    public struct Code: Sendable, Hashable {
        private enum Base { case inUse, unusable }
        private let base: Base
        private init(_ base: Base) { self.base = base }
        /// Another worker keeps its journal in the directory.
        public static let inUse = Self(.inUse)
        /// The directory cannot be made, read or written.
        public static let unusable = Self(.unusable)
    }

    /// The kind of the reason.
    public var code: Code
    /// For logs and people; it names the directory.
    public var message: String

    /// The message.
    public var description: String { self.message }
}
