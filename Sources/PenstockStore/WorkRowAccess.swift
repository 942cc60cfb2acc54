// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

package protocol WorkReader {
    /// When the earliest timer that nobody holds is due; `nil` when there is none.
    func earliestTimer() throws -> Timestamp?

    /// When the earliest lease of a timer or an effect ends or has ended; `nil` when nobody holds any.
    func earliestLapse() throws -> Timestamp?

    /// The source actions that watch the object, in the scope, by (pipeline name, action name); those that are switched
    /// off included.
    func sourceWatches(bucket: String, objectKey: String, in scope: Scope) throws -> [SourceWatchRow]

    /// The watches of a pipeline, by action name.
    func sourceWatches(of pipeline: PipelineID) throws -> [SourceWatchRow]

    /// When the earliest poll of an active watch is due; `nil` when none is polled.
    func earliestSourcePoll() throws -> Timestamp?
}

package protocol WorkWriter {
    /// Sets the timer, or moves the one with its key.
    func putTimer(_ row: TimerRow) throws

    /// Deletes the timer, if there is one.
    func deleteTimer(_ key: TimerRow.Key) throws

    /// Leases timers that are due and that nobody holds, earliest first, until the instant, at most `limit`.
    func claimTimers(dueBy: Timestamp, leaseUntil: Timestamp, limit: Int) throws -> [Leased<TimerRow>]

    /// Whether the fence is still the current one, the timer then being locked; `false` when it was moved, deleted or
    /// claimed again.
    func holdsTimer(_ key: TimerRow.Key, fence: Int64) throws -> Bool

    /// Owes an effect. An effect with this id that is owed already stays as it is.
    func oweEffect(_ row: EffectRow) throws

    /// Leases effects that nobody holds, oldest first, until the instant, at most `limit`.
    func claimEffects(at: Timestamp, leaseUntil: Timestamp, limit: Int) throws -> [Leased<EffectRow>]

    /// Deletes the effect if the fence is the current one; returns whether it was.
    func settleEffect(_ id: UniqueID, fence: Int64) throws -> Bool

    /// Replaces the watches of a pipeline. The cursor of a watch of the same action, bucket and key is kept.
    func replaceSourceWatches(of pipeline: PipelineID, with rows: [SourceWatchRow]) throws

    /// Moves the cursor of a watch, if there is one for the action.
    func putSourceCursor(_ revision: String, of pipeline: PipelineID, actionName: String) throws

    /// Takes active watches whose poll is due, earliest first, at most `limit`, and makes their polls due at `leaseUntil`,
    /// for others to take if this one is not ended.
    func claimSourcePolls(dueBy: Timestamp, leaseUntil: Timestamp, limit: Int) throws -> [SourceWatchRow]

    /// Writes how far the polling of a watch is, if there is one for the action.
    func putSourcePoll(_ poll: SourcePoll, of pipeline: PipelineID, actionName: String) throws

    /// Stops the watches of a pipeline that poll, until they are replaced.
    func disablePolling(of pipeline: PipelineID, at: Timestamp) throws
}
