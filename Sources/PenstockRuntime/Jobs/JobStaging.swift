// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockAccess
package import PenstockArtifacts
import PenstockEngine
package import PenstockModel
package import PenstockStore

/// Artifacts of jobs in another store, where workers get and put them with credentials of that store.
///
/// Inputs are copied there before a worker is told of them. Outputs are taken from there when a job succeeds, so that what
/// a pipeline goes on with is in the artifact store, whatever a worker that still has its credentials does afterwards.
package struct JobStaging: Sendable {
    /// How long after the end of an attempt what is staged for it is kept: longer than any credentials live.
    package static let grace = Duration.hours(2)

    private let artifacts: ArtifactStore
    private let objects: any StagedObjects

    package init(artifacts: ArtifactStore, objects: any StagedObjects) {
        self.artifacts = artifacts
        self.objects = objects
    }

    /// The job with its artifacts' places in the other store, its inputs there, and credentials for exactly them.
    ///
    /// A job that has ended has no credentials, and its inputs need not be there.
    func staged(_ details: JobDetails, lifetime: Duration) async throws -> JobDetails {
        var details = details
        let sources = details.inputs
        let inputs = sources.map { StagedName(details.actionExecutionID, .input, $0.name) }
        let outputs = details.outputs.map { StagedName(details.actionExecutionID, .output, $0.name) }
        details.inputs = zip(sources, inputs).map(self.moved)
        details.outputs = zip(details.outputs, outputs).map(self.moved)
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
            reading: inputs, writing: outputs, session: "job-\(details.id)", lifetime: lifetime)
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

    /// Takes what the job's worker has put there, while the job is still the worker's.
    ///
    /// - Throws: ``Rejection`` with code `validation` for an output that cannot be kept.
    func takeOutputs(of row: JobRow) async throws {
        let grant = JobWriteGrant(jobID: row.job.id, dispatch: row.job.dispatch)
        let caller = ArtifactStore.Caller(scope: row.artifactScope, grant: grant)
        for output in row.start.outputs {
            let name = StagedName(row.start.id, .output, output.name)
            do {
                try await self.artifacts.take(name, in: self.objects, to: ObjectName(output.location), as: caller)
            } catch let error as ArtifactError {
                switch error.code {
                // The job has ended meanwhile, as whoever reports its result is told.
                case .accessDenied: return
                case .unavailable: throw error
                default:
                    throw Rejection(
                        .validation, "The output artifact '\(output.name)' cannot be kept: \(error.message)")
                }
            }
        }
    }

    /// Removes what is staged for attempts that ended a while ago, or that nobody knows any more.
    ///
    /// - Returns: Of how many attempts.
    package func clean(_ store: any Store, now: Timestamp) async throws -> Int {
        let cutoff = now - Self.grace
        var count = 0
        for action in try await self.objects.actions() {
            let isOver = try await store.read { reader in
                guard let attempt = try reader.actionExecutionRow(action)?.attempt else { return true }
                return attempt.status != .inProgress && attempt.changedAt < cutoff
            }
            guard isOver else { continue }
            try await self.objects.removeAll(of: action)
            count += 1
        }
        return count
    }
}

extension JobService {
    /// Jobs as their workers are told of them. Of several those that could be staged; the others come again when they are
    /// visible again.
    ///
    /// - Throws: Why none could be staged, when there are any.
    func staged(_ jobs: [JobDetails]) async throws -> [JobDetails] {
        guard self.context.staging != nil else { return jobs }
        let results = await withTaskGroup(of: (Int, Result<JobDetails, any Error>).self) { group in
            for (index, details) in jobs.enumerated() {
                group.addTask {
                    do {
                        return (index, .success(try await self.staged(details)))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            return await group.reduce(into: [(Int, Result<JobDetails, any Error>)]()) { $0.append($1) }
        }
        let ordered = results.sorted { $0.0 < $1.0 }.map(\.1)
        let staged = ordered.compactMap { try? $0.get() }
        guard staged.isEmpty, let first = ordered.first else { return staged }
        return [try first.get()]
    }

    func staged(_ details: JobDetails) async throws -> JobDetails {
        guard let staging = self.context.staging else { return details }
        return try await staging.staged(details, lifetime: self.context.settings.artifactCredentialsLifetime)
    }

    /// Before a job succeeds, while it is the caller's to end; what is the matter with the call is told afterwards.
    func takeStagedOutputs(_ call: CallContext, _ id: JobID, _ proof: WorkerProof) async throws {
        guard let staging = self.context.staging else { return }
        let now = self.context.clock.now
        let row = try await self.context.store.read { reader -> JobRow? in
            guard let found = try JobAccess.job(id, proof, in: reader) else { return nil }
            try JobAccess(context: self.context, now: now).check(found, call, proof, in: reader)
            return found.row.standing(at: now).status(at: now) == .inProgress ? found.row : nil
        }
        if let row { try await staging.takeOutputs(of: row) }
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
