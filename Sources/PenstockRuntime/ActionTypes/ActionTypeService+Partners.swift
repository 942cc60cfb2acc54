// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel
import PenstockStore

extension ActionTypeService {
    /// The definition of a type with an executor that the account may use or owns.
    ///
    /// - Throws: ``Rejection`` with code `.actionTypeNotFound` for everything else.
    package func executorType(_ id: ActionTypeID, for scope: Scope) async throws -> ActionTypeDefinition {
        guard let definition = try await self.definition(id, for: scope), definition.executor != nil else {
            throw ActionTypeRejections.notFound(id)
        }
        return definition
    }

    /// Replaces the definition of a type that the account registered.
    ///
    /// Pipelines that use the type stay valid, so a change that could break one is refused and needs a new version.
    ///
    /// - Parameters:
    ///   - definition: Checked by the API before.
    ///   - document: The definition as the API answers it.
    ///   - mayCreate: Registers the type when nobody has. On the live service that is a step of its own, done by hand.
    package func update(
        _ call: CallContext,
        _ definition: ActionTypeDefinition,
        document: [UInt8],
        mayCreate: Bool
    ) async throws {
        let id = definition.id
        let now = self.context.clock.now
        if BuiltInActionTypes.definitions[id] != nil {
            throw Self.refused("the action type is the service's own and cannot be changed")
        }
        guard id.owner == .thirdParty else { throw ActionTypeRejections.notFound(id) }
        try await self.context.store.write { transaction in
            try transaction.lock(.partnerActionTypes(call.scope.region))
            let existing = try transaction.partnerActionType(id, in: call.scope.region)
            if let existing {
                guard existing.account == call.scope.account else { throw ActionTypeRejections.notFound(id) }
                if let reason = definition.incompatibility(with: existing.definition) { throw Self.refused(reason) }
            } else if !mayCreate {
                throw ActionTypeRejections.notFound(id)
            }
            let row = ActionTypeRow(
                region: call.scope.region,
                account: call.scope.account,
                definition: definition,
                document: document,
                tags: existing?.tags ?? [],
                created: existing?.created ?? now
            )
            try transaction.putActionType(row)
            try call.audit("UpdateActionType", "actiontype:\(id)", at: now, in: transaction)
        }
        self.context.catalog.invalidate()
    }

    private static func refused(_ reason: String) -> Rejection {
        Rejection(.requestFailed, "The request failed: \(reason)")
    }
}

extension ActionTypeDefinition {
    /// Why actions declared for the older definition could be invalid under this one; `nil` if none can.
    ///
    /// Source: AWS CodePipeline User Guide, Working with action types.
    func incompatibility(with old: Self) -> String? {
        let before = Dictionary(old.properties.map { ($0.name, $0) }) { first, _ in first }
        for property in self.properties where property.isRequired {
            guard let former = before[property.name] else {
                return "the new property '\(property.name)' must be optional"
            }
            if !former.isRequired { return "the optional property '\(property.name)' cannot become required" }
        }
        let kept = Set(self.properties.map(\.name))
        if let removed = old.properties.first(where: { $0.isRequired && !kept.contains($0.name) }) {
            return "the required property '\(removed.name)' cannot be removed"
        }
        if self.inputArtifacts.isNarrower(than: old.inputArtifacts) {
            return "the range of input artifacts cannot become narrower"
        }
        if self.outputArtifacts.isNarrower(than: old.outputArtifacts) {
            return "the range of output artifacts cannot become narrower"
        }
        return nil
    }
}

extension ArtifactCount {
    fileprivate func isNarrower(than other: Self) -> Bool {
        self.minimum > other.minimum || self.maximum < other.maximum
    }
}
