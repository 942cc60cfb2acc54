// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// What observers are told after a commit: hints beside the truth, never the truth.
package enum StoreSignal: Sendable, Hashable {
    /// A job of the queue can be polled.
    case jobQueued(JobQueue)
    /// A timer was set that is due at this instant.
    case timerSet(Timestamp)
    /// An object is to be looked at now.
    case sourceWatched
    /// An effect is owed.
    case effectOwed
    /// An event waits for its target.
    case eventQueued
    /// Keys or policies of the account changed.
    case accessChanged(AccountID)
}

/// The jobs that one kind of worker polls for: those of one action type in one region.
package struct JobQueue: Sendable, Hashable, CustomStringConvertible {
    package var region: Region
    package var typeID: ActionTypeID
    /// The account whose workers poll; `nil` for partner types, whose workers serve many accounts.
    package var account: AccountID?

    package init(region: Region, typeID: ActionTypeID, account: AccountID?) {
        self.region = region
        self.typeID = typeID
        self.account = account
    }

    /// Unique text, also the column that jobs are claimed by.
    package var description: String { "\(self.region)/\(self.account?.rawValue ?? "*")/\(self.typeID)" }

    /// Parses ``description``; `nil` for everything else.
    ///
    /// Works on bytes: it is done for every job that is read, and looking for characters costs ten times as much.
    package init?(_ description: String) {
        let parts = Array(description.utf8).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard parts.count == 6,
            let region = Region(parts[0]),
            let owner = ActionOwner(rawValue: parts[2]),
            let category = ActionCategory(rawValue: parts[3])
        else { return nil }
        let account = AccountID(parts[1])
        guard account != nil || parts[1] == "*" else { return nil }
        let typeID = ActionTypeID(category: category, owner: owner, provider: parts[4], version: parts[5])
        self.init(region: region, typeID: typeID, account: account)
    }
}
