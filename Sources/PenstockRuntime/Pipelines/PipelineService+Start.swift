// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
package import PenstockModel
import PenstockStore

extension PipelineService {
    /// Starts an execution; a token that was used before names the one it started.
    ///
    /// What is wrong with the request by itself is refused before the token is looked at, what does not fit the pipeline
    /// after it: a call that is repeated is answered as it was the first time, whatever has changed since.
    package func start(
        _ call: CallContext,
        name: String,
        trigger: Trigger,
        token: String?,
        variables: [KeyedValue] = [],
        overrides: [RevisionOverride] = []
    ) async throws -> PipelineExecutionID {
        let context = self.context
        return try await self.change(call, name, "StartPipelineExecution") { commit in
            try Self.checkUnique(variables)
            let overrides = try RevisionOverrides(overrides)
            let known = try token.flatMap {
                try commit.transaction.startToken($0, of: commit.row.id, at: commit.now)
            }
            if let known { return known }
            let id = PipelineExecutionID(context.identifiers(1)[0])
            var request = StartRequest(id: id, trigger: trigger, variables: variables)
            try overrides.apply(to: &request, of: try commit.currentDeclaration())
            // Too late for polling: this execution does not bring it back.
            try context.stopIdlePolling(of: commit.row, at: commit.now, in: commit.transaction)
            try commit.apply(.start(request))
            if let token {
                try commit.transaction.putStartToken(
                    token,
                    started: id,
                    expires: commit.now + context.settings.startTokenLifetime,
                    of: commit.row.id
                )
            }
            return id
        }
    }

    /// Source: captured behaviour of the live service.
    private static func checkUnique(_ variables: [KeyedValue]) throws {
        for (index, variable) in variables.enumerated()
        where variables[..<index].contains(where: { $0.key == variable.key }) {
            let problem = "The following variable name is already in use: \(variable.key)"
            throw Rejection(.validation, "Variable names must be unique. \(problem)")
        }
    }
}
