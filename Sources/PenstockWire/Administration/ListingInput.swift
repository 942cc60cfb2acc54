// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Which jobs or connections of the account are listed.
package struct ListingInput: WireStructure {
    /// Optional; those of one pipeline.
    package var pipelineName: String?
    /// Optional; 1 to 2048 characters.
    package var nextToken: String?
    /// Optional; 1 to 1000, otherwise 100.
    package var maxResults: Int?

    /// Creates a value; nothing is checked before a service reads it.
    package init(pipelineName: String? = nil, nextToken: String? = nil, maxResults: Int? = nil) {
        self.pipelineName = pipelineName
        self.nextToken = nextToken
        self.maxResults = maxResults
    }

    private static let members = WireMembers(["pipelineName", "nextToken", "maxResults"])

    package init?(from reader: inout WireReader) throws(WireError) {
        self.init()
        var object = try reader.beginObject(Self.members)
        while let member = try reader.nextMember(in: &object) {
            switch member {
            case 0: self.pipelineName = try reader.string(.pipelineName)
            case 1: self.nextToken = try reader.string(.nextToken)
            default: self.maxResults = try reader.integer(.administrationPage)
            }
        }
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("pipelineName", self.pipelineName)
        writer.member("nextToken", self.nextToken)
        writer.member("maxResults", self.maxResults)
        writer.endObject()
    }
}
