// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockAccess
package import PenstockModel
package import PenstockSigning

/// Establishes who makes a request: parses its signature, finds the key, verifies.
///
/// A value; each surface has one with its own ``VerificationPolicy``, and all share the caches behind it.
package struct Authenticator: Sendable {
    /// What the authenticators of all surfaces share.
    package struct Foundation: Sendable {
        package var keys: AccessKeyCache
        package var sessions: SessionVault
        package var signingKeys: SigningKeyCache
        /// For signature dates: clients sign by real time, whatever the service's clock says.
        package var realTime: @Sendable () -> Timestamp
        /// For the expiry of sessions.
        package var serviceTime: @Sendable () -> Timestamp

        package init(
            keys: AccessKeyCache,
            sessions: SessionVault,
            signingKeys: SigningKeyCache = SigningKeyCache(),
            realTime: @escaping @Sendable () -> Timestamp,
            serviceTime: @escaping @Sendable () -> Timestamp
        ) {
            self.keys = keys
            self.sessions = sessions
            self.signingKeys = signingKeys
            self.realTime = realTime
            self.serviceTime = serviceTime
        }
    }

    private let foundation: Foundation
    private let verifier: Verifier

    package init(_ foundation: Foundation, policy: VerificationPolicy) {
        self.foundation = foundation
        self.verifier = Verifier(policy: policy, cache: foundation.signingKeys)
    }

    /// Verifies the request.
    ///
    /// - Parameter bodyHash: The hash of the body that was received, where the policy wants it; surfaces that stream
    ///   leave it out and look at `verified` of the caller.
    /// - Throws: `AuthenticationError` with what to tell the client; anything else is a failure to find out.
    package func authenticate(_ request: SurfaceRequest, bodyHash: PayloadHash? = nil) async throws -> Caller {
        let authorization = try ParsedAuthorization(request.signable)
        let now = SigningTime(secondsSinceEpoch: self.foundation.realTime().millisecondsSinceEpoch / 1000)
        // What needs no key is checked first, so that garbage costs no lookup.
        let checked = try self.verifier.check(authorization, of: request.signable, at: now)
        let (lookup, principal) = try await self.lookUp(authorization)
        let verified = try self.verifier.verify(checked, bodyHash: bodyHash, key: lookup)
        guard let principal else { throw AuthenticationError.unknownAccessKey }
        guard let region = Region(verified.scope.region) else {
            throw AuthenticationError.wrongRegion(authorization.form)
        }
        let scope = Scope(account: principal.account, region: region)
        request.note?.identify(principal, scope)
        return Caller(
            principal: principal,
            scope: scope,
            accessKeyID: verified.accessKeyID,
            verified: verified
        )
    }

    /// Verifies a request whose body is at hand.
    package func authenticate(_ request: SurfaceRequest, body: some Sequence<UInt8>) async throws -> Caller {
        try await self.authenticate(request, bodyHash: PayloadHash(of: body))
    }

    private func lookUp(_ authorization: ParsedAuthorization) async throws -> (AccessKeyLookup, Principal?) {
        let keyID = authorization.accessKeyID
        guard let token = authorization.sessionToken else {
            guard !keyID.hasPrefix(AccessKeyGenerator.sessionPrefix),
                let entry = try await self.foundation.keys.entry(for: keyID)
            else { return (.unknown, nil) }
            return (.active(entry.secret), entry.principal)
        }
        guard keyID.hasPrefix(AccessKeyGenerator.sessionPrefix),
            let session = self.foundation.sessions.open(token: token, accessKeyID: keyID)
        else { return (.unknown, nil) }
        let secret = SecretAccessKey(self.foundation.sessions.secret(accessKeyID: keyID))
        let isOver = session.expiresAt <= self.foundation.serviceTime()
        return (isOver ? .expired(secret) : .active(secret), session.principal)
    }
}
