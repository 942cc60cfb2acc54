// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import Crypto

/// Encrypts what must be readable again: signing secrets, secret configuration values, webhook secrets.
///
/// AES-GCM under a key derived from the master key. The context (what the secret belongs to, such as
/// `access-key/AKIA…`) is authenticated but not stored, so a sealed value moved to another row does not open.
package struct Sealer: Sendable {
    private let box: AuthenticatedBox

    package init(masterKey: MasterKey) {
        self.box = AuthenticatedBox(key: masterKey.derive(.sealing))
    }

    /// The sealed form: ``overheadByteCount`` bytes longer, and different each time.
    package func seal(_ bytes: [UInt8], context: String) throws(SealError) -> [UInt8] {
        try self.box.seal(bytes, context: context)
    }

    /// The bytes that were sealed.
    ///
    /// - Throws: ``SealError`` when they were altered, or sealed under another key or context.
    package func open(_ sealed: some Collection<UInt8>, context: String) throws(SealError) -> [UInt8] {
        try self.box.open(sealed, context: context)
    }

    /// What sealing adds: a format byte, the nonce and the tag.
    package static let overheadByteCount = AuthenticatedBox.overheadByteCount
}

/// Sealed bytes could not be opened; nothing more is said, on purpose.
package enum SealError: Error, Sendable, Hashable {
    case damagedOrForeign
}

/// AES-GCM with a format byte in front, shared by everything that seals under its own derived key.
struct AuthenticatedBox: Sendable {
    static let overheadByteCount = 1 + 12 + 16
    private static let format: UInt8 = 1

    private let key: SymmetricKey

    init(key: SymmetricKey) { self.key = key }

    func seal(_ bytes: [UInt8], context: String) throws(SealError) -> [UInt8] {
        do {
            let sealed = try AES.GCM.seal(bytes, using: self.key, authenticating: Array(context.utf8))
            guard let combined = sealed.combined else { throw SealError.damagedOrForeign }
            return [Self.format] + combined
        } catch {
            throw .damagedOrForeign
        }
    }

    func open(_ sealed: some Collection<UInt8>, context: String) throws(SealError) -> [UInt8] {
        guard sealed.first == Self.format, sealed.count >= Self.overheadByteCount else { throw .damagedOrForeign }
        do {
            let box = try AES.GCM.SealedBox(combined: Array(sealed.dropFirst()))
            return Array(try AES.GCM.open(box, using: self.key, authenticating: Array(context.utf8)))
        } catch {
            throw .damagedOrForeign
        }
    }
}
