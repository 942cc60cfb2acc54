// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// What the credentials of one job may do in another store: read its inputs and write its outputs.
///
/// Source: AWS Security Token Service API Reference, AssumeRole; IAM JSON policy reference.
package struct SessionPolicy: Sendable, Hashable {
    /// The longest session policy that is taken, in characters.
    package static let maximumLength = 2048
    static let readActions = ["s3:GetObject"]
    /// Of one piece or of parts.
    static let writeActions = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]

    /// ARNs of objects. A `*` at the end stands for all that begin alike.
    package var reading: [String]
    package var writing: [String]

    package init(reading: [String], writing: [String]) {
        self.reading = reading
        self.writing = writing
    }

    /// JSON. The ARNs have no characters that JSON would have to escape.
    package var document: String {
        var statements: [String] = []
        func allow(_ actions: [String], _ resources: [String]) {
            guard !resources.isEmpty else { return }
            statements.append(
                #"{"Effect":"Allow","Action":\#(Self.array(actions)),"Resource":\#(Self.array(resources))}"#)
        }
        allow(Self.readActions, self.reading)
        allow(Self.writeActions, self.writing)
        // A policy has a statement, also that of a job without artifacts.
        if statements.isEmpty { statements = [#"{"Effect":"Deny","Action":"*","Resource":"*"}"#] }
        return #"{"Version":"2012-10-17","Statement":[\#(statements.joined(separator: ","))]}"#
    }

    private static func array(_ texts: [String]) -> String {
        "[" + texts.map { "\"\($0)\"" }.joined(separator: ",") + "]"
    }
}
