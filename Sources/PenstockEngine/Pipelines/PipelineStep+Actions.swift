// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

// What happens to single actions: starting them, and the reports about them, which are never refused.
extension PipelineStep {
    // MARK: Reports

    mutating func succeed(
        _ action: ActionExecutionID,
        of id: PipelineExecutionID,
        _ success: ActionSuccess
    ) throws(PipelineInterruption) {
        guard let place = try self.place(of: action, in: id) else { return }
        let declared = try self.declaredAction(at: place)
        var success = success
        let reported = try self.execution(id).stageRun?.actions[place.index].attempt?.revision
        success.progress.revision = success.progress.revision ?? reported
        if let revision = success.progress.revision {
            self.effects.append(.recordRevision(stage: place.stage, action: declared.name, revision))
        }
        try self.endAttempt(
            action,
            of: id,
            .succeeded(outputs: success.outputs),
            progress: success.progress,
            variables: success.outputVariables
        )
        try self.change(id) { execution in
            Self.adopt(success, of: declared, into: &execution)
            let isSource = declared.typeID.category == .source
            for var output in execution.stageRun?.actions[place.index].attempt?.outputs ?? [] {
                output.revisionID = isSource ? success.progress.revision?.revisionID : nil
                execution.artifacts.removeAll { $0.name == output.name }
                execution.artifacts.append(output)
            }
        }
    }

    /// Takes over what later actions and readers need of a success.
    private static func adopt(
        _ success: ActionSuccess,
        of action: ActionDeclaration,
        into execution: inout PipelineExecution
    ) {
        if action.typeID.category == .source, let revision = success.progress.revision {
            let artifacts: [String?] = action.outputArtifacts.isEmpty ? [nil] : action.outputArtifacts
            execution.sourceRevisions.removeAll { $0.actionName == action.name }
            execution.sourceRevisions += artifacts.map { artifact in
                ActionRevision(actionName: action.name, artifactName: artifact, revision: revision)
            }
        }
        if let namespace = action.namespace {
            execution.outputs.removeAll { $0.namespace == namespace }
            execution.outputs.append(NamespaceVariables(namespace: namespace, values: success.outputVariables))
        }
    }

    mutating func fail(
        _ action: ActionExecutionID,
        of id: PipelineExecutionID,
        _ failure: FailureDetails,
        externalExecutionID: String?
    ) throws(PipelineInterruption) {
        let progress = ActionProgress(externalExecutionID: externalExecutionID)
        try self.endAttempt(action, of: id, .failed(failure), progress: progress)
    }

    mutating func timeOut(_ action: ActionExecutionID, of id: PipelineExecutionID) throws(PipelineInterruption) {
        guard let place = try self.place(of: action, in: id) else { return }
        try self.endAttempt(action, of: id, .failed(ActionTimeout.failure(of: try self.declaredAction(at: place))))
    }

    /// Where an attempt that still runs stands in its execution.
    struct Place {
        var execution: PipelineExecutionID
        var stage: String
        /// The action's place in declared order.
        var index: Int
    }

    /// Where the attempt is; `nil` when it has ended, so that late and repeated reports come to nothing.
    func place(
        of action: ActionExecutionID,
        in id: PipelineExecutionID
    ) throws(PipelineInterruption) -> Place? {
        let execution = try self.execution(id)
        guard execution.position == .inside, let run = execution.stageRun, let index = run.actionIndex(of: action),
            run.actions[index].attempt?.status == .inProgress
        else { return nil }
        return Place(execution: id, stage: run.stageName, index: index)
    }

    func declaredAction(at place: Place) throws(PipelineInterruption) -> ActionDeclaration {
        try self.declaredStage(place.stage, ofVersionOf: place.execution).actions[place.index]
    }

    // MARK: Attempts

