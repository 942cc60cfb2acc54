// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockAccess
internal import PenstockEngine
internal import PenstockModel
package import PenstockRuntime
internal import PenstockStore
internal import PenstockWire

/// The operations of the administration on the runtime, in the manner of ``CodePipelineOperations``.
package struct AdministrationOperations: Sendable {
    let context: RuntimeContext
    let actionTypes: ActionTypeService
    let connections: ConnectionService
    let events: EventAdministration
    let jobs: JobService
    let keys: AccessKeyService
    let clock: ClockService
    let pipelines: PipelineService

    package init(context: RuntimeContext, clock: ClockService) {
        self.context = context
        self.clock = clock
        self.actionTypes = ActionTypeService(context: context)
        self.connections = ConnectionService(context: context)
        self.events = EventAdministration(context: context)
        self.jobs = JobService(context: context)
        self.keys = AccessKeyService(context: context)
        self.pipelines = PipelineService(context: context)
    }

    /// One handler per operation of ``PenstockWire/Administration``.
    package var handlers: [OperationHandler] {
        [
            OperationHandler(Administration.RegisterActionType.self, self.registerActionType),
            OperationHandler(Administration.CreateConnection.self, self.createConnection),
            OperationHandler(Administration.ListConnections.self, self.listConnections),
            OperationHandler(Administration.RotateConnection.self, self.rotateConnection),
            OperationHandler(Administration.RevokeConnection.self, self.revokeConnection),
            OperationHandler(Administration.ListJobs.self, self.listJobs),
            OperationHandler(Administration.CreateKey.self, self.createKey),
            OperationHandler(Administration.ListKeys.self, self.listKeys),
            OperationHandler(Administration.DisableKey.self, self.disableKey),
            OperationHandler(Administration.GetClock.self, self.getClock),
            OperationHandler(Administration.AdvanceClock.self, self.advanceClock),
            OperationHandler(Administration.SetClock.self, self.setClock),
            OperationHandler(Administration.GetApproval.self, self.getApproval),
            OperationHandler(Administration.ListEventTargets.self, self.listEventTargets),
            OperationHandler(Administration.ListDeadLetters.self, self.listDeadLetters),
            OperationHandler(Administration.RedeliverDeadLetter.self, self.redeliverDeadLetter),
            OperationHandler(Administration.DropDeadLetter.self, self.dropDeadLetter),
        ]
    }

    /// How many rows a page has when the request does not say.
    static let defaultPageSize = 100

    /// Refuses principals of other accounts than the operator's, whatever their policies say.
    func requireOperator(_ action: String, _ call: APICall) async throws {
        try await call.require(action, on: .everything)
        guard call.scope.account == self.context.settings.operatorAccount else {
            throw AccessDenial(
                principalARN: call.context.principal,
                action: "\(Administration.service):\(action)",
                resource: "*",
                isExplicit: false
            )
        }
    }

    private func registerActionType(_ input: UpdateActionTypeInput, _ call: APICall) async throws -> NoOutput {
        let definition = try ActionTypeDefinition(input.actionType)
        try await call.require("RegisterActionType", on: .actionType(definition.id, in: call.scope))
        try ActionTypeRules.check(definition)
        try await self.actionTypes.update(
            call.context,
            definition,
            document: WireWriter.write(input.actionType),
            mayCreate: true
        )
        return NoOutput()
    }

    private func listJobs(_ input: ListingInput, _ call: APICall) async throws -> ListJobsOutput {
        try await call.require("ListJobs", on: .everything)
        let tokens = PageTokens("ListJobs", call, filters: [input.pipelineName], context: self.context)
        let cursor = try tokens.cursor(of: input.nextToken, as: CreationCursor.self)
        let limit = input.maxResults ?? Self.defaultPageSize
        let rows = try await self.jobs.openJobs(
            call.context,
            pipeline: input.pipelineName,
            after: cursor.flatMap { cursor in
                JobID(cursor.id).map { JobCursor(createdAt: cursor.created, id: $0) }
            },
            limit: limit + 1
        )
        let page = try tokens.page(of: rows, limit: limit) {
            CreationCursor(created: $0.job.createdAt, id: "\($0.job.id)")
        }
        let now = self.context.clock.now
        let threshold = self.context.settings.silentJobThreshold
        return ListJobsOutput(
            jobs: page.rows.map { OpenJob($0, at: now, silentAfter: threshold) },
            nextToken: page.nextToken
        )
    }
}

/// Where a page ends of what is listed in the order in which it was made.
struct CreationCursor: StateCodable, Sendable {
    var created: Timestamp
    var id: String

    init(created: Timestamp, id: String) {
        self.created = created
        self.id = id
    }

    init(from reader: inout StateReader) throws(StateDecodingError) {
        self.created = try reader.read()
        self.id = try reader.readString()
    }

    func encode(to writer: inout StateWriter) {
        writer.write(self.created)
        writer.write(self.id)
    }

    /// Whether what was made then, under that id, comes after the cursor.
    func precedes(_ created: Timestamp, _ id: String) -> Bool { (self.created, self.id) < (created, id) }
}
