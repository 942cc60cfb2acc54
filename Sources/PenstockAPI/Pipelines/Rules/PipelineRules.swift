// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockWire

/// What is wrong with a pipeline that somebody wants to have.
///
/// All of it is found, in the order in which it is reported: structure, then stages, then actions, then what this
/// version cannot do. A call is refused with the first problem; whoever wants to know them all can ask.
struct PipelineRules {
    /// Further problems of one declaration are not looked for.
    static let maximumProblems = 100

    let pipeline: WirePipeline
    let pipelineType: PenstockModel.PipelineType
    /// The pipeline's own, which is that of actions that name none.
    let region: String
    /// Every action in declared order.
    let actions: [PlacedAction]
    private(set) var problems: [Rejection] = []

    /// Finds what breaks the rules.
    ///
    /// - Parameters:
    ///   - pipelineType: The one in force, whether declared or not.
    ///   - definition: What an action type is in the pipeline's account and region; `nil` when it may not be used there.
    /// - Returns: At most ``maximumProblems``; none when the pipeline is valid.
    static func problems(
        of pipeline: WirePipeline,
        type pipelineType: PenstockModel.PipelineType,
        in region: Region,
        definition: (PenstockModel.ActionTypeID) -> ActionTypeDefinition?
    ) -> [Rejection] {
        var rules = Self(
            pipeline: pipeline,
            pipelineType: pipelineType,
            region: region.rawValue,
            actions: PlacedAction.all(of: pipeline, definition: definition)
        )
        rules.checkStructure()
        rules.checkStages()
        rules.checkActions()
        rules.checkAvailability()
        return rules.problems
    }

    private init(
        pipeline: WirePipeline,
        pipelineType: PenstockModel.PipelineType,
        region: String,
        actions: [PlacedAction]
    ) {
        self.pipeline = pipeline
        self.pipelineType = pipelineType
        self.region = region
        self.actions = actions
    }

    private mutating func checkStructure() {
        self.checkStageCount()
        self.checkSourceStage()
        self.checkActionCount()
        self.checkArtifactStores()
        self.checkVariableDeclarations()
        self.checkPipelineType()
        self.checkTriggers()
    }

    private mutating func checkStages() {
        self.checkStageNames()
        self.checkStageSizes()
        self.checkBlockers()
        self.checkConditions()
    }

    private mutating func checkActions() {
        self.checkActionNames()
        self.checkActionTypes()
        self.checkConfigurations()
        self.checkArtifactCounts()
        self.checkArtifactFlow()
        self.checkNamespaces()
        self.checkActionMembers()
        self.checkReferences()
    }

    /// Notes a problem; the order of calls is the order of reports.
    mutating func refuse(_ code: Rejection.Code, _ message: String) {
        guard self.problems.count < Self.maximumProblems else { return }
        self.problems.append(Rejection(code, message))
    }
}

/// An action with its place in the pipeline and what its type is.
struct PlacedAction {
    let stage: String
    let stageIndex: Int
    let declaration: WireAction
    /// `nil` when there is no such type for the pipeline.
    let definition: ActionTypeDefinition?

    static func all(
        of pipeline: WirePipeline,
        definition: (PenstockModel.ActionTypeID) -> ActionTypeDefinition?
    ) -> [Self] {
        pipeline.stages.enumerated().flatMap { index, stage in
            stage.actions.map { action in
                Self(
                    stage: stage.name,
                    stageIndex: index,
                    declaration: action,
                    definition: PenstockModel.ActionTypeID(action.actionTypeID).flatMap(definition)
                )
            }
        }
    }

    var name: String { self.declaration.name }
    var typeID: WireActionTypeID { self.declaration.actionTypeID }
    var configuration: [String: String] { self.declaration.configuration ?? [:] }
    var inputs: [String] { self.declaration.inputArtifacts?.map(\.name) ?? [] }
    var outputs: [String] { self.declaration.outputArtifacts?.map(\.name) ?? [] }

    /// Actions of a stage with equal numbers run side by side, in ascending order otherwise.
    var runOrder: Int { self.declaration.runOrder ?? WireAction.defaultRunOrder }

    /// Whether this action has surely ended before the other begins.
    func precedes(_ other: Self) -> Bool {
        (self.stageIndex, self.runOrder) < (other.stageIndex, other.runOrder)
    }
}

extension PenstockWire.ActionDeclaration {
    /// Of an action that declares none. Source: AWS CodePipeline User Guide, Action declaration.
    static let defaultRunOrder = 1
}
