// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

/// What a store could not do. Nothing was written, except where a code says that this is not known.
package struct StoreError: TemporaryFailure, Sendable, CustomStringConvertible {
    package struct Code: Sendable, Hashable {
        private enum Base { case unavailable, contended, outcomeUnknown, corrupt, constraint, closed }
        private let base: Base
        private init(_ base: Base) { self.base = base }
        /// The database cannot be reached, is full, or did not answer in time. Try again later.
        package static let unavailable = Self(.unavailable)
        /// Others held what the transaction needs for too long, or it took too long itself. Try again later.
        package static let contended = Self(.contended)
        /// The connection was lost while committing: the transaction may have been committed.
        package static let outcomeUnknown = Self(.outcomeUnknown)
        /// A row cannot be read by this version.
        package static let corrupt = Self(.corrupt)
        /// A rule of the schema was broken, which is a bug of the caller.
        package static let constraint = Self(.constraint)
        /// The store has been closed.
        package static let closed = Self(.closed)
    }

    package var code: Code
    /// For the log; never shown to a client.
    package var message: String
    package var underlying: (any Error)?

    package init(_ code: Code, _ message: String, underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
    }

    package var description: String { self.message }

    package var isTemporary: Bool {
        self.code == .unavailable || self.code == .contended || self.code == .closed
    }

    /// Whether other transactions must be expected to fail alike, rather than this one for what its rows are.
    package var concernsWholeStore: Bool {
        self.code == .unavailable || self.code == .outcomeUnknown || self.code == .closed
    }
}
