// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockWorker
import ServiceLifecycle
import UnixSignals

let type = ActionTypeID(category: .deploy, owner: .custom, provider: "Ship", version: "1")
let client = CodePipelineClient(configuration: try .loaded())
let worker = JobWorker(actionType: type, client: client) { job in
    guard let harbour = job.configuration["Harbour"], let code = job.inputArtifacts.first else {
        throw JobFailure(.configurationError, "A harbour and an artifact are needed")
    }
    let cargo = try await job.contents(of: code)
    return .success(summary: "Shipped \(cargo.count) bytes to \(harbour)")
}
let logger = Logger(label: "ship")
try await ServiceGroup(services: [worker], gracefulShutdownSignals: [.sigterm], logger: logger).run()
