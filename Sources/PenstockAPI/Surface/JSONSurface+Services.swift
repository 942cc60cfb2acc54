// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockHTTP
package import PenstockRuntime
internal import PenstockWire

extension JSONSurface {
    /// The surface of the CodePipeline API.
    package static func codePipeline(foundation: Authenticator.Foundation, context: RuntimeContext) -> Self {
        Self(
            service: "codepipeline",
            targetPrefix: Operations.targetPrefix,
            handlers: CodePipelineOperations(context: context).handlers,
            foundation: foundation,
            context: context
        )
    }

    /// The surface of the administration.
    package static func administration(
        foundation: Authenticator.Foundation,
        context: RuntimeContext,
        clock: ClockService
    ) -> Self {
        Self(
            service: Administration.service,
            targetPrefix: Administration.targetPrefix,
            handlers: AdministrationOperations(context: context, clock: clock).handlers,
            foundation: foundation,
            context: context
        )
    }
}
