// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockAPI
import PenstockHTTP
import PenstockRuntime
import PenstockS3
import PenstockStore

/// What answers on the one address.
struct ServerSurfaces {
    let data: ServerData
    let context: RuntimeContext
    let clock: ClockService
    let bucketHosts: [String]
    let accessLog: AccessLog?
    let logger: Logger

    func router(_ readiness: Readiness) -> ServiceRouter {
        let foundation = self.foundation()
        let clock = self.context.clock
        let store = self.context.store
        return ServiceRouter(
            surfaces: [
                .pipelines: JSONSurface.codePipeline(foundation: foundation, context: self.context),
                .artifacts: S3Surface(
                    store: self.data.artifacts,
                    foundation: foundation,
                    virtualHosts: self.bucketHosts,
                    recordDenials: { denials in
                        let rows = denials.map(AuditRow.init)
                        try await store.write { transaction in
                            for row in rows { try transaction.insertAuditEntry(row) }
                        }
                    },
                    now: { clock.now },
                    logger: self.logger
                ),
                .identity: STSSurface(foundation),
                .administration: JSONSurface.administration(
                    foundation: foundation, context: self.context, clock: self.clock),
                .operations: OperationsSurface(readiness: { await readiness.probe() }),
            ],
            accessLog: self.accessLog,
            logger: self.logger
        )
    }

    /// What all surfaces know of keys and sessions. A change of access in this process is seen by the next request.
    private func foundation() -> Authenticator.Foundation {
        let clock = self.context.clock
        let keys = AccessKeyCache(
            directory: StoredAccessKeys(store: self.data.store),
            sealer: self.context.sealer,
            realTime: { SystemServiceClock.now }
        )
        self.data.store.observe { signal in
            if case .accessChanged = signal { keys.invalidateAll() }
        }
        return Authenticator.Foundation(
            keys: keys,
            sessions: self.context.sessions,
            realTime: { SystemServiceClock.now },
            serviceTime: { clock.now }
        )
    }
}

extension AuditRow {
    fileprivate init(_ denial: S3Denial) {
        self.init(
            at: denial.at,
            scope: denial.scope,
            principal: denial.principal,
            operation: denial.operation,
            resource: denial.resource,
            outcome: "denied",
            requestID: denial.requestID
        )
    }
}
