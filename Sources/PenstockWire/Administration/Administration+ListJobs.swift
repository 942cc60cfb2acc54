// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension Administration {
    /// The account's jobs that have not ended, the oldest first.
    package enum ListJobs: WireOperation {
        package typealias Input = ListingInput
        package typealias Output = ListJobsOutput

        package static let name = "ListJobs"
        package static let exceptions: [ExceptionCode] = [.validation, .invalidNextToken, .pipelineNotFound]
    }
}

/// A page of jobs.
package struct ListJobsOutput: WireStructure {
    package var jobs: [OpenJob]?
    /// What asks for the next page; `nil` after the last one.
    package var nextToken: String?

    /// Creates a value.
    package init(jobs: [OpenJob]? = nil, nextToken: String? = nil) {
        self.jobs = jobs
        self.nextToken = nextToken
    }

    private static let members = WireMembers(["jobs", "nextToken"])

    package init?(from reader: inout WireReader) throws(WireError) {
        self.init()
        var object = try reader.beginObject(Self.members)
        while let member = try reader.nextMember(in: &object) {
            switch member {
            case 0: self.jobs = try reader.list(of: OpenJob.self)
            default: self.nextToken = try reader.string(.nextToken)
            }
        }
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("jobs", self.jobs)
        writer.member("nextToken", self.nextToken)
        writer.endObject()
    }
}
