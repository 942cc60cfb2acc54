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

    init(_ caller: Caller, _ request: SurfaceRequest, service: String, now: Timestamp) throws {
        self.context = CallContext(
            scope: caller.scope,
            principal: caller.principal.arn,
            requestID: request.id.description
        )
        self.maximumWait = try Self.maximumWait(of: request)
        self.principal = caller.principal
        self.access = request.accessContext(now: now, region: caller.scope.region)
        self.service = service
        self.note = request.note
    }

    package var scope: Scope { self.context.scope }

    /// Whether the caller may do everything, for what no policy can allow.
    var isAdministrator: Bool { self.principal.isAdministrator }

    /// Refuses the call unless the caller's policies allow the action on every one of the resources.
    ///
    /// - Parameters:
    ///   - action: Without its service, as in `PutApprovalResult`.
    ///   - refine: Adds what the conditions of policies can see of this very call.
    /// - Throws: `AccessDenial`, which becomes `AccessDeniedException`.
    package func require(
        _ action: String,
        on resources: RequiredResource...,
        refine: (inout AccessContext) -> Void = { _ in }
    ) throws {
        try self.require(fullAction: "\(self.service):\(action)", on: resources, refine: refine)
    }

    /// As ``require(_:on:refine:)`` for an action of any service, as in `iam:PassRole`.
    package func require(
        fullAction action: String,
        on resources: [RequiredResource],
        refine: (inout AccessContext) -> Void = { _ in }
    ) throws {
        if let resource = resources.first { self.note?.name(resource: resource) }
        var access = self.access
        refine(&access)
        try Authorizer.authorize(self.principal, action: action, resources: resources, context: access)
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
