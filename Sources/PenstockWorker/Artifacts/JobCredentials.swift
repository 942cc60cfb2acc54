// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockSigning
import Synchronization

/// A job's own credentials for its artifacts, renewed through the details of the job before they expire.
///
/// The protocol does not say when they expire; they live for a quarter of an hour, and are renewed earlier.
final class JobCredentials: CredentialProvider {
    private struct State {
        var current: SigningCredentials?
        var obtained: Duration
        var isOver = false
    }

    private let state: Mutex<State>
    private let lifetime: Duration
    private let uptime: @Sendable () -> Duration
    private let renew: @Sendable () async throws -> AWSSessionCredentials?

    /// - Parameters:
    ///   - first: What came with the job.
    ///   - lifetime: How old they may become before they are renewed.
    ///   - renew: Reads the job's details; gives nothing when the job is over.
    init(
        _ first: AWSSessionCredentials?, lifetime: Duration, uptime: @escaping @Sendable () -> Duration,
        renew: @escaping @Sendable () async throws -> AWSSessionCredentials?
    ) {
        self.state = Mutex(State(current: first.map(SigningCredentials.init), obtained: uptime()))
        self.lifetime = lifetime
        self.uptime = uptime
        self.renew = renew
    }

    /// Whether the job has been found to be over.
    var isOver: Bool { self.state.withLock { $0.isOver } }

    /// Takes over what another look at the job brought.
    func store(_ credentials: AWSSessionCredentials?) {
        let now = self.uptime()
        self.state.withLock { state in
            state.isOver = credentials == nil
            state.current = credentials.map(SigningCredentials.init)
            state.obtained = now
        }
    }

    /// Fresh ones at every call; nothing when the job is over.
    func renewed() async throws -> AWSSessionCredentials? {
        let credentials = try await self.renew()
        self.store(credentials)
        return credentials
    }

    func credentials() async throws(CredentialsError) -> SigningCredentials {
        let state = self.state.withLock { $0 }
        let isFresh = self.uptime() - state.obtained < self.lifetime
        if let current = state.current, isFresh { return current }
        do {
            if let renewed = try await self.renewed() { return SigningCredentials(renewed) }
        } catch {
            // Those at hand may still be good: they live longer than they are kept.
            if let current = state.current { return current }
            throw CredentialsError("the job's credentials could not be renewed: \(error)")
        }
        throw CredentialsError("the job is over")
    }

    func discard(_ expired: SigningCredentials) async -> Bool {
        self.state.withLock { state in
            if state.current == expired { state.current = nil }
            return !state.isOver
        }
    }
}

extension SigningCredentials {
    init(_ session: AWSSessionCredentials) {
        self.init(
            accessKeyID: session.accessKeyID.exposed, secretAccessKey: SecretAccessKey(session.secretAccessKey.exposed),
            sessionToken: session.sessionToken.exposed)
    }
}
