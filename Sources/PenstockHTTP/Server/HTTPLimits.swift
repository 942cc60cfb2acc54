// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Every bound on what a connection may cost, in one place.
package struct HTTPLimits: Sendable, Hashable {
    /// Of one header field; a session token that carries policies is the longest legitimate one.
    package var headerFieldBytes = 16 * 1024
    /// Of all header fields and the request target together. Beyond it: 431, and the connection ends.
    package var headerBytes = 32 * 1024
    package var headerCount = 128
    /// From a connection's beginning to its first byte: a place among ``connections`` is not for those who say nothing.
    package var firstByteTimeout = Duration.seconds(10)
    /// From a request's first byte to the end of its head.
    package var headerReadTimeout = Duration.seconds(10)
    /// Without a byte of a request that is being read, or between two requests.
    package var idleTimeout = Duration.seconds(75)
    /// From when what is to be sent fills the buffer, until the client has taken half of it.
    package var writeStallTimeout = Duration.seconds(60)
    /// How much of a body that nobody wants is read, so that the connection can be used again.
    package var unwantedBodyBytes = 256 * 1024
    /// How long a connection that we end stays half open, so that the client reads why.
    package var lingerTimeout = Duration.seconds(2)
    /// Open at once. Further connections wait in the system's queue.
    package var connections = 1024
    /// The length of that queue.
    package var backlog = 1024

    package init() {}
}
