// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// One job that the worker has acknowledged, as its handler sees it.
public struct WorkerJob: Sendable {
    /// The job's id; each continuation has another.
    public let id: String
    /// Which customer a partner's job is for; nothing for custom actions.
    public let clientID: String?
    /// The action's configuration, variables replaced and secrets in clear.
    public let configuration: [String: String]
    /// Pipeline, stage and action.
    public let context: PipelineContext?
    /// What the job reads, in the declared order.
    public let inputArtifacts: [Artifact]
    /// What the job writes, in the declared order, each to exactly this place.
    public let outputArtifacts: [Artifact]
    /// What the worker returned from the job before this one of the same action.
    public let continuationToken: String?
    /// The key that outputs are encrypted with, when the artifact store declares one.
    public let encryptionKey: EncryptionKey?

    private let renew: @Sendable () async throws -> AWSSessionCredentials?

    init(
        _ content: JobContent, reference: JobReference,
        renew: @escaping @Sendable () async throws -> AWSSessionCredentials?
    ) {
        self.id = reference.jobID
        self.clientID = reference.clientID
        self.configuration = content.configuration
        self.context = content.context
        self.inputArtifacts = content.inputArtifacts
        self.outputArtifacts = content.outputArtifacts
        self.continuationToken = content.continuationToken
        self.encryptionKey = content.encryptionKey
        self.renew = renew
    }

    /// Credentials for exactly the job's artifacts, fresh at every call; they live about a quarter of an hour.
    ///
    /// - Returns: Nothing when the job is over.
    public func artifactCredentials() async throws -> AWSSessionCredentials? {
        try await self.renew()
    }
}

/// How the protocol finds a job again.
struct JobReference: Sendable, Hashable {
    var jobID: String
    /// Partner jobs alone have one; the client token is looked up by it.
    var clientID: String?
    /// Custom jobs get it with the poll, partner jobs with their details.
    var nonce: String?
}

/// What both families' job data have in common.
struct JobContent: Sendable {
    var configuration: [String: String]
    var context: PipelineContext?
    var inputArtifacts: [Artifact]
    var outputArtifacts: [Artifact]
    var credentials: AWSSessionCredentials?
    var continuationToken: String?
    var encryptionKey: EncryptionKey?

    init(_ data: JobData?) {
        self.configuration = data?.actionConfiguration?.configuration ?? [:]
        self.context = data?.pipelineContext
        self.inputArtifacts = data?.inputArtifacts ?? []
        self.outputArtifacts = data?.outputArtifacts ?? []
        self.credentials = data?.artifactCredentials
        self.continuationToken = data?.continuationToken
        self.encryptionKey = data?.encryptionKey
    }

    init(_ data: ThirdPartyJobData?) {
        self.configuration = data?.actionConfiguration?.configuration ?? [:]
        self.context = data?.pipelineContext
        self.inputArtifacts = data?.inputArtifacts ?? []
        self.outputArtifacts = data?.outputArtifacts ?? []
        self.credentials = data?.artifactCredentials
        self.continuationToken = data?.continuationToken
        self.encryptionKey = data?.encryptionKey
    }
}
