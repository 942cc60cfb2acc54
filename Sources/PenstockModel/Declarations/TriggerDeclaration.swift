// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// What happens to a pull request, as far as triggers tell it apart. Raw values are the wire's.
public enum PullRequestEvent: String, Sendable, Hashable, CaseIterable, StateCodable {
    case opened = "OPEN"
    case updated = "UPDATED"
    case closed = "CLOSED"
}

/// Glob patterns for names or paths. An exclude wins over every include.
public struct FilterCriteria: Sendable, Hashable, StateCodable {
    /// Empty lets everything in that is not excluded.
    public var includes: [String]
    public var excludes: [String]

    public init(includes: [String] = [], excludes: [String] = []) {
        self.includes = includes
        self.excludes = excludes
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(includes: try reader.readArray(), excludes: try reader.readArray())
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.includes)
        writer.write(self.excludes)
    }
}

/// Which pushes start a pipeline: of tags alone, or else of branches, of files, or of both together.
public struct PushFilter: Sendable, Hashable, StateCodable {
    public var tags: FilterCriteria?
    public var branches: FilterCriteria?
    public var filePaths: FilterCriteria?

    public init(tags: FilterCriteria? = nil, branches: FilterCriteria? = nil, filePaths: FilterCriteria? = nil) {
        self.tags = tags
        self.branches = branches
        self.filePaths = filePaths
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(
            tags: try reader.readOptional(),
            branches: try reader.readOptional(),
            filePaths: try reader.readOptional()
        )
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.tags)
        writer.write(self.branches)
        writer.write(self.filePaths)
    }
}

/// Which pull requests start a pipeline.
public struct PullRequestFilter: Sendable, Hashable, StateCodable {
    /// Empty stands for all of them.
    public var events: [PullRequestEvent]
    /// Of the branch that the pull request is for.
    public var branches: FilterCriteria?
    public var filePaths: FilterCriteria?

    public init(
        events: [PullRequestEvent] = [],
        branches: FilterCriteria? = nil,
        filePaths: FilterCriteria? = nil
    ) {
        self.events = events
        self.branches = branches
        self.filePaths = filePaths
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(
            events: try reader.readArray(),
            branches: try reader.readOptional(),
            filePaths: try reader.readOptional()
        )
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.events)
        writer.write(self.branches)
        writer.write(self.filePaths)
    }
}

/// Which events of a git repository start a pipeline, for one source action; it replaces the action's own detection.
///
/// One filter that passes is enough. Without any filter, every push to the action's own branch starts.
/// Source: AWS CodePipeline User Guide, Automate starting pipelines using triggers and filtering.
public struct TriggerDeclaration: Sendable, Hashable, StateCodable {
    /// A `CodeStarSourceConnection` action of the first stage; it has no other trigger.
    public var sourceActionName: String
    /// At most three.
    public var push: [PushFilter]
    /// At most three.
    public var pullRequest: [PullRequestFilter]

    public init(sourceActionName: String, push: [PushFilter] = [], pullRequest: [PullRequestFilter] = []) {
        self.sourceActionName = sourceActionName
        self.push = push
        self.pullRequest = pullRequest
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(
            sourceActionName: try reader.readString(),
            push: try reader.readArray(),
            pullRequest: try reader.readArray()
        )
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.sourceActionName)
        writer.write(self.push)
        writer.write(self.pullRequest)
    }

    /// Whether nothing narrows down what starts.
    public var hasNoFilters: Bool { self.push.isEmpty && self.pullRequest.isEmpty }
}
