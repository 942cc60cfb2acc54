// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import Logging
import PenstockAccess
package import PenstockArtifacts
import PenstockEngine
package import PenstockModel
package import PenstockStore
import Synchronization

/// Artifacts of jobs in another store, where workers get and put them with credentials of that store.
///
/// Inputs are copied there before a worker is told of them. Outputs are taken from there when a job succeeds, so that what
/// a pipeline goes on with is in the artifact store, whatever a worker that still has its credentials does afterwards.
package final class JobStaging: Sendable {
    /// How long after the end of an attempt what is staged for it is kept: longer than any credentials live.
    package static let grace = Duration.hours(2)
    /// So old is what goes of attempts that nobody knows: their pipelines are gone, or it is somebody else's.
    package static let unknownGrace = Duration.hours(24)

    /// One dispatch of a job.
    private struct Hold: Hashable {
        var job: JobID
        var dispatch: Int
    }

    private let artifacts: ArtifactStore
    private let objects: any StagedObjects
    /// Outputs that are being taken: who reports the same success again waits for that one.
    private let takes = Mutex<[Hold: Task<Void, any Error>]>([:])

    /// Creates the staging of an artifact store's objects.
    package init(artifacts: ArtifactStore, objects: any StagedObjects) {
        self.artifacts = artifacts
        self.objects = objects
    }

    // MARK: Handing out

    /// The job with its artifacts' places in the other store, its inputs there, and credentials for exactly them.
    ///
    /// A job that has ended has no credentials, and its inputs need not be there. Outputs may be written while the job is
    /// somebody's. Content lies there as the other store keeps it, so no key is named that this one's would be kept with.
    func staged(_ details: JobDetails, lifetime: Duration) async throws -> JobDetails {
        var details = details
        let sources = details.inputs
        let inputs = sources.map { StagedName(details.actionExecutionID, .input, $0.name) }
        let outputs = details.outputs.map { StagedName(details.actionExecutionID, .output, $0.name) }
        details.inputs = zip(sources, inputs).map(self.moved)
        details.outputs = zip(details.outputs, outputs).map(self.moved)
        details.encryptionKeyID = nil
        guard let own = details.credentials else { return details }
        let caller = ArtifactStore.Caller(scope: details.artifactScope)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (source, name) in zip(sources, inputs) {
                group.addTask {
                    try await self.artifacts.stage(ObjectName(source.location), as: name, in: self.objects, as: caller)
                }
            }
            try await group.waitForAll()
        }
        let given = try await self.objects.credentials(
            reading: inputs, writing: details.isHandedOut ? outputs : [], session: "job-\(details.id)",
            lifetime: lifetime)
        details.credentials = SessionCredentials(
            accessKeyID: given.accessKeyID, secretAccessKey: given.secretAccessKey,
            sessionToken: given.sessionToken, expiresAt: own.expiresAt)
        return details
    }

    private func moved(_ artifact: ArtifactReference, _ name: StagedName) -> ArtifactReference {
        var artifact = artifact
        let (bucket, key) = self.objects.location(of: name)
        artifact.location = ObjectLocation(bucket: bucket, key: key)
        return artifact
    }

    // MARK: Taking in

    /// Takes what the job's worker has put there, while the job is still the worker's.
    ///
    /// It takes as long as it takes, whether or not whoever asked for it waits.
    ///
    /// - Throws: `Rejection` with code `validation` for an output that cannot be kept.
    func takeOutputs(of row: JobRow) async throws {
        guard !row.start.outputs.isEmpty else { return }
        let hold = Hold(job: row.job.id, dispatch: row.job.dispatch)
        let take = self.takes.withLock { takes in
            if let running = takes[hold] { return running }
            let task = Task {
                defer { self.takes.withLock { $0[hold] = nil } }
                try await self.take(row)
            }
            takes[hold] = task
            return task
        }
        try await take.value
    }

    private func take(_ row: JobRow) async throws {
        let grant = JobWriteGrant(jobID: row.job.id, dispatch: row.job.dispatch)
        let caller = ArtifactStore.Caller(scope: row.artifactScope, grant: grant)
        for output in row.start.outputs {
            let name = StagedName(row.start.id, .output, output.name)
            do {
                try await self.artifacts.take(name, in: self.objects, to: ObjectName(output.location), as: caller)
            } catch let error as ArtifactError {
                switch error.code {
                // The job has ended meanwhile, as whoever reports its result is told.
                case .grantEnded: return
                case .unavailable: throw error
                default:
                    throw Rejection(
                        .validation, "The output artifact '\(output.name)' cannot be kept: \(error.message)")
                }
            }
        }
    }

    // MARK: Cleaning

    /// So many attempts are looked up at once.
    private static let cleaningBatchSize = 100

    /// Removes what is staged for attempts that ended a while ago, or that nobody knows any more. What cannot be removed
    /// keeps none of the others, and is tried again the next time.
    ///
    /// - Returns: Of how many attempts.
    package func clean(_ store: any Store, now: Timestamp, logger: Logger) async throws -> Int {
        let cutoff = now - Self.grace
        var rest = try await self.objects.actions()[...]
        var count = 0
        while !rest.isEmpty {
            let batch = rest.prefix(Self.cleaningBatchSize)
            rest = rest.dropFirst(batch.count)
            let attempts = try await store.read { reader in
                try batch.map { ($0, try reader.actionExecutionRow($0)?.attempt) }
            }
            for (action, attempt) in attempts {
                if let attempt, attempt.status == .inProgress || attempt.changedAt >= cutoff { continue }
                do {
                    try await self.objects.removeAll(of: action, olderThan: attempt == nil ? Self.unknownGrace : nil)
                    count += 1
                } catch {
                    logger.warning(
                        "what was staged for an action could not be removed",
                        metadata: ["action": "\(action)", "error": "\(error)"])
                }
            }
        }
        return count
    }
}

extension ObjectName {
    fileprivate init(_ location: ObjectLocation) {
        self.init(
            bucket: location.bucket, key: ObjectKey(location.key), versionID: location.versionID.map { VersionID($0) })
    }
}

extension JobRow {
    /// Where the buckets of the job's artifacts are.
    var artifactScope: Scope {
        Scope(account: self.scope.account, region: self.start.action.region.flatMap { Region($0) } ?? self.scope.region)
    }
}
