// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// How a worker polls, how much it does at once and how it watches what it does.
public struct WorkerConfiguration: Sendable {
    /// How many jobs are worked on at once; the worker polls only while it has room.
    public var maximumConcurrentJobs = 4
    /// How long the service is asked to hold an empty poll; `nil` polls at intervals alone. AWS ignores it.
    public var longPoll: Duration? = .seconds(20)
    /// The wait after an empty poll that was answered at once; it doubles while there is nothing.
    public var shortestPollInterval: Duration = .seconds(1)
    /// The longest wait between polls.
    public var longestPollInterval: Duration = .seconds(30)
    /// How often the worker looks whether a job it works on still exists.
    public var watchInterval: Duration = .seconds(60)
    /// How often an acknowledgement or report that was not answered is sent again before the worker gives the job up.
    public var maximumReportAttempts = 2000
    /// How old a job's artifact credentials may become before they are renewed; they live for a quarter of an hour.
    public var credentialsLifetime: Duration = .seconds(600)
    /// How long the transfer of an artifact may stand still before it is tried again.
    public var transferStallLimit: Duration = .seconds(60)

    /// How many bytes of an upload are held at once, a few times over; S3 asks for 5 MiB at least.
    var uploadPartBytes = 8 << 20

    /// A directory of this worker's own, in which it notes the jobs it holds; `nil` keeps no notes.
    ///
    /// The service gives a job that was acknowledged to nobody else, so a worker that dies with one leaves it to its
    /// timeout. With a journal the next start goes on with it: a result that was about to be reported is reported just
    /// as it was, and work that had begun is begun again, with ``WorkerJob/isResumed`` set.
    ///
    /// The directory is made when it is not there; the one above must be. It holds results in clear, output variables
    /// among them, and no tokens or keys; its owner alone may read it. One worker at a time may use it.
    public var journalDirectory: String?

    /// Creates the defaults.
    public init() {}
}
