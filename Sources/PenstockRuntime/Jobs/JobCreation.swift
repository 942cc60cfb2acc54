// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockStore

/// Turns the start of an attempt into its job, and sets its deadlines.
struct JobCreation {
    let context: RuntimeContext
    let transaction: any StoreTransaction
    let row: PipelineRow
    let now: Timestamp

    /// Creates the job of an attempt that starts.
    ///
    /// - Parameter version: Of the pipeline that the attempt is of; `nil` where it is not there any more.
    /// - Returns: Why the attempt fails at once, when nobody could carry it out.
    func createJob(for start: ActionStart, of version: PipelineVersionRow?) throws -> FailureDetails? {
        if let version, let failure = try self.unresolvedSecrets(of: start, version) { return failure }
        let type = start.action.typeID
        var job = self.newJob(for: start)
        switch type.owner {
        case .custom:
            guard let found = try self.transaction.jobType(type, in: self.row.key.scope) else {
                return self.unavailable(type)
            }
            if let failure = self.unfitValue(of: start, found) { return failure }
            self.enqueue(&job, account: self.row.key.scope.account, definition: found)
        case .thirdParty:
            guard let found = try self.transaction.jobType(type, in: self.row.key.scope),
                found.executor?.isFunction != true, try self.mayUse(found)
            else { return self.unavailable(type) }
            if let failure = self.unfitValue(of: start, found) { return failure }
            self.enqueue(&job, account: nil, definition: found)
            job.clientID = try self.connection(of: start)?.clientID
        case .aws where type == .manualApproval:
            job.job.begin(at: self.now)
        case .aws:
            guard self.context.settings.runnableTypes.contains(type) else { return self.unavailable(type) }
            if let definition = BuiltInActionTypes.definitions[type],
                let failure = self.unfitValue(of: start, definition)
            {
                return failure
            }
            job.queue = JobQueue(region: self.row.key.scope.region, typeID: type, account: nil)
        }
        try self.insert(job)
        try self.setTimer(.actionDeadline(start.id), due: job.start.deadline, for: start)
        return nil
    }

    /// Creates the job that goes on where one ended with a continuation token. It keeps the connection of that one, or
    /// takes what has come in its place: a connection that was revoked serves no new job.
    func createJob(continuing previous: JobRow, token: String) throws {
        var job = previous
        job.job = Job(id: self.newJobID(), createdAt: self.now)
        job.continuationToken = token
        if let client = previous.clientID, try self.transaction.connection(client)?.revoked != nil {
            job.clientID = try self.connection(of: previous.start)?.clientID
        }
        job.jobDeadline = try self.jobLimit(of: previous.start.action.typeID).map { self.now + $0 }
        try self.insert(job)
    }

    /// What tells that a reference was resolved to a value that its property does not take. What was declared without
    /// references was judged with the declaration.
    private func unfitValue(of start: ActionStart, _ type: ActionTypeDefinition) -> FailureDetails? {
        for property in type.properties where !property.isSecret {
            guard let declared = start.action.configuration[key: property.name],
                !VariableReference.all(in: declared).isEmpty,
                let resolved = start.resolvedConfiguration[key: property.name],
                let problem = property.problem(of: resolved)
            else { continue }
            return FailureDetails(
                type: .configurationError,
                message: "The resolved configuration '\(property.name)' of action '\(start.action.name)' \(problem)")
        }
        return nil
    }

    /// Whether the pipeline's account may use the partner's type, as it is now.
    private func mayUse(_ type: ActionTypeDefinition) throws -> Bool {
        let scope = self.row.key.scope
        if type.isOpen(to: scope.account) { return true }
        return try self.transaction.partnerActionType(type.id, in: scope.region)?.mayUse(scope.account) ?? false
    }

    /// What tells that secrets of the action have references without a value.
    private func unresolvedSecrets(of start: ActionStart, _ version: PipelineVersionRow) throws -> FailureDetails? {
        guard version.sealedSecrets != nil else { return nil }
        let unresolved = try self.context.secrets(
            for: start, version: version, of: self.row.id, in: self.transaction
        ).unresolved
        return unresolved.isEmpty
            ? nil : VariableReferences.failure(action: start.action.name, unresolved: unresolved)
    }

    /// How long one job of the type may take, by what its partner says now; `nil` for as long as its action may.
    private func jobLimit(of type: ActionTypeID) throws -> Duration? {
        guard type.owner == .thirdParty else { return nil }
        let found = try self.transaction.partnerActionType(type, in: self.row.key.scope.region)
        return found?.definition.executor?.jobTimeoutSeconds.map { .seconds($0) }
    }

    private func newJob(for start: ActionStart) -> JobRow {
        JobRow(
            scope: self.row.key.scope,
            pipelineID: self.row.id,
            pipelineName: self.row.key.name,
            queue: nil,
            start: start,
            job: Job(id: self.newJobID(), createdAt: self.now)
        )
    }

    private func newJobID() -> JobID { JobID(self.context.identifiers(1)[0]) }

    private func enqueue(_ job: inout JobRow, account: AccountID?, definition: ActionTypeDefinition) {
        job.queue = JobQueue(region: self.row.key.scope.region, typeID: definition.id, account: account)
        if let property = definition.queryableProperty {
            job.queryValue = job.start.resolvedConfiguration[key: property.name]
        }
        if let seconds = definition.executor?.jobTimeoutSeconds {
            let deadline = self.now + .seconds(seconds)
            job.jobDeadline = deadline
            // A type that gives one job more time than its action would have gives the action as much.
            job.start.deadline = max(job.start.deadline, deadline)
        }
    }

    /// The customer's connection, unless it was bound to another type.
    private func connection(of start: ActionStart) throws -> ConnectionRow? {
        let connection = try self.transaction.liveConnection(
            scope: self.row.key.scope,
            pipelineName: self.row.key.name,
            stageName: start.stageName,
            actionName: start.action.name
        )
        guard let connection, connection.boundType == nil || connection.boundType == start.action.typeID else {
            return nil
        }
        return connection
    }

    private func insert(_ job: JobRow) throws {
        try self.transaction.insertJob(job)
        if let deadline = job.jobDeadline { try self.setTimer(.jobDeadline(job.job.id), due: deadline, for: job.start) }
        if let queue = job.queue { self.transaction.signal(.jobQueued(queue)) }
    }

    private func setTimer(_ key: TimerRow.Key, due: Timestamp, for start: ActionStart) throws {
        try self.transaction.putTimer(
            TimerRow(
                key: key,
                due: due,
                pipelineID: self.row.id,
                pipelineKey: self.row.key,
                executionID: start.executionID
            )
        )
        self.transaction.signal(.timerSet(due))
    }

    private func unavailable(_ type: ActionTypeID) -> FailureDetails {
        FailureDetails(
            type: .configurationError,
            message: "\(ActionTypeRejections.notFound(type).message): nothing here carries out its actions"
        )
    }
}

extension ActionTypeExecutor {
    /// Whether a function is invoked, which nobody here does.
    fileprivate var isFunction: Bool {
        switch self.kind {
        case .jobWorker: false
        case .lambda: true
        }
    }
}
