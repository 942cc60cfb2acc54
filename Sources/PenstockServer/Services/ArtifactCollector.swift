// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockArtifacts
import PenstockModel
import PenstockRuntime
import PenstockStore
import ServiceLifecycle

/// Removes, now and then, content that no object has any more, and what was staged for jobs that are over.
struct ArtifactCollector: Service {
    static let interval = Duration.hours(1)

    let artifacts: ArtifactStore
    let staging: JobStaging?
    let store: any Store
    let clock: any ServiceClock
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while true {
                await self.clock.sleep(until: self.clock.now + Self.interval)
                guard !Task.isCancelled else { return }
                await self.remove("unused artifacts") { try await self.artifacts.collectGarbage() }
                guard let staging = self.staging else { continue }
                await self.remove("artifacts of jobs that are over") {
                    try await staging.clean(self.store, now: self.clock.now, logger: self.logger)
                }
            }
        }
    }

    private func remove(_ what: String, _ body: () async throws -> Int) async {
        do {
            let count = try await body()
            if count > 0 { self.logger.info("removed \(what)", metadata: ["count": "\(count)"]) }
        } catch {
            self.logger.error("\(what) could not be removed", metadata: ["error": "\(error)"])
        }
    }
}
