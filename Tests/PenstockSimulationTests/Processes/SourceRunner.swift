// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockRuntime

/// The runner of source actions: takes what the seed says, fails, breaks, or takes so long that others take over.
struct SourceRunner: ActionRunner {
    enum Conduct: Sendable, Hashable { case succeeds, fails, breaks, dawdles }

    struct Broken: Error {}

    let types: Set<ActionTypeID> = [.s3Source]
    /// How the next job goes.
    let conduct: @Sendable () async -> Conduct
    /// The revision of an object as it is now.
    let newest: @Sendable (_ key: String) async throws -> String?
    /// What happens elsewhere while a job takes its time.
    let onPause: @Sendable () async -> Void

    func run(_ job: RunnerJob) async throws -> JobResult {
        switch await self.conduct() {
        case .succeeds: break
        case .dawdles: await self.onPause()
        case .fails: return Self.missingObject
        case .breaks: throw Broken()
        }
        let key = job.configuration[key: "S3ObjectKey"] ?? ""
        let newest = try await self.newest(key).map { SourceRevision(revisionID: $0) }
        guard let revision = job.start.boundRevision ?? newest else { return Self.missingObject }
        let progress = ActionProgress(summary: "took \(revision.revisionID)", revision: revision)
        return .success(
            progress, continuationToken: nil, outputVariables: [KeyedValue("VersionId", revision.revisionID)])
    }

    private static let missingObject = JobResult.failure(
        FailureDetails(type: .configurationError, message: "The object does not exist"), externalExecutionID: nil)
}
