// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

extension BuiltInActionTypes {
    static let invocations = [
        type(
            .invoke, "Lambda", inputs: 0...5, outputs: 0...5,
            .required("FunctionName") + .optional("UserParameters")),
        type(
            .invoke, "StepFunctions", inputs: 0...1, outputs: 0...1,
            .required("StateMachineArn") + .optional("ExecutionNamePrefix", "InputType", "Input")),
        type(
            .invoke, "CodePipeline", inputs: 0...0, outputs: 0...0,
            .required("PipelineName") + .optional("SourceRevisions", "Variables")),
        type(
            .invoke, "InspectorScan", inputs: 0...1, outputs: 0...1,
            .required("InspectorRunMode")
                + .optional(
                    "ECRRepositoryName", "ImageTag", "CriticalThreshold", "HighThreshold", "MediumThreshold",
                    "LowThreshold")),
    ]
}
