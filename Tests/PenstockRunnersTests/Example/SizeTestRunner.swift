// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockArtifacts
import PenstockEngine
package import PenstockModel
package import PenstockRuntime

/// A test action: its input artifact may have so many bytes and no more. The example of
/// docs/architecture/adding-a-provider.md; the service does not have it.
package struct SizeTestRunner: ActionRunner {
    private let artifacts: ArtifactStore

    package init(artifacts: ArtifactStore) { self.artifacts = artifacts }

    package var types: Set<ActionTypeID> {
        [ActionTypeID(category: .test, owner: .aws, provider: "Size", version: "1")]
    }

    package func run(_ job: RunnerJob) async throws -> JobResult {
        guard let limit = job.configuration[key: "MaximumBytes"].flatMap({ Int64($0) }),
            let input = job.start.inputs.first?.location
        else {
            let problem = "MaximumBytes must be a number, and there must be one input artifact"
            return .failure(FailureDetails(type: .configurationError, message: problem), externalExecutionID: nil)
        }
        let name = ObjectName(
            bucket: input.bucket, key: ObjectKey(input.key), versionID: input.versionID.map { VersionID($0) })
        let size = try await self.artifacts.object(name, as: ArtifactStore.Caller(scope: job.scope)).row.sizeBytes
        guard size <= limit else {
            let problem = "The artifact has \(size) bytes, which is more than \(limit)"
            return .failure(FailureDetails(type: .jobFailed, message: problem), externalExecutionID: nil)
        }
        return .success(
            ActionProgress(summary: "\(size) bytes"),
            continuationToken: nil,
            outputVariables: [KeyedValue("Bytes", "\(size)")]
        )
    }
}
