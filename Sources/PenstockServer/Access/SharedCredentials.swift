// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockSigning

/// A key in the form in which AWS tools share it.
///
/// Source: AWS SDKs and Tools Reference Guide, Shared config and credentials files.
package struct SharedCredentials: Sendable, Hashable {
    /// The profile that the key has in the file.
    package static let profile = "penstock"

    package var accessKeyID: String
    package var secretAccessKey: SecretAccessKey

    package init(accessKeyID: String, secretAccessKey: SecretAccessKey) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
    }

    /// The file's text, the secret in clear.
    var fileText: String {
        """
        [\(Self.profile)]
        aws_access_key_id = \(self.accessKeyID)
        aws_secret_access_key = \(self.secretAccessKey.revealed)

        """
    }

    /// The ids of the keys in a file's text, of all profiles.
    static func accessKeyIDs(in text: String) -> [String] {
        text.split(whereSeparator: \.isNewline).compactMap { line in
            let parts = line.split(separator: "=", maxSplits: 1).map { $0.split(separator: " ").joined() }
            return parts.count == 2 && parts[0].lowercased() == "aws_access_key_id" ? parts[1] : nil
        }
    }
}
