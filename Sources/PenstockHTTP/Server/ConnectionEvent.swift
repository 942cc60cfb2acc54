// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// What the handlers of a connection, and the requests on it, tell each other. All travel outbound.
enum ConnectionEvent: Sendable, Hashable {
    /// A surface begins to read the body of the request in progress.
    case bodyWanted
    /// The head of a request is complete.
    case headReceived
    /// The last byte of a request is there.
    case requestReceived
}
