// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging

/// Hands on why something was warned of.
struct ToldWarnings: LogHandler {
    let told: AsyncStream<String>.Continuation
    var logLevel = Logger.Level.warning
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        self.told.yield(event.metadata?["error"].map { "\($0)" } ?? "")
    }
}
