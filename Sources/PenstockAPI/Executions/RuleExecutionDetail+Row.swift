// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockEngine
internal import PenstockModel
internal import PenstockStore
internal import PenstockWire

extension RuleExecutionDetail {
    /// - Parameter region: The pipeline's, which is that of rules that declare none.
    init(_ row: RuleExecutionRow, region: Region) {
        let (start, run) = (row.start, row.run)
        self.init(
            pipelineExecutionID: start.executionID.description,
            ruleExecutionID: start.id.description,
            pipelineVersion: start.pipelineVersion,
            stageName: start.stageName,
            ruleName: start.rule.name,
            startTime: WireTimestamp(run.startedAt),
            lastUpdateTime: WireTimestamp(run.changedAt),
            updatedBy: run.updatedBy,
            status: PenstockWire.RuleExecutionStatus(rawValue: run.status.rawValue),
            input: RuleExecutionInput(start, region: region),
            output: RuleExecutionOutput(executionResult: RuleExecutionResult(run))
        )
    }
}

extension RuleExecutionInput {
    fileprivate init(_ start: RuleStart, region: Region) {
        let rule = start.rule
        self.init(
            ruleTypeID: PenstockWire.RuleTypeID(
                category: .rule, owner: .aws, provider: rule.typeID.provider, version: rule.typeID.version),
            configuration: Dictionary(rule.configuration),
            resolvedConfiguration: Dictionary(start.resolvedConfiguration),
            roleARN: rule.roleARN,
            region: rule.region ?? region.rawValue,
            inputArtifacts: start.inputs.map { ArtifactDetail($0) }
        )
    }
}

extension RuleExecutionResult {
    /// `nil` while the rule is checked.
    fileprivate init?(_ run: RuleRun) {
        guard run.status != .inProgress else { return nil }
        self.init(
            externalExecutionID: run.externalExecutionID,
            externalExecutionSummary: run.summary,
            errorDetails: run.failure.map { ErrorDetails($0) }
        )
    }
}
