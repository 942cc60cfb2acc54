// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// A resource with tags that conditions can look at.
package enum TaggedResource: Sendable, Hashable {
    case pipeline(PipelineKey)
    case actionType(ActionTypeID, in: Scope)
}

/// A resource that an action needs a right on.
package struct RequiredResource: Sendable, Hashable {
    /// The first is the one that a refusal names.
    let alternatives: [String]
    /// Whose tags count; of a stage and of an action those of the pipeline.
    package let tagged: TaggedResource?

    private init(_ alternatives: [String], tagged: TaggedResource? = nil) {
        self.alternatives = alternatives
        self.tagged = tagged
    }

    /// What a refusal names.
    package var name: String { self.alternatives.first ?? "*" }

    /// For actions without resource-level permissions.
    package static let everything = Self(["*"])

    package static func arn(_ arn: String) -> Self { Self([arn]) }

    package static func pipeline(_ pipeline: PipelineKey) -> Self {
        Self([pipeline.arn], tagged: .pipeline(pipeline))
    }

    /// A stage: a right on the stage or on its pipeline will do, if neither is denied.
    ///
    /// The public documentation names both, and real policies use both.
    package static func stage(_ stage: String, of pipeline: PipelineKey) -> Self {
        Self(["\(pipeline.arn)/\(stage)", pipeline.arn], tagged: .pipeline(pipeline))
    }

    package static func action(_ action: String, stage: String, of pipeline: PipelineKey) -> Self {
        Self(["\(pipeline.arn)/\(stage)/\(action)"], tagged: .pipeline(pipeline))
    }

    package static func actionType(_ id: ActionTypeID, in scope: Scope) -> Self {
        let path = "\(id.owner.rawValue)/\(id.category.rawValue)/\(id.provider)/\(id.version)"
        let arn = "arn:aws:codepipeline:\(scope.region):\(scope.account):actiontype:\(path)"
        return Self([arn], tagged: .actionType(id, in: scope))
    }

    package static func object(bucket: String, key: String) -> Self { Self(["arn:aws:s3:::\(bucket)/\(key)"]) }

    package static func bucket(_ bucket: String) -> Self { Self(["arn:aws:s3:::\(bucket)"]) }
}

/// Why a request may not do what it asks; its text is what the client reads.
package struct AccessDenial: Error, Sendable, Hashable, CustomStringConvertible {
    package var principalARN: String
    package var action: String
    package var resource: String
    /// Whether a statement denies it, rather than none allowing it.
    package var isExplicit: Bool

    package init(principalARN: String, action: String, resource: String, isExplicit: Bool) {
        self.principalARN = principalARN
        self.action = action
        self.resource = resource
        self.isExplicit = isExplicit
    }

    /// Source: AWS Service Authorization Reference and IAM User Guide, Troubleshooting access denied error messages.
    package var description: String {
        let what =
            "User: \(self.principalARN) is not authorized to perform: \(self.action) on resource: \(self.resource)"
        if self.isExplicit { return "\(what) with an explicit deny in an identity-based policy" }
        if self.action == "iam:PassRole" { return what }
        return "\(what) because no identity-based policy allows the \(self.action) action"
    }
}

/// Decides what principals may do: an explicit denial wins, then any allowance, and the rest is denied.
package enum Authorizer {
    /// Decides one action.
    ///
    /// - Parameters:
    ///   - action: With its service, as in `codepipeline:PutApprovalResult`.
    ///   - resources: Each of them is needed.
    ///   - context: What conditions can see; the principal's own keys are added here.
    /// - Returns: `nil` when the action is allowed.
    package static func denial(
        of principal: Principal,
        action: String,
        resources: [RequiredResource],
        context: AccessContext = AccessContext()
    ) -> AccessDenial? {
        precondition(!resources.isEmpty, "an action without resource-level permissions is checked against everything")
        switch principal.kind {
        case .administrator:
            return nil
        case .user(let policies), .session(.policies(let policies)):
            let evaluation = PolicyEvaluation(policies, action: action, context: context.adding(principal))
            return self.firstDenial(principal, action, resources) { evaluation.verdict(on: $0) }
        case .session(.job(let grant)):
            return self.firstDenial(principal, action, resources) { grant.allows(action: action, on: $0) }
        }
    }

    /// Throws the denial, if there is one.
    package static func authorize(
        _ principal: Principal,
        action: String,
        resources: [RequiredResource],
        context: AccessContext = AccessContext()
    ) throws(AccessDenial) {
        let denial = self.denial(of: principal, action: action, resources: resources, context: context)
        if let denial { throw denial }
    }

    private static func firstDenial(
        _ principal: Principal,
        _ action: String,
        _ resources: [RequiredResource],
        verdict: (String) -> PolicyVerdict
    ) -> AccessDenial? {
        for resource in resources {
            let verdicts = resource.alternatives.map(verdict)
            let denied = verdicts.firstIndex(of: .denied)
            if denied == nil, verdicts.contains(.allowed) { continue }
            return AccessDenial(
                principalARN: principal.arn,
                action: action,
                resource: resource.alternatives[denied ?? 0],
                isExplicit: denied != nil
            )
        }
        return nil
    }
}

/// What policies say about one action on one resource.
enum PolicyVerdict: Sendable, Hashable {
    case allowed, denied, silent
}

/// One action asked of a set of policies.
struct PolicyEvaluation {
    private let statements: [PolicyStatement]
    private let action: [Unicode.Scalar]
    private let context: AccessContext

    init(_ policies: [PolicyDocument], action: String, context: AccessContext) {
        self.statements = policies.flatMap(\.statements)
        self.action = Array(action.lowercased().unicodeScalars)
        self.context = context
    }

    func verdict(on resource: String) -> PolicyVerdict {
        let name = ResourceName(resource)
        var verdict = PolicyVerdict.silent
        for statement in self.statements {
            // An allowance adds nothing once there is one.
            guard statement.effect == .deny || verdict == .silent else { continue }
            guard statement.applies(action: self.action, resource: name, context: self.context) else { continue }
            switch statement.effect {
            case .deny: return .denied
            case .allow: verdict = .allowed
            }
        }
        return verdict
    }
}

extension JobGrant {
    private static let readActions: Set = ["s3:GetObject", "s3:GetObjectVersion"]
    private static let writeActions: Set = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]

    /// Reading its inputs and writing its outputs is all that a job's credentials can do; versions are for the artifact
    /// store to compare.
    fileprivate func allows(action: String, on resource: String) -> PolicyVerdict {
        func named(_ object: ObjectGrant) -> Bool { resource == "arn:aws:s3:::\(object.bucket)/\(object.key)" }
        if Self.readActions.contains(action), self.read.contains(where: named) { return .allowed }
        if Self.writeActions.contains(action), self.write.contains(where: named) { return .allowed }
        return .silent
    }
}
