// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension Administration {
    /// What an approval that waits is about: the execution and its revisions, what they change since the stage last let
    /// one through, and who waits behind it.
    package enum GetApproval: WireOperation {
        package typealias Input = GetApprovalInput
        package typealias Output = PendingApproval

        package static let name = "GetApproval"
        package static let exceptions: [ExceptionCode] = [
            .validation, .pipelineNotFound, .stageNotFound, .actionNotFound, .resourceNotFound,
        ]
    }
}

package struct GetApprovalInput: WireStructure {
    /// Required.
    package var pipelineName: String
    /// Required.
    package var stageName: String
    /// Required.
    package var actionName: String
    /// Which one, where several wait; without it the one that has waited for longest.
    package var token: String?

    /// Creates a value; nothing is checked before a service reads it.
    package init(pipelineName: String, stageName: String, actionName: String, token: String? = nil) {
        self.pipelineName = pipelineName
        self.stageName = stageName
        self.actionName = actionName
        self.token = token
    }

    private static let members = WireMembers(
        ["pipelineName", "stageName", "actionName", "token"], required: [0, 1, 2])

    package init?(from reader: inout WireReader) throws(WireError) {
        var pipelineName: String?
        var stageName: String?
        var actionName: String?
        var token: String?
        var object = try reader.beginObject(Self.members)
        while let member = try reader.nextMember(in: &object) {
            switch member {
            case 0: pipelineName = try reader.string(.pipelineName)
            case 1: stageName = try reader.string(.stageName)
            case 2: actionName = try reader.string(.actionName)
            default: token = try reader.string(.approvalToken)
            }
        }
        guard let pipelineName, let stageName, let actionName else { return nil }
        self.init(pipelineName: pipelineName, stageName: stageName, actionName: actionName, token: token)
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("pipelineName", self.pipelineName)
        writer.member("stageName", self.stageName)
        writer.member("actionName", self.actionName)
        writer.member("token", self.token)
        writer.endObject()
    }
}

package struct PendingApproval: WireStructure {
    package var pipelineName: String?
    package var stageName: String?
    package var actionName: String?
    /// What answers it.
    package var token: String?
    package var expires: WireTimestamp?
    package var customData: String?
    package var externalEntityLink: String?
    package var pipelineExecutionID: String?
    package var pipelineVersion: Int?
    package var revisions: [ApprovalRevision]?
    /// The execution that succeeded in the stage last; `nil` while none has.
    package var lastRelease: ApprovalExecution?
    /// All of them; ``waitingExecutions`` has the first.
    package var waitingExecutionCount: Int?
    package var waitingExecutions: [ApprovalExecution]?

    /// Creates a value without members.
    package init() {}

    private static let members = WireMembers([
        "pipelineName", "stageName", "actionName", "token", "expires", "customData", "externalEntityLink",
        "pipelineExecutionId", "pipelineVersion", "revisions", "lastRelease", "waitingExecutionCount",
        "waitingExecutions",
    ])

    package init?(from reader: inout WireReader) throws(WireError) {
        self.init()
        var object = try reader.beginObject(Self.members)
        while let member = try reader.nextMember(in: &object) {
            switch member {
            case 0: self.pipelineName = try reader.string()
            case 1: self.stageName = try reader.string()
            case 2: self.actionName = try reader.string()
            case 3: self.token = try reader.string()
            case 4: self.expires = try reader.timestamp()
            case 5: self.customData = try reader.string()
            case 6: self.externalEntityLink = try reader.string()
            case 7: self.pipelineExecutionID = try reader.string()
            case 8: self.pipelineVersion = try reader.integer()
            case 9: self.revisions = try reader.list(of: ApprovalRevision.self)
            case 10: self.lastRelease = try reader.structure(ApprovalExecution.self)
            case 11: self.waitingExecutionCount = try reader.integer()
            default: self.waitingExecutions = try reader.list(of: ApprovalExecution.self)
            }
        }
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("pipelineName", self.pipelineName)
        writer.member("stageName", self.stageName)
        writer.member("actionName", self.actionName)
        writer.member("token", self.token)
        writer.member("expires", self.expires)
        writer.member("customData", self.customData)
        writer.member("externalEntityLink", self.externalEntityLink)
        writer.member("pipelineExecutionId", self.pipelineExecutionID)
        writer.member("pipelineVersion", self.pipelineVersion)
        writer.member("revisions", self.revisions)
        writer.member("lastRelease", self.lastRelease)
        writer.member("waitingExecutionCount", self.waitingExecutionCount)
        writer.member("waitingExecutions", self.waitingExecutions)
        writer.endObject()
    }
}

/// A revision that an execution carries.
package struct ApprovalRevision: WireStructure {
    package var actionName: String?
    package var artifactName: String?
    package var revisionID: String?
    package var revisionSummary: String?
    package var revisionURL: String?
    /// What the last release carried of the same source; `nil` when that had none.
    package var releasedRevisionID: String?
    /// Whether that is another one; only where there is something to compare with.
    package var changed: Bool?

    /// Creates a value without members.
    package init() {}

    private static let members = WireMembers([
        "actionName", "artifactName", "revisionId", "revisionSummary", "revisionUrl", "releasedRevisionId", "changed",
    ])

    package init?(from reader: inout WireReader) throws(WireError) {
        self.init()
        var object = try reader.beginObject(Self.members)
        while let member = try reader.nextMember(in: &object) {
            switch member {
            case 0: self.actionName = try reader.string()
            case 1: self.artifactName = try reader.string()
            case 2: self.revisionID = try reader.string()
            case 3: self.revisionSummary = try reader.string()
            case 4: self.revisionURL = try reader.string()
            case 5: self.releasedRevisionID = try reader.string()
            default: self.changed = try reader.boolean()
            }
        }
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("actionName", self.actionName)
        writer.member("artifactName", self.artifactName)
        writer.member("revisionId", self.revisionID)
        writer.member("revisionSummary", self.revisionSummary)
        writer.member("revisionUrl", self.revisionURL)
        writer.member("releasedRevisionId", self.releasedRevisionID)
        writer.member("changed", self.changed)
        writer.endObject()
    }
}

/// An execution that an approval mentions.
package struct ApprovalExecution: WireStructure {
    package var pipelineExecutionID: String?
    package var pipelineVersion: Int?
    package var started: WireTimestamp?
    package var revisions: [ApprovalRevision]?

    /// Creates a value without members.
    package init() {}

    private static let members = WireMembers(["pipelineExecutionId", "pipelineVersion", "started", "revisions"])

    package init?(from reader: inout WireReader) throws(WireError) {
        self.init()
        var object = try reader.beginObject(Self.members)
        while let member = try reader.nextMember(in: &object) {
            switch member {
            case 0: self.pipelineExecutionID = try reader.string()
            case 1: self.pipelineVersion = try reader.integer()
            case 2: self.started = try reader.timestamp()
            default: self.revisions = try reader.list(of: ApprovalRevision.self)
            }
        }
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("pipelineExecutionId", self.pipelineExecutionID)
        writer.member("pipelineVersion", self.pipelineVersion)
        writer.member("started", self.started)
        writer.member("revisions", self.revisions)
        writer.endObject()
    }
}
