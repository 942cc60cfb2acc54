// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import Testing

/// A pipeline that goes through the rows of a worked example.
struct WorkedExample {
    private(set) var pipeline: PipelineUnderTest

    init(_ stages: StageDeclaration..., mode: ExecutionMode = .superseded) {
        self.pipeline = PipelineUnderTest(.shop(stages, mode: mode))
    }

    /// What happens, who is where then, and whose status it has changed to what.
    mutating func row(
        _ happening: Comment,
        _ picture: String,
        _ changes: String = "",
        sourceLocation: SourceLocation = #_sourceLocation,
        _ happen: (inout PipelineUnderTest) throws -> Void
    ) throws {
        let before = self.pipeline.state.executions
        try happen(&self.pipeline)
        #expect(self.pipeline.picture == picture, happening, sourceLocation: sourceLocation)
        let changed = self.pipeline.state.executions.values.filter { execution in
            before[execution.id].map { $0.status != execution.status } ?? false
        }
        let text = changed.map { "\($0.label) \($0.status.rawValue)" }.joined(separator: ", ")
        #expect(text == changes, happening, sourceLocation: sourceLocation)
    }
}

extension PipelineUnderTest {
    /// How an execution, its stage and the actions of that stage stand: `Stopping, Stopping: Load Succeeded`.
    func standing(_ id: PipelineExecutionID) throws -> String {
        "\(try self.status(id).rawValue), \(try self.run(id).status.rawValue): \(try self.actions(id))"
    }

    /// Starts an execution, and takes it through the first stage.
    mutating func startAndLeaveFirstStage() throws { try self.succeed(self.start()) }
}

extension PipelineExecutionID {
    // The executions that a test starts, in their order.
    static let e1: Self = id(1)
    static let e2: Self = id(2)
    static let e3: Self = id(3)
    static let e4: Self = id(4)
}
