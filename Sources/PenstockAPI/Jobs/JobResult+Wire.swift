// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockEngine
internal import PenstockModel
internal import PenstockRuntime
internal import PenstockWire

extension JobResult {
    /// - Throws: ``Rejection`` for a type that this version does not know, which reading a request rules out.
    init(failure details: PenstockWire.FailureDetails) throws {
        guard let type = PenstockModel.FailureType(rawValue: details.type.rawValue) else {
            throw Rejection(.validation, "'\(details.type.rawValue)' is not a type of failure")
        }
        self = .failure(
            PenstockModel.FailureDetails(type: type, message: details.message),
            externalExecutionID: details.externalExecutionID
        )
    }
}

extension ActionProgress {
    init(_ details: ExecutionDetails?, revision: CurrentRevision?) {
        self.init(
            summary: details?.summary,
            externalExecutionID: details?.externalExecutionID,
            percentComplete: details?.percentComplete,
            revision: revision.map { SourceRevision($0) }
        )
    }
}

extension PenstockModel.SourceRevision {
    fileprivate init(_ revision: CurrentRevision) {
        self.init(
            revisionID: revision.revision,
            changeID: revision.changeIdentifier,
            summary: revision.revisionSummary,
            created: revision.created.map { Timestamp(millisecondsSinceEpoch: $0.millisecondsSinceEpoch) }
        )
    }
}

extension JobStatus {
    init(_ status: PenstockEngine.Job.Status) { self.init(rawValue: status.rawValue) }
}

extension JobID {
    /// - Throws: ``Rejection`` `jobNotFound` for a text that cannot be an id: partners' ids have no pattern on the wire.
    init(reading text: String) throws {
        guard let id = JobID(text) else { throw JobRejections.notFound(text) }
        self = id
    }
}
