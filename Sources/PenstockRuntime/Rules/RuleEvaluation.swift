// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockEngine
package import PenstockModel

/// What is known of a rule when it starts.
package enum RuleEvaluation: Sendable, Hashable {
    case verdict(RuleVerdict)
    /// The rule is satisfied at this instant, and not before; the summary says what it waits for.
    case opens(at: Timestamp, summary: String)
    /// Waits for as long as it may: nothing will ever satisfy it.
    case never(summary: String)
    /// Nothing here evaluates rules of this type.
    case unavailable
}
