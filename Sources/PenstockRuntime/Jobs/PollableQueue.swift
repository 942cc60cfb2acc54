// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

/// What memory knows of one queue: whether there may be something to poll, and who waits for it.
///
/// It errs on one side only: it may say that there is something when there is nothing, never the other way round.
struct PollableQueue {
    /// Values of the queryable property that are remembered as empty.
    static let maximumEmptyValues = 1024

    /// What a claim that memory let through went by.
    struct Ticket: Sendable {
        let generation: Int
        let at: Timestamp
    }

    /// A held poll.
    struct Waiter {
        let id: Int
        /// The one value of the queryable property that it wants, if the type has such a property.
        let queryValue: String?
        let continuation: CheckedContinuation<Void, Never>
    }

    /// Counts what may have made a job pollable, so that what an older claim found does not hide a newer job.
    private(set) var generation = 0
    /// Cleared by a claim of everything that found no more.
    private var mayHaveJobs = false
    /// When jobs that were handed out can be polled again; ascending, each instant once.
    private var hiddenUntil: [Timestamp] = []
    /// The last of those instants that has come.
    private var uncoveredAt: Timestamp?
    /// Values of the queryable property that were found empty, and the generation in which they were.
    private var emptyValues: [String: Int] = [:]
    private var waiters: [Waiter] = []

    /// When the next hidden job can be polled, if none may be there now.
    var nextVisible: Timestamp? { self.hiddenUntil.first }

    /// Whether a claim may find something; `nil` when there is nothing at the instant.
    mutating func ticket(queryValue: String?, at now: Timestamp) -> Ticket? {
        self.uncover(at: now)
        guard self.mayHaveJobs else { return nil }
        if let queryValue, self.emptyValues[queryValue] == self.generation { return nil }
        return Ticket(generation: self.generation, at: now)
    }

    /// A job can be polled.
    ///
    /// - Returns: Who is to look for it: one waiter for each value, since it is not known which of them the job has.
    mutating func jobQueued() -> [Waiter] {
        self.generation += 1
        self.mayHaveJobs = true
        var seen: Set<String?> = []
        let first = self.waiters.filter { seen.insert($0.queryValue).inserted }
        self.waiters.removeAll { waiter in first.contains { $0.id == waiter.id } }
        return first
    }

    /// A job that is hidden can be polled from the instant on.
    mutating func hide(until instant: Timestamp) {
        let place = self.hiddenUntil.firstIndex { $0 >= instant } ?? self.hiddenUntil.endIndex
        guard place == self.hiddenUntil.endIndex || self.hiddenUntil[place] != instant else { return }
        self.hiddenUntil.insert(instant, at: place)
    }

    /// Takes in that a claim found no more jobs than it took.
    mutating func foundNoMore(_ ticket: Ticket, queryValue: String?) {
        guard self.generation == ticket.generation, self.uncoveredAt.map({ $0 <= ticket.at }) ?? true else { return }
        guard let queryValue else { return self.mayHaveJobs = false }
        if self.emptyValues.count >= Self.maximumEmptyValues { self.emptyValues = [:] }
        self.emptyValues[queryValue] = self.generation
    }

    // MARK: Waiting

    var waiterCount: Int { self.waiters.count }

    mutating func add(_ waiter: Waiter) { self.waiters.append(waiter) }

    mutating func removeWaiter(_ id: Int) -> Waiter? {
        guard let index = self.waiters.firstIndex(where: { $0.id == id }) else { return nil }
        return self.waiters.remove(at: index)
    }

    /// Who comes next of those that wait for the same.
    mutating func removeNextWaiter(queryValue: String?) -> Waiter? {
        guard let index = self.waiters.firstIndex(where: { $0.queryValue == queryValue }) else { return nil }
        return self.waiters.remove(at: index)
    }

    /// Makes hidden jobs count as pollable whose time has come.
    private mutating func uncover(at now: Timestamp) {
        let due = self.hiddenUntil.prefix { $0 <= now }
        guard let last = due.last else { return }
        self.hiddenUntil.removeFirst(due.count)
        self.uncoveredAt = last
        self.generation += 1
        self.mayHaveJobs = true
    }
}
