// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockAccess
package import PenstockModel
import PenstockStore

extension RuntimeContext {
    /// The tags of what a policy's condition looks at; none where it is not there.
    package func tags(of resource: TaggedResource) async throws -> [KeyedValue] {
        try await self.store.read { reader in
            switch resource {
            case .pipeline(let key): return try reader.pipelineTags(key) ?? []
            case .actionType(let id, let scope):
                let type =
                    switch id.owner {
                    case .custom: try reader.customActionType(id, in: scope)
                    case .thirdParty: try reader.partnerActionType(id, in: scope.region)
                    case .aws: nil as ActionTypeRow?
                    }
                return type?.tags ?? []
            }
        }
    }
}
