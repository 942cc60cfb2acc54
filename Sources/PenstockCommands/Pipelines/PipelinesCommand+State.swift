// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import PenstockClient
internal import PenstockWire

extension PipelinesCommand {
    struct State: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Where a pipeline stands, stage by stage.")

        @OptionGroup var target: Target

        func run() async throws {
            let state = try await self.target.service.withClient {
                try await $0.getPipelineState(name: self.target.name)
            }
            self.target.service.show(state) { Self.table(of: state).text }
        }

        static func table(of state: GetPipelineStateOutput) -> TextTable {
            var table = TextTable("STAGE", "ACTION", "STATUS", "SINCE", "WHAT IS KNOWN")
            for stage in state.stageStates ?? [] {
                let transition = stage.inboundTransitionState
                let gate = transition?.enabled == false ? "closed: \(transition?.disabledReason ?? "")" : nil
                let waiting = (stage.inboundExecution?.pipelineExecutionID).map { "\($0) waits in front" }
                table.add(
                    stage.stageName, nil, stage.latestExecution?.status.rawValue, nil,
                    [gate, waiting].compactMap { $0 }.joined(separator: "; "))
                for action in stage.actionStates ?? [] {
                    let latest = action.latestExecution
                    table.add(
                        nil, action.actionName, latest?.status?.rawValue, latest?.lastStatusChange?.text,
                        Self.knowledge(of: latest))
                }
            }
            return table
        }

        private static func knowledge(of execution: ActionExecution?) -> String? {
            guard let execution else { return nil }
            let error = execution.errorDetails.map { "\($0.code ?? ""): \($0.message ?? "")" }
            let percent = execution.percentComplete.map { "\($0) %" }
            return [error, execution.summary, percent, execution.externalExecutionURL]
                .compactMap { $0 }.joined(separator: "; ")
        }
    }
}
