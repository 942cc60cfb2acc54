// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// What an artifact of one attempt of an action is called where workers of another store find it, or put it.
package struct StagedName: Sendable, Hashable {
    /// Whether workers get it, or put it.
    package enum Direction: String, Sendable, Hashable, CaseIterable { case input, output }

    /// The attempt.
    package var action: ActionExecutionID
    package var direction: Direction
    /// The artifact's name in the pipeline: letters, digits, `_` and `-`.
    package var artifact: String

    /// Creates the name of one artifact.
    package init(_ action: ActionExecutionID, _ direction: Direction, _ artifact: String) {
        self.action = action
        self.direction = direction
        self.artifact = artifact
    }
}

/// Credentials of another store that stop working by themselves. They show only whose they are.
package struct StagingCredentials: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// What the store's own log knows them by.
    package var accessKeyID: String
    /// What requests are signed with.
    package var secretAccessKey: String
    /// What is sent with each request.
    package var sessionToken: String

    /// Creates them of what an STS answers.
    package init(accessKeyID: String, secretAccessKey: String, sessionToken: String) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }

    package var description: String { "credentials \(self.accessKeyID)" }
    package var customMirror: Mirror { Mirror(self, children: ["accessKeyID": self.accessKeyID]) }
}

/// What is said of an object besides its content.
package struct StagedMetadata: Sendable, Hashable {
    /// Of ``ObjectDetails/contentHeaders``, in order.
    package var headers: [KeyedValue]
    /// Without the prefix of their headers, lower case, in order.
    package var metadata: [KeyedValue]

    /// Creates what an object has that was put by a worker.
    package init(headers: [KeyedValue] = [], metadata: [KeyedValue] = []) {
        self.headers = headers
        self.metadata = metadata
    }

    /// What another store may be told of an object of this one.
    init(_ details: ObjectDetails) {
        self.headers = details.headers.filter { ObjectDetails.contentHeaders.contains($0.key) }
        self.metadata = details.metadata
    }
}

/// An object that a worker has put, opened for reading.
package struct StagedObject: Sendable {
    package var sizeBytes: Int64
    /// As the worker said it.
    package var metadata: StagedMetadata
    /// All of its bytes; `nil` when it has none.
    package var run: (any BlobRun)?

    /// Creates an object that was found.
    package init(sizeBytes: Int64, metadata: StagedMetadata, run: (any BlobRun)?) {
        self.sizeBytes = sizeBytes
        self.metadata = metadata
        self.run = run
    }
}

/// The place in the other store where workers get the inputs of their jobs and put the outputs, with credentials that
/// reach exactly those.
///
/// What lies there is for the time of an attempt: inputs are copies of blobs, outputs are taken into the artifact store
/// when their job succeeds. Every call may be repeated, and several callers may make the same one at once; what they throw
/// is a failure of the store or of its STS, which the same call may not meet later.
package protocol StagedObjects: Sendable {
    /// Where workers find the object, or put it.
    func location(of name: StagedName) -> (bucket: String, key: String)

    /// The size of the object; `nil` when it is not there.
    func sizeBytes(of name: StagedName) async throws -> Int64?

    /// Makes the object of the content of blobs, in their order, without moving bytes through here.
    func make(
        _ name: StagedName, of blobs: [(name: BlobName, sizeBytes: Int64)], _ metadata: StagedMetadata
    ) async throws

    /// Opens an object; `nil` when it is not there.
    func open(_ name: StagedName) async throws -> StagedObject?

    /// Credentials that may read and write these objects, and nothing else.
    ///
    /// - Parameters:
    ///   - session: Names who has them, in the store's own log: 2 to 64 letters, digits and `_=,.@-`.
    ///   - lifetime: 15 minutes at least.
    func credentials(
        reading: [StagedName], writing: [StagedName], session: String, lifetime: Duration
    ) async throws -> StagingCredentials

    /// The attempts of which there is anything, be it a put that was not completed.
    func actions() async throws -> [ActionExecutionID]

    /// Removes the inputs and outputs of an attempt, and what interrupted puts of them left.
    ///
    /// - Parameter age: What was written later than so long ago stays; `nil` for everything.
    func removeAll(of action: ActionExecutionID, olderThan age: Duration?) async throws
}
