// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockAccess
import PenstockEngine
package import PenstockModel
import PenstockStore

/// What a worker is told of its job.
package struct JobDetails: Sendable {
    package var id: JobID
    /// The current nonce; `nil` where the operation does not tell it.
    package var nonce: String?
    /// The customer's account.
    package var account: AccountID
    package var pipelineKey: PipelineKey
    package var executionID: PipelineExecutionID
    package var actionExecutionID: ActionExecutionID
    package var stageName: String
    package var actionName: String
    package var typeID: ActionTypeID
    /// Resolved, with secrets in clear.
    package var configuration: [KeyedValue]
    /// Where the worker gets them.
    package var inputs: [ArtifactReference]
    /// Where the worker puts them.
    package var outputs: [ArtifactReference]
    /// Where the artifacts' buckets are.
    package var artifactScope: Scope
    /// Whether the job is somebody's to work on, so that its outputs may be written.
    package var isHandedOut: Bool
    /// For exactly the inputs and outputs; `nil` once the job has ended.
    package var credentials: SessionCredentials?
    package var continuationToken: String?
    /// The key that the artifact store declares.
    package var encryptionKeyID: String?
}

/// A job of a partner's type as a poll answers it: who the customer is, and nothing more.
package struct PartnerJob: Sendable, Hashable {
    package var clientID: ClientID
    package var jobID: JobID
}

extension RuntimeContext {
    /// What a worker is told of the job.
    ///
    /// - Parameters:
    ///   - version: The version that the job's execution runs.
    ///   - configuration: As ``configuration(of:version:in:)`` has it.
    func details(
        of row: JobRow,
        version: PipelineVersionRow,
        configuration: [KeyedValue],
        nonce: String?
    ) throws -> JobDetails {
        let action = row.start.action
        let store = version.declaration.artifactStore(region: action.region, pipelineRegion: row.scope.region)
        return JobDetails(
            id: row.job.id,
            nonce: nonce,
            account: row.scope.account,
            pipelineKey: PipelineKey(scope: row.scope, name: row.pipelineName),
            executionID: row.start.executionID,
            actionExecutionID: row.start.id,
            stageName: row.start.stageName,
            actionName: action.name,
            typeID: action.typeID,
            configuration: configuration,
            inputs: row.start.inputs,
            outputs: row.start.outputs,
            artifactScope: row.artifactScope,
            isHandedOut: [.dispatched, .inProgress].contains(row.job.status(at: self.clock.now)),
            credentials: row.job.storedStatus.isTerminal ? nil : try self.credentials(for: row),
            continuationToken: row.continuationToken,
            encryptionKeyID: store?.encryptionKeyID
        )
    }

    /// The action's configuration, resolved, with secrets in clear.
    func configuration(
        of row: JobRow, version: PipelineVersionRow, in reader: any StoreReader
    ) throws -> [KeyedValue] {
        let secrets = try self.secrets(for: row.start, version: version, of: row.pipelineID, in: reader).values
        return row.start.resolvedConfiguration.map { KeyedValue($0.key, secrets[key: $0.key] ?? $0.value) }
    }

    /// The action's secrets in clear with their references replaced, and the references that have no value.
    ///
    /// What the engine resolves has its secrets masked, so theirs are resolved here, of the state that the engine has.
    func secrets(
        for start: ActionStart, version: PipelineVersionRow, of pipeline: PipelineID, in reader: any StoreReader
    ) throws -> (values: [KeyedValue], unresolved: [String]) {
        let secrets = try self.secrets(of: version).filter {
            $0.stageName == start.stageName && $0.actionName == start.action.name
        }
        var values = secrets.map { KeyedValue($0.key, $0.value) }
        var unresolved: [String] = []
        guard secrets.contains(where: { !VariableReference.all(in: $0.value).isEmpty }),
            let execution = try reader.execution(start.executionID, of: pipeline)
        else { return (values, []) }
        let references = VariableReferences(execution: execution)
        for index in values.indices {
            let (text, missing) = references.resolve(values[index].value)
            values[index].value = text
            unresolved += missing
        }
        return (values, unresolved)
    }

    /// Fresh credentials for exactly the job's objects, good for its current dispatch.
    private func credentials(for row: JobRow) throws -> SessionCredentials {
        func grant(_ artifact: ArtifactReference) -> ObjectGrant {
            ObjectGrant(
                bucket: artifact.location.bucket,
                key: artifact.location.key,
                versionID: artifact.location.versionID
            )
        }
        let grant = JobGrant(
            jobID: row.job.id,
            dispatch: row.job.dispatch,
            actionExecutionID: row.start.id,
            read: row.start.inputs.map(grant),
            write: row.start.outputs.map(grant)
        )
        let session = Session(
            scope: row.scope,
            principalName: "job-\(row.job.id)",
            grant: .job(grant),
            expiresAt: self.clock.now + self.settings.artifactCredentialsLifetime
        )
        var generator = self.entropy
        return try self.sessions.issue(session, using: &generator)
    }
}