    /// Changes the attempt if it still runs, and records how it stands.
    mutating func changeAttempt(
        _ action: ActionExecutionID,
        of id: PipelineExecutionID,
        variables: [KeyedValue] = [],
        _ body: (inout ActionAttempt, Timestamp) -> Void
    ) throws(PipelineInterruption) {
        guard let place = try self.place(of: action, in: id) else { return }
        let at = self.at
        let changed = try self.change(id) { execution -> ActionAttempt? in
            guard var attempt = execution.stageRun?.actions[place.index].attempt else { return nil }
            body(&attempt, at)
            execution.stageRun?.actions[place.index].attempt = attempt
            return attempt
        }
        guard let changed else { return }
        self.effects.append(.recordAction(id, changed, outputVariables: variables))
    }

    mutating func endAttempt(
        _ action: ActionExecutionID,
        of id: PipelineExecutionID,
        _ ending: ActionAttempt.Ending,
        progress: ActionProgress = ActionProgress(),
        variables: [KeyedValue] = [],
        announcing state: StateChange.State? = nil
    ) throws(PipelineInterruption) {
        let place = try self.place(of: action, in: id)
        var ended: ActionAttempt?
        try self.changeAttempt(action, of: id, variables: variables) { attempt, at in
            attempt.report(progress, at: at)
            attempt.end(ending, at: at)
            ended = attempt
        }
        guard let ended, let place else { return }
        self.effects.append(.endAction(action, ended.status))
        try self.announceAction(state ?? StateChange.State(ended.status), at: place, ended)
        if ended.isApproval, ended.status != .abandoned {
            try self.change(id) { $0.noteCompletedApproval(action) }
        }
    }

    /// Gives up the running attempts of an execution that the predicate selects.
    mutating func abandonActions(
        of id: PipelineExecutionID,
        by: String?,
        announcing state: StateChange.State,
        where isSelected: (ActionAttempt) -> Bool
    ) throws(PipelineInterruption) {
        guard let run = try self.execution(id).stageRun else { return }
        for attempt in run.actions.compactMap(\.attempt) where attempt.status == .inProgress && isSelected(attempt) {
            let summary = attempt.isApproval ? "The approval action has been canceled." : nil
            try self.endAttempt(attempt.id, of: id, .abandoned(summary: summary, by: by), announcing: state)
        }
    }

    // MARK: Starting

    /// Starts the action: resolves its variables, finds its inputs, names its outputs.
    ///
    /// What cannot be resolved or found makes an attempt that has failed at once, so that it is seen in the history.
    mutating func startAction(_ index: Int, of id: PipelineExecutionID) throws(PipelineInterruption) {
        let (start, problem) = try self.prepareStart(of: index, in: id)
        let isApproval = start.action.typeID == .manualApproval
        let attempt = ActionAttempt(
            id: start.id,
            startedAt: self.at,
            outputs: start.outputs,
            isApproval: isApproval,
            entityURL: isApproval ? start.resolvedConfiguration[key: "ExternalEntityLink"] : nil
        )
        try self.change(id) { $0.stageRun?.actions[index].attempt = attempt }
        self.effects.append(.recordActionStart(start))
        let place = Place(execution: id, stage: start.stageName, index: index)
        try self.announceAction(.started, at: place, attempt, inputs: start.inputs)
        if let problem {
            try self.endAttempt(start.id, of: id, .failed(problem))
        } else {
            self.effects.append(.recordAction(id, attempt, outputVariables: []))
            self.effects.append(.startAction(start))
        }
    }

    /// What the work is to be given, and why it cannot begin, if it cannot.
    private mutating func prepareStart(
        of index: Int,
        in id: PipelineExecutionID
    ) throws(PipelineInterruption) -> (start: ActionStart, problem: FailureDetails?) {
        let execution = try self.execution(id)
        guard let run = execution.stageRun else { preconditionFailure("actions start inside a stage") }
        let declaration = try self.declaration(version: execution.pipelineVersion)
        let place = Place(execution: id, stage: run.stageName, index: index)
        let action = try self.declaredAction(at: place)
        let (configuration, problem) = Self.resolve(action, in: execution, declaration)
        let inputs = action.inputArtifacts.compactMap { name in execution.artifacts.first { $0.name == name } }
        let outputs = try self.allocateOutputs(of: action, resolvedConfiguration: configuration, in: declaration)
        let start = ActionStart(
            id: ActionExecutionID(try self.nextIdentifier()),
            executionID: id,
            pipelineVersion: execution.pipelineVersion,
            stageName: place.stage,
            action: action,
            resolvedConfiguration: configuration,
            inputs: inputs,
            outputs: outputs,
            startedAt: self.at,
            deadline: self.at + ActionTimeout.duration(of: action),
            boundRevision: execution.boundRevisions.first { $0.actionName == action.name }?.revision,
            replaces: run.actions[index].previous
        )
        return (start, problem ?? Self.missingInput(of: action, found: inputs, execution, declaration))
    }

