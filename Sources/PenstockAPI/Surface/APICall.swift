// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
package import PenstockAccess
internal import PenstockHTTP
package import PenstockModel
package import PenstockRuntime

/// One authenticated request, as an operation sees it.
package struct APICall: Sendable {
    /// Whose data the call is about, and who makes it.
    package let context: CallContext
    /// How long a poll may be held; zero unless the client asks for it.
    package let maximumWait: Duration

    private let principal: Principal
    private let access: AccessContext
    private let service: String
    private let note: AccessNote?
    private let runtime: RuntimeContext

    init(_ caller: Caller, _ request: SurfaceRequest, service: String, of runtime: RuntimeContext) throws {
        self.context = CallContext(
            scope: caller.scope,
            principal: caller.principal.arn,
            requestID: request.id.description
        )
        self.maximumWait = try Self.maximumWait(of: request)
        self.principal = caller.principal
        self.access = request.accessContext(now: runtime.clock.now, region: caller.scope.region)
        self.runtime = runtime
        self.service = service
        self.note = request.note
    }

    package var scope: Scope { self.context.scope }

    /// Whether the caller may do everything, for what no policy can allow.
    var isAdministrator: Bool { self.principal.isAdministrator }

    /// Refuses the call unless the caller's policies allow the action on the resource.
    ///
    /// - Parameters:
    ///   - action: Without its service, as in `PutApprovalResult`.
    ///   - refine: Adds what the conditions of policies can see of this very call.
    /// - Throws: `AccessDenial`, which becomes `AccessDeniedException`; `StoreError`.
    package func require(
        _ action: String,
        on resource: RequiredResource,
        refine: (inout AccessContext) -> Void = { _ in }
    ) async throws {
        self.note?.name(resource: resource)
        var access = self.access
        refine(&access)
        if self.principal.looksAtResourceTags, let tagged = resource.tagged {
            access.setTags(try await self.runtime.tags(of: tagged), requested: false)
        }
        let action = "\(self.service):\(action)"
        try Authorizer.authorize(self.principal, action: action, resources: [resource], context: access)
    }

    /// Refuses the call unless the caller may hand the roles over to the service.
    ///
    /// Source: AWS CodePipeline User Guide, CodePipeline permissions reference.
    func requirePassing(_ roles: [String]) throws {
        var access = self.access
        access.set("iam:PassedToService", "codepipeline.amazonaws.com")
        try Authorizer.authorize(
            self.principal, action: "iam:PassRole", resources: roles.map { .arn($0) }, context: access)
    }

    /// The header of our own by which a poll asks to be held. Clients that know nothing of it are answered at once.
    private static func maximumWait(of request: SurfaceRequest) throws -> Duration {
        guard let text = request.headers.value(of: .penstockWaitSeconds) else { return .zero }
        guard let seconds = Int(text), 0...20 ~= seconds else {
            throw Rejection(.validation, "The header x-penstock-wait-seconds must be a whole number from 0 to 20")
        }
        return .seconds(seconds)
    }
}
