// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockWire

extension ApprovalsCommand {
    /// What somebody who approves wants to know, for people.
    static func text(_ approval: PendingApproval) -> String {
        var facts = TextTable("APPROVAL", "EXECUTION", "VERSION", "EXPIRES", "TOKEN")
        let place = [approval.pipelineName, approval.stageName, approval.actionName].compactMap { $0 }
        facts.add(
            place.joined(separator: "/"), approval.pipelineExecutionID, approval.pipelineVersion.map { "\($0)" },
            approval.expires?.text, approval.token)
        var revisions = TextTable("SOURCE", "REVISION", "RELEASED", "CHANGED", "SUMMARY")
        for each in approval.revisions ?? [] {
            revisions.add(
                each.actionName, each.revisionID, each.releasedRevisionID, each.changed.map { $0 ? "yes" : "no" },
                each.revisionSummary)
        }
        var waiting = TextTable("WAITING BEHIND IT", "SINCE", "REVISIONS")
        for each in approval.waitingExecutions ?? [] {
            let ids = (each.revisions ?? []).compactMap(\.revisionID).joined(separator: ", ")
            waiting.add(each.pipelineExecutionID, each.started?.text, ids)
        }
        let notes = [
            approval.customData.map { "says: \($0)" }, approval.externalEntityLink.map { "look at: \($0)" },
            "last released: \(approval.lastRelease?.pipelineExecutionID ?? "nothing")",
        ]
        let parts = [facts.text, notes.compactMap { $0 }.map(TextTable.plain).joined(separator: "\n"), revisions.text]
        let rest = (approval.waitingExecutionCount ?? 0) == 0 ? [] : [waiting.text]
        return (parts + rest).joined(separator: "\n\n")
    }
}
