// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// How long things last and how many there may be. `penstock serve` has options for some of it. Durations are those of the
/// service's clock.
package struct RuntimeSettings: Sendable {
    /// How long a dispatched job is kept from other pollers, within ``visibilities``.
    package var visibility: Duration = .seconds(60)
    /// How long a job's artifact credentials last, within ``artifactCredentialsLifetimes``.
    package var artifactCredentialsLifetime: Duration = .minutes(15)
    /// How long a rotated client token still counts.
    package var clientTokenGrace: Duration = .hours(24)
    /// Within this a repeated result is answered as the first was.
    package var repeatedResultWindow: Duration = .minutes(15)
    /// How long the details of a job that ended are answered.
    package var endedJobDetailsWindow: Duration = .hours(1)
    /// How long a job that ended is remembered, for its errors.
    package var endedJobRetention: Duration = .days(7)
    /// How long a client request token is remembered.
    package var startTokenLifetime: Duration = .hours(24)
    /// After this much silence a job is named where people look.
    package var silentJobThreshold: Duration = .minutes(10)
    /// How long an execution waits at a disabled transition before it is stopped; `nil` for as long as it takes.
    package var disabledTransitionLimit: Duration? = .days(30)
    /// Polling stops when a pipeline has had no execution for so long; `nil` for never.
    package var pollingIdleLimit: Duration? = .days(30)
    /// From one look at an object of a foreign store to the next, give or take ``SourcePolling/jitter``.
    package var pollingInterval: Duration = .seconds(60)
    /// How long a claimed timer, effect or poll is held.
    package var lease: Duration = .seconds(30)
    /// The longest that a poll is held.
    package var maximumPollWait: Duration = .seconds(20)
    /// Pipelines in one region of an account.
    package var maximumPipelines = 1000
    /// Custom action types in one region of an account.
    package var maximumCustomActionTypes = 50
    /// Access keys of one account, the disabled ones included.
    package var maximumAccessKeys = 500
    /// The account whose administrators run the service: they alone make and see keys of other accounts.
    package var operatorAccount = AccountID.default
    /// Jobs in one poll.
    package var maximumPollBatch = 100
    /// Bytes of the keys and values of an action's output variables.
    package var maximumOutputVariableBytes = 122_880
    /// The service's own types that a runner carries out; a server takes them from the runners that it has.
    package var runnableTypes: Set<ActionTypeID> = [.s3Source]
    /// Who is told of events; their names are unique.
    package var eventTargets: [EventTarget] = []
    /// How long an execution that ended is kept with its history; `nil` for ever. What a pipeline can go on from is kept
    /// in any case. Source: AWS CodePipeline User Guide, Quotas in AWS CodePipeline (12 months).
    package var historyRetention: Duration? = .days(365)
    /// How long entries of the audit trail are kept; `nil` for ever, since a trail is not thrown away unless somebody said
    /// so.
    package var auditRetention: Duration?
    /// How long events that no target took are kept.
    package var deadLetterRetention: Duration = .days(14)

    package static let visibilities = Duration.seconds(10)...Duration.seconds(900)
    package static let artifactCredentialsLifetimes = Duration.minutes(15)...Duration.minutes(60)

    package init() {}
}
