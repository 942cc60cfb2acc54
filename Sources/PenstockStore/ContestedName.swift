// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// What a transaction looks at before it writes, and what has no row of its own that it could lock: there may be none yet,
/// or there are many and their number counts.
package enum ContestedName: Sendable, Hashable {
    /// The pipeline of this name, which may not exist, with its connections.
    case pipeline(PipelineKey)
    /// The pipelines of an account in a region.
    case pipelines(Scope)
    /// The access keys of an account.
    case accessKeys(AccountID)
    /// The custom action types of an account in a region.
    case customActionTypes(Scope)
    /// The partners' action types of a region.
    case partnerActionTypes(Region)
}

extension StoreTransaction {
    /// Nothing, for stores with one writer.
    package func lock(_ name: ContestedName) throws {}
}
