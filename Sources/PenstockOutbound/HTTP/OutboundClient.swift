// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import AsyncHTTPClient

/// An HTTP client that follows no redirects, shut down when the last of its users lets go of it.
package final class OutboundClient: Sendable {
    package let client: HTTPClient

    /// - Parameter configuration: Its redirects are left out: what is signed or judged for one address goes to no other.
    package init(_ configuration: HTTPClient.Configuration) {
        var configuration = configuration
        configuration.redirectConfiguration = .disallow
        self.client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    deinit {
        // The closure keeps the client alive until its connections are closed.
        let client = self.client
        client.shutdown { _ in withExtendedLifetime(client) {} }
    }
}
