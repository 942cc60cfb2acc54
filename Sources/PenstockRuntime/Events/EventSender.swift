// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
package import PenstockStore

/// One attempt to tell a target of an event.
package struct EventDelivery: Sendable {
    package var message: EventMessage
    /// Counted from 1.
    package var attempt: Int

    package init(message: EventMessage, attempt: Int) {
        self.message = message
        self.attempt = attempt
    }
}

/// What carries events to one target. It returns when the target has taken the event.
package protocol EventSender: Sendable {
    /// - Throws: ``EventSendFailure``. Whether the target has got the event is then not known.
    func send(_ delivery: EventDelivery) async throws(EventSendFailure)
}

/// Why a target did not take an event.
package struct EventSendFailure: Error, Sendable, Hashable {
    /// For the operator: it names what went wrong and no secret.
    package var reason: String
    /// How long the target asks to be left alone.
    package var retryAfter: Duration?

    /// - Parameter reason: Often what a target said; of control characters, which no log and not every database takes,
    ///   spaces are made.
    package init(_ reason: String, retryAfter: Duration? = nil) {
        self.reason = String(
            String.UnicodeScalarView(reason.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 })
        )
        self.retryAfter = retryAfter
    }
}

/// How long to wait after a failure: twice as long each time, up to a limit, and never the same for everybody.
package struct EventBackoff: Sendable, Hashable {
    package static let first: Duration = .seconds(1)
    package static let longest: Duration = .minutes(15)

    /// - Parameters:
    ///   - attempts: How often it was tried, at least once.
    ///   - chance: From 0 to 1; half of the time is due to it.
    ///   - asked: How long the target asks to be left alone, heeded up to the limit.
    package static func delay(after attempts: Int, chance: Double, asked: Duration?) -> Duration {
        let doublings = min(max(attempts, 1) - 1, 20)
        let full = min(Self.first * (1 << doublings), Self.longest)
        let delay = full * (0.5 + 0.5 * min(max(chance, 0), 1))
        return max(delay, min(asked ?? .zero, Self.longest))
    }
}
