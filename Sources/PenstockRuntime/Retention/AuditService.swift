// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockModel
import PenstockStore
import ServiceLifecycle

/// Forgets entries of the audit trail that are older than the operator keeps them, the oldest first.
///
/// It goes in steps of a transaction each, so that calls get their turn between two of them. Where the trail is kept for
/// ever there is nothing to do.
package struct AuditService: Service {
    /// How often it looks.
    package static let interval: Duration = .hours(1)
    /// Entries that one step looks at, and deletes at most.
    package static let rowsPerStep = 500

    private let context: RuntimeContext
    private let alarm: Alarm

    package init(context: RuntimeContext) {
        self.context = context
        self.alarm = Alarm(context.ongoingWork)
    }

    package func run() async throws {
        await self.alarm.loop(
            atLeastEvery: Self.interval, in: self.context, orLog: "old audit entries were not forgotten"
        ) {
            try await self.forgetOldEntries()
            return nil
        }
    }

    /// Counts as ongoing work already before it runs.
    func expect() { self.alarm.start() }

    /// Looks now for what is too old.
    func wake() { self.alarm.ring() }

    /// Forgets all entries that are too old now.
    package func forgetOldEntries() async throws {
        guard let retention = self.context.settings.auditRetention else { return }
        let limit = self.context.clock.now - retention
        var last: Int64? = 0
        while let after = last {
            try Task.checkCancellation()
            last = try await self.context.store.write { transaction in
                try transaction.deleteAuditEntries(before: limit, after: after, limit: Self.rowsPerStep)
            }
        }
    }
}
