// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockRuntime
internal import PenstockWire

/// The operations of the CodePipeline API on the runtime: map, ask, map back.
///
/// Each is a method named as its operation, in an extension by subject that also lists its handlers. The first thing
/// that a method does is to require the right that it needs.
package struct CodePipelineOperations: Sendable {
    let context: RuntimeContext
    let pipelines: PipelineService
    let jobs: JobService
    let actionTypes: ActionTypeService

    package init(context: RuntimeContext) {
        self.context = context
        self.pipelines = PipelineService(context: context)
        self.jobs = JobService(context: context)
        self.actionTypes = ActionTypeService(context: context)
    }

    /// One handler per operation of the API.
    package var handlers: [OperationHandler] {
        let available =
            self.jobHandlers + self.actionTypeHandlers + self.pipelineHandlers + self.executionHandlers
            + self.conditionHandlers
        let names = Set(available.map(\.name))
        return available
            + Operations.all.filter { !names.contains($0.name) }.map { OperationHandler(unavailable: $0) }
    }
}
