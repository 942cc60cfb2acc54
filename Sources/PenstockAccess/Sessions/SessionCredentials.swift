// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel
internal import Crypto

/// Credentials that stop working by themselves.
package struct SessionCredentials: Sendable, Hashable {
    /// Of this service's own it starts with ``AccessKeyGenerator/sessionPrefix``.
    package var accessKeyID: String
    package var secretAccessKey: String
    package var sessionToken: String
    /// By the service's clock.
    package var expiresAt: Timestamp

    package init(accessKeyID: String, secretAccessKey: String, sessionToken: String, expiresAt: Timestamp) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiresAt = expiresAt
    }
}

/// What a session token says once it is open.
package struct Session: Sendable, Hashable {
    package var scope: Scope
    package var principalName: String
    package var grant: SessionGrant
    /// By the service's clock; from this instant on the session is expired.
    package var expiresAt: Timestamp

    package init(scope: Scope, principalName: String, grant: SessionGrant, expiresAt: Timestamp) {
        self.scope = scope
        self.principalName = principalName
        self.grant = grant
        self.expiresAt = expiresAt
    }

    /// Who a request made in this session comes from.
    package var principal: Principal {
        Principal(account: self.scope.account, name: self.principalName, kind: .session(self.grant))
    }
}

/// Issues session credentials and verifies them, without remembering any.
///
/// The token carries everything, sealed for the access key id it was issued with; the secret is derived from the master
/// key and that id. So any replica verifies any session without a lookup, and a token presented with another key id
/// does not open.
package struct SessionVault: Sendable {
    /// What the token of an ordinary job stays below, so that it fits where clients put it.
    package static let ordinaryTokenLimit = 4096

    private let tokens: AuthenticatedBox
    /// The key taken in, ready for a message.
    private let secrets: HMAC<SHA256>

    package init(masterKey: MasterKey) {
        self.tokens = AuthenticatedBox(key: masterKey.derive(.sessionTokens))
        self.secrets = HMAC(key: masterKey.derive(.sessionSecrets))
    }

    /// Makes credentials for the session.
    package func issue(
        _ session: Session,
        using generator: inout some RandomNumberGenerator
    ) throws(SealError) -> SessionCredentials {
        let keyID = AccessKeyGenerator.makeKeyID(prefix: AccessKeyGenerator.sessionPrefix, using: &generator)
        var writer = StateWriter()
        writer.write(session)
        let sealed = try self.tokens.seal(writer.bytes, context: keyID)
        return SessionCredentials(
            accessKeyID: keyID,
            secretAccessKey: self.secret(accessKeyID: keyID),
            sessionToken: Base64URL.encode(sealed),
            expiresAt: session.expiresAt
        )
    }

    /// The secret of a session's access key id, whether or not such a session was ever issued.
    ///
    /// It proves nothing by itself: a request is good only when its token opens, too.
    package func secret(accessKeyID: String) -> String {
        var secrets = self.secrets
        secrets.update(data: Array(accessKeyID.utf8))
        return Base64URL.encode(Array(secrets.finalize().prefix(30)))
    }

    /// The session of a token; the caller checks ``Session/expiresAt`` against the service's clock.
    ///
    /// - Returns: `nil` for a token that was altered, not issued here, or issued with another access key id.
    package func open(token: String, accessKeyID: String) -> Session? {
        guard let sealed = Base64URL.decode(token),
            let bytes = try? self.tokens.open(sealed, context: accessKeyID)
        else { return nil }
        var reader = StateReader(bytes)
        guard let session = try? reader.read(Session.self), reader.isAtEnd else { return nil }
        return session
    }
}
