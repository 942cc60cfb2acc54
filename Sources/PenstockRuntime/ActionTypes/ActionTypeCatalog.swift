// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel
package import PenstockStore
import Synchronization

/// Action types in memory, so that an empty poll asks no database for its type. Polls and the links of states go by it;
/// declarations and starts of actions do not.
package final class ActionTypeCatalog: Sendable {
    /// How long an answer holds where other processes may change types.
    package static let sharedLifetime: Duration = .seconds(1)
    /// How many answers are kept.
    package static let capacity = 4096

    private enum Key: Hashable {
        case custom(ActionTypeID, Scope)
        case partner(ActionTypeID, Region)
    }

    private struct Entry {
        var row: ActionTypeRow?
        var readAt: ContinuousClock.Instant
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        /// Counts changes, so that an answer read before one is not kept after it.
        var generation = 0
    }

    private let isShared: Bool
    private let state = Mutex(State())

    package init(isShared: Bool) {
        self.isShared = isShared
    }

    /// The custom type of the account, deleted ones included.
    package func customType(_ id: ActionTypeID, in scope: Scope, store: any Store) async throws -> ActionTypeRow? {
        try await self.row(.custom(id, scope)) {
            try await store.read { try $0.customActionType(id, in: scope) }
        }
    }

    /// The partner type of the region.
    package func partnerType(_ id: ActionTypeID, in region: Region, store: any Store) async throws -> ActionTypeRow? {
        try await self.row(.partner(id, region)) {
            try await store.read { try $0.partnerActionType(id, in: region) }
        }
    }

    /// Forgets everything, after a type was changed.
    package func invalidate() {
        self.state.withLock { state in
            state.entries = [:]
            state.generation += 1
        }
    }

    private func row(_ key: Key, _ read: () async throws -> ActionTypeRow?) async throws -> ActionTypeRow? {
        let (known, generation) = self.state.withLock { ($0.entries[key], $0.generation) }
        if let known, !self.isShared || ContinuousClock.now - known.readAt < Self.sharedLifetime { return known.row }
        let row = try await read()
        self.state.withLock { state in
            // That there is none is not remembered where somebody else may make it: polls find it at once.
            guard state.generation == generation, row != nil || !self.isShared else { return }
            if state.entries.count >= Self.capacity { state.entries = [:] }
            state.entries[key] = Entry(row: row, readAt: .now)
        }
        return row
    }
}

/// The texts of refusals that concern an action type.
package enum ActionTypeRejections {
    package static func notFound(_ id: ActionTypeID) -> Rejection {
        Rejection(.actionTypeNotFound, "ActionType \(Self.place(id)) is not available")
    }

    /// The type's identity, as the texts write it.
    static func place(_ id: ActionTypeID) -> String {
        "(Category: '\(id.category.rawValue)', Provider: '\(id.provider)', Owner: '\(id.owner.rawValue)',"
            + " Version: '\(id.version)')"
    }
}
