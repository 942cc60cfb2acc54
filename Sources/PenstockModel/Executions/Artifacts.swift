// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// An object of a bucket, at one version once that is known.
public struct ObjectLocation: Sendable, Hashable, StateCodable {
    public var bucket: String
    public var key: String
    /// `nil` until the object is pinned: readers then get the newest version.
    public var versionID: String?

    public init(bucket: String, key: String, versionID: String? = nil) {
        self.bucket = bucket
        self.key = key
        self.versionID = versionID
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(
            bucket: try reader.readString(),
            key: try reader.readString(),
            versionID: try reader.readOptional()
        )
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.bucket)
        writer.write(self.key)
        writer.write(self.versionID)
    }
}

/// A named artifact and where its bytes are, or are to be put.
public struct ArtifactReference: Sendable, Hashable, StateCodable {
    public var name: String
    public var location: ObjectLocation
    /// The revision that a source made it from, where it said one; `nil` for what other actions made.
    public var revisionID: String?

    public init(name: String, location: ObjectLocation, revisionID: String? = nil) {
        self.name = name
        self.location = location
        self.revisionID = revisionID
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(
            name: try reader.readString(),
            location: try reader.read(),
            revisionID: reader.format < 2 ? nil : try reader.readOptional()
        )
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.name)
        writer.write(self.location)
        writer.write(self.revisionID)
    }
}

/// A revision as a source, a worker or PutActionRevision names it.
public struct SourceRevision: Sendable, Hashable, StateCodable {
    public var revisionID: String
    public var changeID: String?
    public var summary: String?
    public var url: String?
    public var created: Timestamp?

    public init(
        revisionID: String,
        changeID: String? = nil,
        summary: String? = nil,
        url: String? = nil,
        created: Timestamp? = nil
    ) {
        self.revisionID = revisionID
        self.changeID = changeID
        self.summary = summary
        self.url = url
        self.created = created
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(
            revisionID: try reader.readString(),
            changeID: try reader.readOptional(),
            summary: try reader.readOptional(),
            url: try reader.readOptional(),
            created: try reader.readOptional()
        )
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.revisionID)
        writer.write(self.changeID)
        writer.write(self.summary)
        writer.write(self.url)
        writer.write(self.created)
    }
}

/// The revision that one source action of an execution carries.
public struct ActionRevision: Sendable, Hashable, StateCodable {
    public var actionName: String
    /// The output artifact it became; `nil` while only bound by a trigger.
    public var artifactName: String?
    public var revision: SourceRevision

    public init(actionName: String, artifactName: String? = nil, revision: SourceRevision) {
        self.actionName = actionName
        self.artifactName = artifactName
        self.revision = revision
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(
            actionName: try reader.readString(),
            artifactName: try reader.readOptional(),
            revision: try reader.read()
        )
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.actionName)
        writer.write(self.artifactName)
        writer.write(self.revision)
    }
}
