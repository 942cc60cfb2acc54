// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockEngine
import PenstockModel
import PenstockStore

/// Where workers get and put artifacts in another store: without ``JobStaging`` none of this does anything.
extension JobService {
    /// Jobs as their workers are told of them: those that could be staged. The others come again when they are visible
    /// again.
    ///
    /// - Throws: Why none could be staged, when there are any.
    func withStagedArtifacts(_ jobs: [JobDetails]) async throws -> [JobDetails] {
        guard self.context.staging != nil else { return jobs }
        let results = await withTaskGroup(of: (Int, Result<JobDetails, any Error>).self) { group in
            for (index, details) in jobs.enumerated() {
                group.addTask {
                    do {
                        return (index, .success(try await self.withStagedArtifacts(details)))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            return await group.reduce(into: [(Int, Result<JobDetails, any Error>)]()) { $0.append($1) }
        }
        var (staged, failure) = ([JobDetails](), (any Error)?.none)
        for (index, result) in results.sorted(by: { $0.0 < $1.0 }) {
            switch result {
            case .success(let details): staged.append(details)
            case .failure(let error):
                failure = failure ?? error
                self.context.logger.warning(
                    "the artifacts of a job could not be staged",
                    metadata: ["job": "\(jobs[index].id)", "error": "\(error)"])
            }
        }
        if staged.isEmpty, let failure { throw failure }
        return staged
    }

    /// The job as its worker is told of it.
    func withStagedArtifacts(_ details: JobDetails) async throws -> JobDetails {
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
