// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// One family's five operations, under names that both share.
protocol JobFamily: Sendable {
    /// The action type that is polled for.
    var actionType: ActionTypeID { get }

    /// Asks for work; each job comes with its content when the family's poll carries it.
    func poll(maximum: Int, options: CallOptions) async throws -> [(JobReference, JobContent?)]

    /// Reads a job again, with fresh credentials; nothing when it is over or gone.
    func details(_ reference: JobReference) async throws -> (JobReference, JobContent)?

    /// Takes the job; `false` when it is somebody else's, over or gone. The same nonce may be sent again.
    func acknowledge(_ reference: JobReference) async throws -> Bool

    /// Tells how the job ended. The same report may be sent again.
    func report(_ report: JobReport, of reference: JobReference) async throws
}

/// How the protocol finds a job again.
struct JobReference: Sendable, Hashable {
    var jobID: String
    /// Partner jobs alone have one; the client token is looked up by it.
    var clientID: String?
    /// Custom jobs get it with the poll, partner jobs with their details.
    var nonce: String?
}

/// How a job ended, as it is reported and as it is kept until then.
enum JobReport: Sendable, Hashable {
    /// - Parameter result: Its `jobID` is the job's.
    case success(PutJobSuccessResultInput)
    case failure(FailureDetails)
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
