// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockWire

extension ServiceException {
    /// The one table from the domain's refusals to the wire's exceptions.
    init(_ rejection: Rejection) {
        self.init(ExceptionCode(rejection.code), rejection.message)
    }
}

extension ExceptionCode {
    fileprivate init(_ code: Rejection.Code) {
        self =
            switch code {
            case .actionNotFound: .actionNotFound
            case .actionTypeNotFound: .actionTypeNotFound
            case .approvalAlreadyCompleted: .approvalAlreadyCompleted
            case .concurrentExecutionsLimitExceeded: .concurrentPipelineExecutionsLimitExceeded
            case .concurrentModification: .concurrentModification
            case .conditionNotOverridable: .conditionNotOverridable
            case .conflict: .conflict
            case .duplicatedStopRequest: .duplicatedStopRequest
            case .invalidActionDeclaration: .invalidActionDeclaration
            case .invalidApprovalToken: .invalidApprovalToken
            case .invalidBlockerDeclaration: .invalidBlockerDeclaration
            case .invalidClientToken: .invalidClientToken
            case .invalidJob: .invalidJob
            case .invalidJobState: .invalidJobState
            case .invalidNextToken: .invalidNextToken
            case .invalidNonce: .invalidNonce
            case .invalidStageDeclaration: .invalidStageDeclaration
            case .invalidStructure: .invalidStructure
            case .invalidTags: .invalidTags
            case .jobNotFound: .jobNotFound
            case .limitExceeded: .limitExceeded
            case .notLatestPipelineExecution: .notLatestPipelineExecution
            case .outputVariablesSizeExceeded: .outputVariablesSizeExceeded
            case .pipelineExecutionNotFound: .pipelineExecutionNotFound
            case .pipelineExecutionNotStoppable: .pipelineExecutionNotStoppable
            case .pipelineExecutionOutdated: .pipelineExecutionOutdated
            case .pipelineNameInUse: .pipelineNameInUse
            case .pipelineNotFound: .pipelineNotFound
            case .pipelineVersionNotFound: .pipelineVersionNotFound
            case .requestFailed: .requestFailed
            case .resourceNotFound: .resourceNotFound
            case .stageNotFound: .stageNotFound
            case .stageNotRetryable: .stageNotRetryable
            case .tooManyTags: .tooManyTags
            case .unableToRollbackStage: .unableToRollbackStage
            case .validation: .validation
            }
    }
}
