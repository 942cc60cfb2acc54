// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockAccess
internal import PenstockModel
internal import PenstockRuntime
internal import PenstockStore
internal import PenstockWire

extension CodePipelineOperations {
    var pipelineHandlers: [OperationHandler] {
        [
            OperationHandler(Operations.CreatePipeline.self, encoded: self.createPipeline),
            OperationHandler(Operations.GetPipeline.self, encoded: self.getPipeline),
            OperationHandler(Operations.UpdatePipeline.self, encoded: self.updatePipeline),
            OperationHandler(Operations.DeletePipeline.self, self.deletePipeline),
            OperationHandler(Operations.ListPipelines.self, self.listPipelines),
        ]
    }

    func createPipeline(_ input: CreatePipelineInput, _ call: APICall) async throws -> [UInt8] {
        let key = call.context.pipeline(input.pipeline.name)
        try await call.require("CreatePipeline", on: .pipeline(key)) { context in
            context.setTags((input.tags ?? []).map { KeyedValue($0.key, $0.value) }, requested: true)
        }
        try call.requirePassingRoles(of: input.pipeline)
        let definition = try await self.definition(of: input.pipeline, type: input.pipeline.type(), call)
        try definition.requireClearSecrets()
        let tags = try input.tags.map { try TagRules.checked($0, on: key.arn) }
        let version = try await self.pipelines.create(call.context, definition, tags: tags ?? [])
        return PipelineAnswers.changed(version, tags: tags)
    }

    func getPipeline(_ input: GetPipelineInput, _ call: APICall) async throws -> [UInt8] {
        try await call.require("GetPipeline", on: .pipeline(call.context.pipeline(input.name)))
        let found = try await self.pipelines.description(call.context, name: input.name, version: input.version)
        return PipelineAnswers.described(found.version, found.summary, pollingDisabledAt: found.pollingDisabledAt)
    }

    func updatePipeline(_ input: UpdatePipelineInput, _ call: APICall) async throws -> [UInt8] {
        try await call.require("UpdatePipeline", on: .pipeline(call.context.pipeline(input.pipeline.name)))
        try call.requirePassingRoles(of: input.pipeline)
        for _ in 0..<Self.maximumAttempts {
            let name = input.pipeline.name
            let current = try await self.pipelines.version(call.context, name: name, version: nil).summary.pipelineType
            let type = input.pipeline.type(current: current)
            let definition = try await self.definition(of: input.pipeline, type: type, call)
            // The rules for a declaration depend on the type, which another update may change meanwhile.
            let isDeclared = input.pipeline.pipelineType != nil
            let updated = try await self.pipelines.update(call.context, definition, of: isDeclared ? nil : current)
            if let updated { return PipelineAnswers.changed(updated) }
        }
        throw Rejection(.concurrentModification, "Pipeline '\(input.pipeline.name)' is being updated by others")
    }

    /// How often an update begins again because another one has changed the pipeline's type.
    private static let maximumAttempts = 16

    func deletePipeline(_ input: DeletePipelineInput, _ call: APICall) async throws -> NoOutput {
        try await call.require("DeletePipeline", on: .pipeline(call.context.pipeline(input.name)))
        try await self.pipelines.delete(call.context, name: input.name)
        return NoOutput()
    }

    func listPipelines(_ input: ListPipelinesInput, _ call: APICall) async throws -> ListPipelinesOutput {
        try await call.require("ListPipelines", on: .everything)
        let tokens = PageTokens("ListPipelines", call, context: self.context)
        let limit = input.maxResults ?? Self.pipelinesPerPage
        let after: String? = try tokens.cursor(of: input.nextToken)
        let rows = try await self.pipelines.list(call.context, after: after ?? "", limit: limit + 1)
        let page = try tokens.page(of: rows, limit: limit) { $0.key.name }
        return ListPipelinesOutput(pipelines: page.rows.map { PipelineSummary($0) }, nextToken: page.nextToken)
    }

    /// Where a request does not say.
    private static let pipelinesPerPage = 1000

    // MARK: Declarations

    /// What is to be kept of a submitted declaration, if it keeps the rules.
    private func definition(
        of pipeline: WirePipeline,
        type: PenstockModel.PipelineType,
        _ call: APICall
    ) async throws -> PipelineDefinition {
        let types = try await self.declaredTypes(of: pipeline, call)
        let problems = PipelineRules.problems(of: pipeline, type: type, in: call.scope.region) { types[$0] }
        if let problem = problems.first { throw problem }
        return PipelineDefinition(pipeline, type: type) { types[$0] }
    }

    /// The types that the pipeline's actions name, as far as they may be used in its account and region.
    private func declaredTypes(
        of pipeline: WirePipeline,
        _ call: APICall
    ) async throws -> [PenstockModel.ActionTypeID: ActionTypeDefinition] {
        let named = pipeline.stages.flatMap(\.actions).compactMap { PenstockModel.ActionTypeID($0.actionTypeID) }
        return try await self.actionTypes.definitions(Set(named), for: call.scope)
    }
}

extension APICall {
    /// Whoever declares a pipeline hands roles over to it.
    func requirePassingRoles(of pipeline: WirePipeline) throws {
        var seen: Set<String> = []
        let roles = [pipeline.roleARN] + pipeline.stages.flatMap(\.roles)
        try self.requirePassing(roles.filter { seen.insert($0).inserted })
    }
}

extension PenstockWire.StageDeclaration {
    /// The roles of actions and of the rules of conditions, in declared order.
    fileprivate var roles: [String] {
        let gates = [self.beforeEntry?.conditions, self.onSuccess?.conditions, self.onFailure?.conditions]
        let rules = gates.compactMap(\.self).flatMap(\.self).flatMap { $0.rules ?? [] }
        return self.actions.compactMap(\.roleARN) + rules.compactMap(\.roleARN)
    }
}
