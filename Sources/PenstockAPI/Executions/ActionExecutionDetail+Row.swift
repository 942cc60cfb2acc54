// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockEngine
internal import PenstockModel
internal import PenstockStore
internal import PenstockWire

extension ActionExecutionDetail {
    /// - Parameters:
    ///   - region: The pipeline's, which is that of actions that declare none.
    ///   - type: The action's type, if it is known and has links.
    ///   - mode: The pipeline's.
    init(
        _ row: ActionExecutionRow,
        region: Region,
        type: ActionTypeDefinition?,
        mode: PenstockModel.ExecutionMode
    ) {
        let (start, attempt) = (row.start, row.attempt)
        self.init(
            pipelineExecutionID: start.executionID.description,
            actionExecutionID: start.id.description,
            pipelineVersion: start.pipelineVersion,
            stageName: start.stageName,
            actionName: start.action.name,
            startTime: WireTimestamp(attempt.startedAt),
            lastUpdateTime: WireTimestamp(attempt.changedAt),
            updatedBy: attempt.updatedBy,
            status: PenstockWire.ActionExecutionStatus(rawValue: attempt.status.rawValue),
            input: ActionExecutionInput(start, region: region),
            output: ActionExecutionOutput(
                outputArtifacts: attempt.status == .succeeded ? attempt.outputs.map { ArtifactDetail($0) } : [],
                executionResult: ActionExecutionResult(attempt, start, type)
                    ?? (mode == .parallel ? ActionExecutionResult(pending: attempt) : nil),
                outputVariables: Dictionary(row.outputVariables)
            )
        )
    }
}

extension ActionExecutionInput {
    fileprivate init(_ start: ActionStart, region: Region) {
        let action = start.action
        self.init(
            actionTypeID: PenstockWire.ActionTypeID(
                category: PenstockWire.ActionCategory(rawValue: action.typeID.category.rawValue),
                owner: PenstockWire.ActionOwner(rawValue: action.typeID.owner.rawValue),
                provider: action.typeID.provider,
                version: action.typeID.version
            ),
            configuration: Dictionary(action.configuration),
            resolvedConfiguration: Dictionary(start.resolvedConfiguration),
            roleARN: action.roleARN,
            region: action.region ?? region.rawValue,
            inputArtifacts: start.inputs.map { ArtifactDetail($0) },
            namespace: action.namespace
        )
    }
}

extension ActionExecutionResult {
    /// The token of an approval that is pending: in PARALLEL mode GetPipelineState shows none.
    ///
    /// Source: AWS CodePipeline User Guide, Set or change the pipeline execution mode.
    fileprivate init?(pending attempt: ActionAttempt) {
        guard attempt.isApproval else { return nil }
        self.init(externalExecutionID: attempt.id.description)
    }

    /// `nil` while the attempt runs.
    fileprivate init?(_ attempt: ActionAttempt, _ start: ActionStart, _ type: ActionTypeDefinition?) {
        guard attempt.status != .inProgress else { return nil }
        let links = type.map { ActionLinks($0, configuration: start.resolvedConfiguration) }
        self.init(
            externalExecutionID: attempt.isApproval ? attempt.id.description : attempt.externalExecutionID,
            externalExecutionSummary: attempt.summary,
            externalExecutionURL: links?.execution(externalExecutionID: attempt.externalExecutionID),
            errorDetails: attempt.failure.map { ErrorDetails($0) }
        )
    }
}

extension ArtifactDetail {
    init(_ artifact: ArtifactReference) {
        let location = PenstockWire.S3Location(bucket: artifact.location.bucket, key: artifact.location.key)
        self.init(name: artifact.name, s3Location: location)
    }
}

extension Dictionary where Key == String, Value == String {
    init(_ values: [KeyedValue]) {
        self.init(values.map { ($0.key, $0.value) }) { _, last in last }
    }
}
