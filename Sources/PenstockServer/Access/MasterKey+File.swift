// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockAccess
import PenstockArtifacts

extension MasterKey {
    /// Reads a key from its file: the base64 of 32 bytes, as `openssl rand -base64 32` prints it.
    ///
    /// - Throws: ``ServerError`` with code `.unusable`.
    package static func read(file path: String) throws -> MasterKey {
        let text: String?
        do {
            text = try PrivateFile.read(path)
        } catch {
            throw ServerError(.unusable, "The master key cannot be read: \(error).")
        }
        guard let text else { throw ServerError(.unusable, "There is no master key at \(path).") }
        guard let key = MasterKey(base64: text) else {
            throw ServerError(.unusable, "\(path) does not hold a master key, the base64 of 32 bytes.")
        }
        return key
    }

    /// The key of a data directory, which is made on the first start.
    ///
    /// A key that is gone is not made anew: what the old one sealed could not be read with it.
    static func ofDirectory(_ directory: DataDirectory) throws -> MasterKey {
        if try PrivateFile.read(directory.files.masterKey) == nil {
            guard try !directory.files.hasDatabase() else {
                throw ServerError(
                    .unusable,
                    "\(directory.files.masterKey) is missing. Put it back from where you keep it: without it nothing that is sealed can be read."
                )
            }
            var generator = SystemRandomNumberGenerator()
            let text = Base64URL.encode(Self.generateBytes(using: &generator))
            try PrivateFile.write(text + "\n", to: directory.files.masterKey)
        }
        return try self.read(file: directory.files.masterKey)
    }

    /// Either alphabet of base64, with or without padding, blanks around it.
    private init?(base64 text: String) {
        let digits = text.filter { !$0.isWhitespace && $0 != "=" }.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }
        guard let bytes = Base64URL.decode(String(digits)) else { return nil }
        self.init(bytes: bytes)
    }
}
