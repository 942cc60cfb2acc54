// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// Looks at objects of stores that tell nobody of changes.
package protocol SourceProbe: Sendable {
    /// Whether the object is looked for here; all others are those of the service's own store.
    func covers(_ location: ObjectLocation) -> Bool

    /// How long one look takes at most: a store that does not answer is given up by then.
    var longestLook: Duration { get }

    /// What is there now, for a pipeline of the scope. That the store does not answer is a failure too.
    func look(at location: ObjectLocation, for scope: Scope) async -> SourceObject
}
