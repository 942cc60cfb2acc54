// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockSigning

/// Where an artifact is, as a job names it.
struct ArtifactPlace: Sendable, Hashable {
    /// For messages.
    let name: String
    let bucket: String
    let key: String

    init(_ artifact: Artifact) throws(ArtifactError) {
        let name = artifact.name.map { "the artifact \($0)" } ?? "an artifact without a name"
        guard let location = artifact.location?.s3Location else {
            throw ArtifactError(.noLocation, "The job does not say where \(name) is")
        }
        self.name = name
        self.bucket = location.bucketName
        self.key = location.objectKey
    }

    /// The host and path of the object.
    ///
    /// At AWS the bucket is part of the host's name, unless it has a dot, which no certificate would cover; anywhere
    /// else it begins the path.
    func address(endpoint: Endpoint?, region: String) -> (scheme: String, authority: String, path: String) {
        let key = Self.encoded(self.key)
        if let endpoint {
            return (endpoint.scheme, endpoint.authority, "\(endpoint.path)\(Self.encoded(self.bucket))/\(key)")
        }
        let aws = Endpoint.aws(service: "s3", region: region)
        let isLabel = self.bucket.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "-")
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        return isLabel
            ? (aws.scheme, "\(self.bucket).\(aws.authority)", "/\(key)")
            : (aws.scheme, aws.authority, "/\(Self.encoded(self.bucket))/\(key)")
    }

    private static func encoded(_ text: String) -> String {
        String(decoding: URIEncoding.encode(text.utf8, keepingSlashes: true), as: UTF8.self)
    }
}
