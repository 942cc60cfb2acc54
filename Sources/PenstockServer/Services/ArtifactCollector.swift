// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockArtifacts
import PenstockModel
import PenstockRuntime
import ServiceLifecycle

/// Removes, now and then, content that no object has any more.
struct ArtifactCollector: Service {
    static let interval = Duration.hours(1)

    let artifacts: ArtifactStore
    let clock: any ServiceClock
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while true {
                await self.clock.sleep(until: self.clock.now + Self.interval)
                guard !Task.isCancelled else { return }
                do {
                    let count = try await self.artifacts.collectGarbage()
                    if count > 0 { self.logger.info("removed unused artifacts", metadata: ["count": "\(count)"]) }
                } catch {
                    self.logger.error("unused artifacts could not be removed", metadata: ["error": "\(error)"])
                }
            }
        }
    }
}
