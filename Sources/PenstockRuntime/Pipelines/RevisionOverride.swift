// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel

/// A revision that a start names for one source action, in place of the newest.
package struct RevisionOverride: Sendable, Hashable {
    /// What the value is. Raw values are the wire's.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case commitID = "COMMIT_ID"
        case imageDigest = "IMAGE_DIGEST"
        case objectVersionID = "S3_OBJECT_VERSION_ID"
        case objectKey = "S3_OBJECT_KEY"

        /// The source providers of the service that know such values.
        fileprivate var providers: Set<String> {
            switch self {
            case .commitID: ["CodeCommit", "CodeStarSourceConnection", "GitHub"]
            case .imageDigest: ["ECR"]
            case .objectVersionID, .objectKey: ["S3"]
            }
        }
    }

    package var actionName: String
    package var kind: Kind
    package var value: String

    package init(actionName: String, kind: Kind, value: String) {
        self.actionName = actionName
        self.kind = kind
        self.value = value
    }
}

/// The overrides of one start, checked in two parts: what is wrong by itself, and what does not fit the pipeline.
struct RevisionOverrides {
    private let overrides: [RevisionOverride]

    /// - Throws: ``Rejection`` when one action is given two values of one kind.
    init(_ overrides: [RevisionOverride]) throws {
        for (index, entry) in overrides.enumerated()
        where overrides[..<index].contains(where: { $0.actionName == entry.actionName && $0.kind == entry.kind }) {
            let problem = "Action '\(entry.actionName)' has more than one source revision of type"
            throw Rejection(.validation, "\(problem) \(entry.kind.rawValue)")
        }
        self.overrides = overrides
    }

    /// Adds to the request what the overrides fix for the actions of the pipeline.
    func apply(to request: inout StartRequest, of declaration: PipelineDeclaration) throws {
        guard !self.overrides.isEmpty else { return }
        guard declaration.pipelineType == .v2 else {
            throw Rejection(.validation, "Source revision overrides need a pipeline of type V2")
        }
        for entry in self.overrides {
            try Self.check(entry, in: declaration)
            switch entry.kind {
            case .objectKey:
                request.objectKeys.append(KeyedValue(entry.actionName, entry.value))
            case .commitID, .imageDigest, .objectVersionID:
                let revision = SourceRevision(revisionID: entry.value)
                request.boundRevisions.append(ActionRevision(actionName: entry.actionName, revision: revision))
            }
        }
    }

    private static func check(_ entry: RevisionOverride, in declaration: PipelineDeclaration) throws {
        let sources = declaration.stages.flatMap(\.actions).filter { $0.typeID.category == .source }
        guard let action = sources.first(where: { $0.name == entry.actionName }) else {
            let problem = "does not have a source action with name '\(entry.actionName)'"
            throw Rejection(.validation, "Pipeline '\(declaration.name)' \(problem)")
        }
        guard action.typeID.owner != .custom, entry.kind.providers.contains(action.typeID.provider) else {
            let problem = "cannot be given to source action '\(action.name)' of provider '\(action.typeID.provider)'"
            throw Rejection(.validation, "A source revision of type \(entry.kind.rawValue) \(problem)")
        }
        let allowsKey = action.configuration[key: "AllowOverrideForS3ObjectKey"]?.lowercased() == "true"
        guard entry.kind != .objectKey || allowsKey else {
            let problem = "Source action '\(action.name)' does not allow its object key to be overridden:"
            throw Rejection(.validation, "\(problem) AllowOverrideForS3ObjectKey must be true")
        }
    }
}
