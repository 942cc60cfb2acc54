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
    /// The key that outputs are encrypted with, when the artifact store declares one; uploads name it.
    public let encryptionKey: EncryptionKey?
    /// Whether the work was begun before, by a worker of the same journal that came to a sudden end.
    ///
    /// How far it came nobody knows: a handler that must not do things twice looks for what it may have done.
    public let isResumed: Bool

    let store: S3Caller
    let credentials: JobCredentials

    init(
        _ content: JobContent, reference: JobReference, isResumed: Bool, store: S3Caller, credentials: JobCredentials
    ) {
        self.id = reference.jobID
        self.clientID = reference.clientID
        self.configuration = content.configuration
        self.context = content.context
        self.inputArtifacts = content.inputArtifacts
        self.outputArtifacts = content.outputArtifacts
        self.continuationToken = content.continuationToken
        self.encryptionKey = content.encryptionKey
        self.isResumed = isResumed
        self.store = store
        self.credentials = credentials
    }

    /// Credentials for exactly the job's artifacts, fresh at every call; they live about a quarter of an hour.
    ///
    /// They are for tools of one's own: ``download(_:to:)`` and its like need nothing of the kind.
    ///
    /// - Returns: Nothing when the job is over.
    public func artifactCredentials() async throws -> AWSSessionCredentials? {
        try await self.credentials.renewed()
    }
}

extension WorkerJob: CustomStringConvertible, CustomReflectable {
    /// The id alone: the configuration may hold secrets.
    public var description: String { "job \(self.id)" }

    /// Shows the id and where the job comes from.
    public var customMirror: Mirror {
        Mirror(self, children: ["id": self.id, "context": self.context as Any, "isResumed": self.isResumed])
    }
}
