// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Why a server does not start, in words for whoever started it.
package struct ServerError: Error, Sendable, Hashable, CustomStringConvertible {
    package struct Code: Sendable, Hashable {
        private enum Base { case configuration, inUse, unusable, address }
        private let base: Base
        private init(_ base: Base) { self.base = base }

        /// What was asked for makes no sense, or is refused until somebody says that it is meant.
        package static let configuration = Self(.configuration)
        /// Another server works on the same data directory.
        package static let inUse = Self(.inUse)
        /// The data is not there, not readable, or does not fit this server.
        package static let unusable = Self(.unusable)
        /// The address cannot be listened on.
        package static let address = Self(.address)
    }

    package var code: Code
    /// May name paths and addresses of this machine, never a secret.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { self.message }
}
