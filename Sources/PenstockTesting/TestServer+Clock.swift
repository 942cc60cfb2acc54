// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockClient
package import PenstockServer
import PenstockWire

extension TestServer {
    /// What time a server goes by.
    public enum Clock: Sendable, Hashable {
        /// That of the machine.
        case system
        /// One that stands still until ``TestServer/advanceClock(by:)`` moves it.
        case manual

        package var configured: ServerConfiguration.Clock {
            switch self {
            case .system: .system
            case .manual: .manual
            }
        }
    }

    /// Moves the clock of a server that was started with a manual one, and returns when all has happened that is due by
    /// then: approvals expire, jobs time out, windows open, each at its own time.
    ///
    /// Workers are not waited for.
    ///
    /// - Parameter duration: Whole seconds; zero only waits for what the service does now.
    /// - Throws: `CallError` when the clock goes by itself.
    public func advanceClock(by duration: Duration) async throws {
        let client = CodePipelineClient(configuration: self.clientConfiguration)
        let input = AdvanceClockInput(seconds: Int(duration.components.seconds))
        try await client.administer(Administration.AdvanceClock.self, input)
    }
}
