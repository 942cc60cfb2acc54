// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Where a client calls, as whom, and how patiently.
public struct ClientConfiguration: Sendable {
    /// Where the service is.
    public var endpoint: Endpoint
    /// Where the artifacts of jobs are, for the worker kit; `nil` for Amazon S3 in the region.
    public var artifactEndpoint: Endpoint?
    /// The region of the signature's scope, which is also the region whose pipelines are meant.
    public var region: String
    /// What calls are signed with.
    public var credentials: any CredentialProvider
    /// Certificates of the authorities that are believed, PEM, in place of the system's; `nil` for those. It is for
    /// clients that open connections of their own.
    public var certificateAuthorityFile: String?
    /// When calls are sent again.
    public var retryPolicy = RetryPolicy()
    /// How long a call may take with all its retries.
    public var callDeadline: Duration = .seconds(60)
    /// How long one attempt may wait for its answer to begin.
    public var attemptTimeout: Duration = .seconds(20)

    /// Creates a configuration of its parts.
    ///
    /// - Parameter endpoint: Where the service and its artifacts are, as with Penstock; without it they are where AWS
    ///   has them in the region. Set ``artifactEndpoint`` when the two differ.
    public init(region: String, credentials: any CredentialProvider, endpoint: Endpoint? = nil) {
        self.region = region
        self.credentials = credentials
        self.endpoint = endpoint ?? .aws(service: "codepipeline", region: region)
        self.artifactEndpoint = endpoint
    }
}
