// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockEngine
package import PenstockModel

/// Carries out the actions of some of the service's own types.
///
/// An action may be carried out more than once, also at the same time: only the result of the holder counts, and what a
/// runner does meanwhile must bear repetition.
package protocol ActionRunner: Sendable {
    var types: Set<ActionTypeID> { get }

    /// Does the work and tells what became of it; the users' mistakes are results too.
    ///
    /// - Throws: What may go better the next time; the job is then handed out again.
    func run(_ job: RunnerJob) async throws -> JobResult
}

/// A job as a runner gets it.
package struct RunnerJob: Sendable {
    package var id: JobID
    /// Fences: the artifact store and the engine listen to the newest dispatch alone.
    package var dispatch: Int
    /// The scope of the pipeline.
    package var scope: Scope
    package var start: ActionStart
    /// Resolved, with secrets in clear.
    package var configuration: [KeyedValue]

    package init(id: JobID, dispatch: Int, scope: Scope, start: ActionStart, configuration: [KeyedValue]) {
        self.id = id
        self.dispatch = dispatch
        self.scope = scope
        self.start = start
        self.configuration = configuration
    }
}
