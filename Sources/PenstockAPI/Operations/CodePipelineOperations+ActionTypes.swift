// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockAccess
internal import PenstockModel
internal import PenstockRuntime
internal import PenstockWire

extension CodePipelineOperations {
    var actionTypeHandlers: [OperationHandler] {
        [
            OperationHandler(Operations.CreateCustomActionType.self, self.createCustomActionType),
            OperationHandler(Operations.DeleteCustomActionType.self, self.deleteCustomActionType),
            OperationHandler(Operations.ListActionTypes.self, self.listActionTypes),
            OperationHandler(Operations.GetActionType.self, self.getActionType),
            OperationHandler(Operations.UpdateActionType.self, self.updateActionType),
        ]
    }

    func createCustomActionType(
        _ input: CreateCustomActionTypeInput,
        _ call: APICall
    ) async throws -> CreateCustomActionTypeOutput {
        let definition = try ActionTypeDefinition(input)
        try await call.require("CreateCustomActionType", on: .actionType(definition.id, in: call.scope)) { context in
            context.setTags((input.tags ?? []).map { KeyedValue($0.key, $0.value) }, requested: true)
        }
        if [.approval, .compute].contains(definition.id.category) {
            throw Rejection(
                .validation,
                "Custom action types cannot be of category '\(definition.id.category.rawValue)'"
            )
        }
        try ActionTypeRules.check(definition)
        let arn = "arn:aws:codepipeline:\(call.scope.region):\(call.scope.account):actiontype:\(definition.id)"
        let tags = try input.tags.map { try TagRules.checked($0, on: arn) }
        let actionType = ActionType(definition)
        try await self.actionTypes.createCustom(
            call.context, definition, document: WireWriter.write(actionType), tags: tags ?? [])
        return CreateCustomActionTypeOutput(
            actionType: actionType,
            tags: tags.map { tags in tags.map { Tag(key: $0.key, value: $0.value) } }
        )
    }

    func deleteCustomActionType(_ input: DeleteCustomActionTypeInput, _ call: APICall) async throws -> NoOutput {
        let id = try PenstockModel.ActionTypeID(
            reading: WireActionTypeID(
                category: input.category, owner: .custom, provider: input.provider, version: input.version))
        try await call.require("DeleteCustomActionType", on: .actionType(id, in: call.scope))
        try await self.actionTypes.deleteCustom(call.context, id)
        return NoOutput()
    }

    func listActionTypes(_ input: ListActionTypesInput, _ call: APICall) async throws -> ListActionTypesOutput {
        try await call.require("ListActionTypes", on: .everything)
        let filters = [input.actionOwnerFilter?.rawValue, input.regionFilter]
        let tokens = PageTokens("ListActionTypes", call, filters: filters, context: self.context)
        let cursor: String? = try tokens.cursor(of: input.nextToken)
        var scope = call.scope
        if let name = input.regionFilter {
            guard let region = Region(name) else { return ListActionTypesOutput(actionTypes: []) }
            scope = Scope(account: scope.account, region: region)
        }
        let after = cursor.map { $0.split(separator: "/").map(String.init) } ?? []
        let types = try await self.actionTypes.usable(in: scope).filter { type in
            after.lexicographicallyPrecedes(type.id.sortKey)
                && (input.actionOwnerFilter.map { $0.rawValue == type.id.owner.rawValue } ?? true)
        }
        let page = try tokens.page(of: types, limit: Self.actionTypesPerPage) {
            $0.id.sortKey.joined(separator: "/")
        }
        return ListActionTypesOutput(actionTypes: page.rows.map { ActionType($0) }, nextToken: page.nextToken)
    }

    func getActionType(_ input: GetActionTypeInput, _ call: APICall) async throws -> GetActionTypeOutput {
        let id = try PenstockModel.ActionTypeID(
            ActionTypeIdentifier(
                category: input.category, owner: input.owner, provider: input.provider, version: input.version))
        try await call.require("GetActionType", on: .actionType(id, in: call.scope))
        let definition = try await self.actionTypes.executorType(id, for: call.scope)
        return GetActionTypeOutput(actionType: ActionTypeDeclaration(definition))
    }

    func updateActionType(_ input: UpdateActionTypeInput, _ call: APICall) async throws -> NoOutput {
        let definition = try ActionTypeDefinition(input.actionType)
        try await call.require("UpdateActionType", on: .actionType(definition.id, in: call.scope))
        try ActionTypeRules.check(definition)
        try await self.actionTypes.update(
            call.context,
            definition,
            document: WireWriter.write(input.actionType),
            mayCreate: call.isAdministrator
        )
        return NoOutput()
    }

    /// The request has no member that says.
    private static let actionTypesPerPage = 100
}
