// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import NIOPosix
package import PenstockSigning
import Synchronization

/// What requests to a store are signed with, which may be exchanged while the process runs.
package final class S3Credentials: Sendable {
    private let state: Mutex<SigningCredentials>
    private let read: (@Sendable () -> SigningCredentials?)?

    /// - Parameter read: Reads them anew where they are kept, if that can be; it may block.
    package init(_ credentials: SigningCredentials, readAgain read: (@Sendable () -> SigningCredentials?)? = nil) {
        self.state = Mutex(credentials)
        self.read = read
    }

    package var current: SigningCredentials { self.state.withLock { $0 } }

    /// Others than those that a store has just refused, if there are any by now.
    func replacement(of refused: SigningCredentials) async -> SigningCredentials? {
        let current = self.current
        if current != refused { return current }
        guard let read = self.read, let found = try? await NIOThreadPool.singleton.runIfActive({ read() }),
            found != refused
        else { return nil }
        self.state.withLock { $0 = found }
        return found
    }
}
