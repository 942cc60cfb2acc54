// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockArtifacts
package import PenstockRuntime

/// The runners that a server has, and so which of the service's own action types it carries out.
package enum ServiceRunners {
    /// One for each provider; no two may share a type.
    package static func all(
        artifacts: ArtifactStore, foreign: ForeignBuckets = ForeignBuckets()
    ) -> [any ActionRunner] {
        [
            S3SourceRunner(artifacts: artifacts, foreign: foreign)
        ]
    }
}
