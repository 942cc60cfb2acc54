// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// A job that has not ended: whose work it is, who has it, and until when.
package struct OpenJob: WireStructure {
    package var jobID: String?
    package var pipelineName: String?
    package var pipelineExecutionID: String?
    package var stageName: String?
    package var actionName: String?
    package var actionExecutionID: String?
    package var actionTypeID: ActionTypeID?
    package var status: JobStatus?
    /// The customer's connection; `nil` for other than partner jobs, and for a partner job that nobody can take for
    /// want of one.
    package var clientID: String?
    package var created: WireTimestamp?
    /// The ARN of whoever was handed the job last.
    package var takenBy: String?
    /// When the taker acknowledged the job, or else was handed it.
    package var takenAt: WireTimestamp?
    /// When the job, or its action, ends for want of time.
    package var timesOutAt: WireTimestamp?
    /// Whether nothing was heard of the job for longer than the service's threshold.
    package var silent: Bool?
    /// What somebody who wonders why nothing happens should know, in words.
    package var notice: String?

    /// Creates a value without members.
    package init() {}

    private static let members = WireMembers([
        "jobId", "pipelineName", "pipelineExecutionId", "stageName", "actionName", "actionExecutionId",
        "actionTypeId", "status", "clientId", "created", "takenBy", "takenAt", "timesOutAt", "silent", "notice",
    ])

    package init?(from reader: inout WireReader) throws(WireError) {
        self.init()
        var object = try reader.beginObject(Self.members)
        while let member = try reader.nextMember(in: &object) {
            switch member {
            case 0: self.jobID = try reader.string(.jobID)
            case 1: self.pipelineName = try reader.string(.pipelineName)
            case 2: self.pipelineExecutionID = try reader.string()
            case 3: self.stageName = try reader.string(.stageName)
            case 4: self.actionName = try reader.string(.actionName)
            case 5: self.actionExecutionID = try reader.string()
            case 6: self.actionTypeID = try reader.structure(ActionTypeID.self)
            case 7: self.status = try reader.enumeration(JobStatus.self)
            case 8: self.clientID = try reader.string(.clientID)
            case 9: self.created = try reader.timestamp()
            case 10: self.takenBy = try reader.string()
            case 11: self.takenAt = try reader.timestamp()
            case 12: self.timesOutAt = try reader.timestamp()
            case 13: self.silent = try reader.boolean()
            default: self.notice = try reader.string()
            }
        }
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("jobId", self.jobID)
        writer.member("pipelineName", self.pipelineName)
        writer.member("pipelineExecutionId", self.pipelineExecutionID)
        writer.member("stageName", self.stageName)
        writer.member("actionName", self.actionName)
        writer.member("actionExecutionId", self.actionExecutionID)
        writer.member("actionTypeId", self.actionTypeID)
        writer.member("status", self.status)
        writer.member("clientId", self.clientID)
        writer.member("created", self.created)
        writer.member("takenBy", self.takenBy)
        writer.member("takenAt", self.takenAt)
        writer.member("timesOutAt", self.timesOutAt)
        writer.member("silent", self.silent)
        writer.member("notice", self.notice)
        writer.endObject()
    }
}
