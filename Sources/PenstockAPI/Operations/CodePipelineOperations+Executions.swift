// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockWire

extension CodePipelineOperations {
    var executionHandlers: [OperationHandler] { [] }
}