    private static func missingInput(
        of action: ActionDeclaration,
        found: [ArtifactReference],
        _ execution: PipelineExecution,
        _ declaration: PipelineDeclaration
    ) -> FailureDetails? {
        guard let name = action.inputArtifacts.first(where: { name in !found.contains { $0.name == name } }) else {
            return nil
        }
        let reason = Self.skipNote(in: execution, declaration) { $0.outputArtifacts.contains(name) }
        return FailureDetails(
            type: .configurationError, message: "Input artifact '\(name)' is not available\(reason)")
    }

    /// Says which stage with such an action was skipped, if one was.
    private static func skipNote(
        in execution: PipelineExecution,
        _ declaration: PipelineDeclaration,
        of isProducer: (ActionDeclaration) -> Bool
    ) -> String {
        let skipped = declaration.stages.first { stage in
            execution.skippedStages.contains(stage.name) && stage.actions.contains(where: isProducer)
        }
        return skipped.map { ": stage '\($0.name)' was skipped" } ?? ""
    }

    private static func resolve(
        _ action: ActionDeclaration,
        in execution: PipelineExecution,
        _ declaration: PipelineDeclaration
    ) -> (configuration: [KeyedValue], problem: FailureDetails?) {
        let references = VariableReferences(execution: execution)
        var unresolved: [String] = []
        let configuration = action.configuration.map { property in
            if action.typeID == .s3Source, property.key == "S3ObjectKey",
                let objectKey = execution.objectKeys[key: action.name]
            {
                return KeyedValue(property.key, objectKey)
            }
            let (text, missing) = references.resolve(property.value)
            unresolved += missing
            return KeyedValue(property.key, text)
        }
        if !unresolved.isEmpty {
            let reason = Self.skipNote(in: execution, declaration) { producer in
                producer.namespace.map { name in unresolved.contains { $0.hasPrefix("#{\(name).") } } ?? false
            }
            return (
                configuration,
                VariableReferences.failure(action: action.name, unresolved: unresolved, note: reason)
            )
        }
        let bytes = configuration.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        guard bytes <= VariableReferences.maximumResolvedBytes else {
            let limit = VariableReferences.maximumResolvedBytes
            let message = "The resolved configuration has \(bytes) bytes; at most \(limit) are allowed"
            return (configuration, FailureDetails(type: .configurationError, message: message))
        }
        return (configuration, nil)
    }

    private mutating func allocateOutputs(
        of action: ActionDeclaration,
        resolvedConfiguration: [KeyedValue],
        in declaration: PipelineDeclaration
    ) throws(PipelineInterruption) -> [ArtifactReference] {
        let store = declaration.artifactStore(region: action.region, pipelineRegion: self.state.key.scope.region)
        let fileExtension = ArtifactKey.fileExtension(
            ofSource: action.typeID,
            resolvedConfiguration: resolvedConfiguration
        )
        var outputs: [ArtifactReference] = []
        for name in action.outputArtifacts {
            let key = ArtifactKey(
                pipeline: declaration.name,
                artifact: name,
                entropy: try self.nextIdentifier(),
                fileExtension: fileExtension
            )
            let location = ObjectLocation(bucket: store?.bucket ?? "", key: key.description)
            outputs.append(ArtifactReference(name: name, location: location))
        }
        return outputs
    }
}

extension StateChange.State {
    /// What an attempt that has ended is announced as.
    fileprivate init(_ status: ActionExecutionStatus) {
        self =
            switch status {
            case .inProgress: .started
            case .succeeded: .succeeded
            case .failed: .failed
            case .abandoned: .abandoned
            }
    }
}
