// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

extension Session: StateCodable {
    /// Raised when the form changes; tokens of another format do not open, and clients get new ones.
    private static let format = 1

    package func encode(to writer: inout StateWriter) {
        writer.write(Self.format)
        writer.write(self.scope.account.rawValue)
        writer.write(self.scope.region.rawValue)
        writer.write(self.principalName)
        writer.write(self.expiresAt)
        writer.write(self.grant)
    }

    package init(from reader: inout StateReader) throws(StateDecodingError) {
        guard try reader.read(Int.self) == Self.format,
            let account = AccountID(try reader.readString()),
            let region = Region(try reader.readString())
        else { throw StateDecodingError("not a session of this format") }
        let principalName = try reader.readString()
        let expiresAt = try reader.read(Timestamp.self)
        self.init(
            scope: Scope(account: account, region: region),
            principalName: principalName,
            grant: try reader.read(),
            expiresAt: expiresAt
        )
    }
}

extension SessionGrant: StateCodable {
    package func encode(to writer: inout StateWriter) {
        switch self {
        case .job(let grant):
            writer.write(1 as Int)
            writer.write(grant.jobID)
            writer.write(grant.dispatch)
            writer.write(grant.actionExecutionID)
            writer.write(grant.read)
            writer.write(grant.write)
        case .policies(let policies):
            writer.write(2 as Int)
            writer.write(policies.map(\.source))
        }
    }

    package init(from reader: inout StateReader) throws(StateDecodingError) {
        switch try reader.read(Int.self) {
        case 1:
            let jobID = try reader.read(JobID.self)
            let dispatch = try reader.read(Int.self)
            let actionExecutionID = try reader.read(ActionExecutionID.self)
            self = .job(
                JobGrant(
                    jobID: jobID,
                    dispatch: dispatch,
                    actionExecutionID: actionExecutionID,
                    read: try reader.readArray(),
                    write: try reader.readArray()
                )
            )
        case 2:
            var policies: [PolicyDocument] = []
            for source in try reader.readArray(String.self) {
                guard let policy = try? PolicyDocument(parsing: source) else {
                    throw StateDecodingError("not a policy")
                }
                policies.append(policy)
            }
            self = .policies(policies)
        case let other:
            throw StateDecodingError("\(other) is not a kind of grant")
        }
    }
}

extension ObjectGrant: StateCodable {
    package func encode(to writer: inout StateWriter) {
        writer.write(self.bucket)
        writer.write(self.key)
        writer.write(self.versionID)
    }

    package init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(
            bucket: try reader.readString(),
            key: try reader.readString(),
            versionID: try reader.readOptional()
        )
    }
}
