// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// What a signing key is good for: one day, in one region, of one service.
package struct CredentialScope: Sendable, Hashable, CustomStringConvertible {
    /// The last element of each scope.
    package static let terminator = "aws4_request"

    /// `YYYYMMDD`.
    package var date: String

    /// Such as `eu-west-1`.
    package var region: String

    /// Such as `codepipeline` or `s3`, in lower case.
    package var service: String

    /// Makes a scope of its three free parts.
    package init(date: String, region: String, service: String) {
        self.date = date
        self.region = region
        self.service = service
    }

    /// `date/region/service/aws4_request`, as the string to sign writes it.
    package var description: String {
        "\(self.date)/\(self.region)/\(self.service)/\(Self.terminator)"
    }
}
