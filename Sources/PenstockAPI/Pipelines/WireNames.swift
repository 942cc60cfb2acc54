// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockWire

// The wire and the domain use the field's one word for each thing; where both meet, the wire's is marked.
typealias WirePipeline = PenstockWire.PipelineDeclaration
typealias WireStage = PenstockWire.StageDeclaration
typealias WireAction = PenstockWire.ActionDeclaration
typealias WireActionTypeID = PenstockWire.ActionTypeID
typealias WirePipelineType = PenstockWire.PipelineType
typealias WireExecutionMode = PenstockWire.ExecutionMode
typealias WireConditionResult = PenstockWire.ConditionResult
