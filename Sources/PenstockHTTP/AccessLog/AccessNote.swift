// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockAccess
internal import PenstockModel
internal import Synchronization

/// What turns out about a request while it is answered, for its line in the access log.
package final class AccessNote: Sendable {
    struct Content: Sendable {
        var principal: Principal?
        var scope: Scope?
        var operation: String?
        var resource: String?
    }

    private let state = Mutex(Content())

    init() {}

    var content: Content { self.state.withLock { $0 } }

    /// The request is this principal's, and about the data of the scope.
    func identify(_ principal: Principal, _ scope: Scope) {
        self.state.withLock { state in
            state.principal = principal
            state.scope = scope
        }
    }

    /// - Parameter operation: As in the API's reference, such as `GetPipeline`.
    package func name(operation: String) { self.state.withLock { $0.operation = operation } }

    /// What the request needs a right on; of several the first counts.
    package func name(resource: RequiredResource) {
        guard resource != .everything else { return }
        self.state.withLock { state in
            if state.resource == nil { state.resource = resource.name }
        }
    }
}
