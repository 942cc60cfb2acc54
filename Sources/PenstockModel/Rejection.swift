// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// A call that the service refuses, with a message for the caller.
///
/// The API maps each code to one exception; nothing else decides what a client sees.
public struct Rejection: Error, Sendable, Hashable, CustomStringConvertible {
    /// Why the call was refused.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        case actionNotFound, actionTypeNotFound, approvalAlreadyCompleted, concurrentExecutionsLimitExceeded
        case concurrentModification, conditionNotOverridable, conflict, duplicatedStopRequest, invalidActionDeclaration,
            invalidApprovalToken
        case invalidBlockerDeclaration, invalidClientToken, invalidJob, invalidJobState, invalidNextToken, invalidNonce
        case invalidStageDeclaration, invalidStructure, invalidTags, jobNotFound, limitExceeded
        case notLatestPipelineExecution, outputVariablesSizeExceeded, pipelineExecutionNotFound
        case pipelineExecutionNotStoppable, pipelineExecutionOutdated, pipelineNameInUse, pipelineNotFound,
            pipelineVersionNotFound
        case requestFailed, resourceNotFound, stageNotFound, stageNotRetryable, tooManyTags, unableToRollbackStage
        case validation
    }

    public var code: Code
    public var message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(self.code.rawValue): \(self.message)" }
}
