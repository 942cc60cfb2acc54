// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// What may differ from one call to the next.
public struct CallOptions: Sendable, Hashable {
    /// How long the call may take with all its retries; `nil` takes the client's ``ClientConfiguration/callDeadline``.
    public var deadline: Duration?

    /// How long the service may hold a poll that finds nothing, up to 20 seconds; `nil` asks for an immediate answer.
    ///
    /// The deadline does not include it. AWS ignores it and answers at once.
    public var longPoll: Duration?

    /// Creates options; without any the client's configuration counts.
    public init(deadline: Duration? = nil, longPoll: Duration? = nil) {
        self.deadline = deadline
        self.longPoll = longPoll
    }
}
