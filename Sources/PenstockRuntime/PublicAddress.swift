// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Where links to the service itself start. Which port it listens on can be known only once it does.
package final class PublicAddress: Sendable {
    private let state = Mutex("http://127.0.0.1:7480")

    package init() {}

    /// Such as `http://127.0.0.1:7480`, without a slash at its end.
    package var url: String { self.state.withLock { $0 } }

    package func set(_ url: String) { self.state.withLock { $0 = url } }
}
