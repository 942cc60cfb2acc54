// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockEngine
package import PenstockModel
package import PenstockStore

/// What somebody who approves is asked about: the execution with its revisions, what they change since the stage last
/// let one through, and who waits behind it.
package struct ApprovalRequest: Sendable, Hashable {
    /// A revision that the execution carries, beside the one that was released last.
    package struct Revision: Sendable, Hashable {
        package var current: ActionRevision
        /// What the source action had in ``ApprovalRequest/lastRelease``; `nil` when that had none.
        package var released: SourceRevision?

        package var isChanged: Bool { self.current.revision.revisionID != self.released?.revisionID }
    }

    /// An execution with the revisions that it carries.
    package struct Execution: Sendable, Hashable {
        package var id: PipelineExecutionID
        package var pipelineVersion: Int
        package var startedAt: Timestamp
        package var revisions: [ActionRevision]

        init(_ row: ExecutionRow) {
            self.id = row.id
            self.pipelineVersion = row.pipelineVersion
            self.startedAt = row.startedAt
            self.revisions = row.sourceRevisions
        }
    }

    /// Waiting executions that are shown; more are counted.
    package static let maximumWaiting = 20

    package var pipeline: PipelineKey
    package var stageName: String
    package var actionName: String
    /// What answers it.
    package var token: ActionExecutionID
    package var expires: Timestamp
    package var customData: String?
    package var externalEntityLink: String?
    package var execution: Execution
    package var revisions: [Revision]
    /// The execution that succeeded in the stage last; `nil` while none has.
    package var lastRelease: Execution?
    /// Who waits in front of the stage, the first to enter first, at most ``maximumWaiting``.
    package var waiting: [Execution]
    package var waitingCount: Int
}

extension ApprovalRequest {
    /// Reads what there is to say now about an approval that waits.
    ///
    /// - Parameter waiting: Who waits in front of its stage, the first to enter first.
    package init(
        _ start: ActionStart,
        of id: PipelineID,
        _ key: PipelineKey,
        waiting: [PipelineExecutionID],
        in reader: any StoreReader
    ) throws {
        guard let row = try reader.executionRow(start.executionID, of: id) else {
            throw StoreError(.corrupt, "execution \(start.executionID) of \(key) has no row")
        }
        self.pipeline = key
        self.stageName = start.stageName
        self.actionName = start.action.name
        self.token = start.id
        self.expires = start.deadline
        self.customData = start.resolvedConfiguration[key: "CustomData"]
        self.externalEntityLink = start.resolvedConfiguration[key: "ExternalEntityLink"]
        self.execution = Execution(row)
        self.lastRelease = try reader.lastSuccess(in: start.stageName, of: id).map { Execution($0) }
        self.waitingCount = waiting.count
        self.waiting = try waiting.prefix(Self.maximumWaiting).compactMap { other in
            try reader.executionRow(other, of: id).map { Execution($0) }
        }
        let released = self.lastRelease?.revisions ?? []
        self.revisions = row.sourceRevisions.map { current in
            let before = released.first {
                $0.actionName == current.actionName && $0.artifactName == current.artifactName
            }
            return Revision(current: current, released: before?.revision)
        }
    }
}
