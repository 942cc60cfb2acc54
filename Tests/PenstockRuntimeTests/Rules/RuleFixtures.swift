// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel

extension RuleStart {
    /// - Parameter resolved: As declared unless something else is said.
    init(
        _ type: RuleTypeID,
        _ configuration: KeyValuePairs<String, String>,
        resolved: KeyValuePairs<String, String>? = nil
    ) {
        func list(_ pairs: KeyValuePairs<String, String>) -> [KeyedValue] { pairs.map { KeyedValue($0.key, $0.value) } }
        self.init(
            id: RuleExecutionID(UniqueID(high: 0, low: 1)),
            executionID: PipelineExecutionID(UniqueID(high: 0, low: 2)),
            pipelineVersion: 1,
            stageName: "Release",
            gate: .beforeEntry,
            rule: RuleDeclaration(name: "Check", typeID: type, configuration: list(configuration)),
            resolvedConfiguration: list(resolved ?? configuration),
            resolvedCommands: [],
            inputs: [],
            startedAt: Timestamp(millisecondsSinceEpoch: 0),
            deadline: Timestamp(millisecondsSinceEpoch: 0) + .days(7)
        )
    }
}
