// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockAccess
internal import PenstockModel
internal import PenstockRuntime
internal import PenstockWire

extension PenstockWire.Job {
    /// A job as a poll hands it out, with its nonce.
    init(_ details: PenstockRuntime.JobDetails) {
        self.init(
            id: "\(details.id)",
            data: JobData(details),
            nonce: details.nonce,
            accountID: details.account.rawValue
        )
    }
}

extension PenstockWire.JobDetails {
    /// A job as its worker reads it again: without nonce.
    init(_ details: PenstockRuntime.JobDetails) {
        self.init(id: "\(details.id)", data: JobData(details), accountID: details.account.rawValue)
    }
}

extension ThirdPartyJobDetails {
    /// A job as a partner reads it: with its nonce, and without the customer's account.
    init(_ details: PenstockRuntime.JobDetails) {
        self.init(id: "\(details.id)", data: ThirdPartyJobData(details), nonce: details.nonce)
    }
}

extension JobData {
    fileprivate init(_ details: PenstockRuntime.JobDetails) {
        var context = PipelineContext(details)
        context.pipelineARN = details.pipelineKey.arn
        context.pipelineExecutionID = "\(details.executionID)"
        self.init(
            actionTypeID: WireActionTypeID(details.typeID),
            actionConfiguration: ActionConfiguration(details),
            pipelineContext: context,
            inputArtifacts: details.inputs.map(Artifact.init),
            outputArtifacts: details.outputs.map(Artifact.init),
            artifactCredentials: details.credentials.map(AWSSessionCredentials.init),
            continuationToken: details.continuationToken,
            encryptionKey: details.encryptionKeyID.map { EncryptionKey(id: $0, type: .kms) }
        )
    }
}

extension ThirdPartyJobData {
    /// Partners learn neither the pipeline's ARN nor its execution, which would tell them the customer's account.
    fileprivate init(_ details: PenstockRuntime.JobDetails) {
        self.init(
            actionTypeID: WireActionTypeID(details.typeID),
            actionConfiguration: ActionConfiguration(details),
            pipelineContext: PipelineContext(details),
            inputArtifacts: details.inputs.map(Artifact.init),
            outputArtifacts: details.outputs.map(Artifact.init),
            artifactCredentials: details.credentials.map(AWSSessionCredentials.init),
            continuationToken: details.continuationToken,
            encryptionKey: details.encryptionKeyID.map { EncryptionKey(id: $0, type: .kms) }
        )
    }
}

extension PipelineContext {
    fileprivate init(_ details: PenstockRuntime.JobDetails) {
        self.init(
            pipelineName: details.pipelineKey.name,
            stage: StageContext(name: details.stageName),
            action: ActionContext(name: details.actionName, actionExecutionID: "\(details.actionExecutionID)")
        )
    }
}

extension ActionConfiguration {
    fileprivate init(_ details: PenstockRuntime.JobDetails) {
        self.init(configuration: Dictionary(details.configuration.map { ($0.key, $0.value) }) { $1 })
    }
}

extension Artifact {
    fileprivate init(_ reference: ArtifactReference) {
        self.init(
            name: reference.name,
            revision: reference.revisionID,
            location: ArtifactLocation(
                type: .s3,
                s3Location: S3ArtifactLocation(bucketName: reference.location.bucket, objectKey: reference.location.key)
            )
        )
    }
}

extension AWSSessionCredentials {
    fileprivate init(_ credentials: SessionCredentials) {
        self.init(
            accessKeyID: Sensitive(credentials.accessKeyID),
            secretAccessKey: Sensitive(credentials.secretAccessKey),
            sessionToken: Sensitive(credentials.sessionToken)
        )
    }
}
