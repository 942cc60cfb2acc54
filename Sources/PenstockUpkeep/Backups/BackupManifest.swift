// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import FoundationEssentials
import PenstockArtifacts
import PenstockServer

/// What a backup says of itself: `manifest.json`, with its own hash in `manifest.sha256`.
package struct BackupManifest: Sendable, Hashable, Codable {
    package struct Table: Sendable, Hashable, Codable {
        package var name: String
        /// Beneath the backup.
        package var file: String
        package var rows: Int
        package var bytes: Int64
        /// Hexadecimal digits.
        package var sha256: String
    }

    package struct Blobs: Sendable, Hashable, Codable {
        package var count: Int
        package var bytes: Int64
    }

    /// The form of manifest and files that is written.
    package static let currentFormat = 1
    static let fileName = "manifest.json"
    static let hashFileName = "manifest.sha256"
    /// The most that a manifest has.
    private static let maximumSizeBytes: Int64 = 1 << 20

    package var format: Int
    /// No other backup has it.
    package var id: String
    /// RFC 3339.
    package var created: String
    /// The version of the schema that the rows had.
    package var schema: Int
    /// Of the master key that secrets are sealed under; `nil` when no server ever started on the store.
    package var masterKeyCheck: String?
    package var tables: [Table]
    package var blobs: Blobs

    /// Writes the manifest and its hash into a directory.
    func write(to directory: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes = Array(try encoder.encode(self)) + [0x0A]
        try PrivateFile.write(String(decoding: bytes, as: UTF8.self), to: "\(directory)/\(Self.fileName)")
        // As sha256sum writes and reads it.
        let line = "\(hexadecimal(SHA256.hash(data: bytes)))  \(Self.fileName)\n"
        try PrivateFile.write(line, to: "\(directory)/\(Self.hashFileName)")
    }

    /// - Throws: ``ServerError`` with code `.unusable`.
    static func read(from directory: String) throws -> Self {
        let file = "\(directory)/\(Self.fileName)"
        guard let status = try FileCalls.status(file) else {
            throw ServerError(.unusable, "\(directory) is not a backup: there is no \(Self.fileName) in it.")
        }
        var bytes: [UInt8] = []
        if status.sizeBytes <= Self.maximumSizeBytes { try OpenFile.reading(file).eachPiece { bytes += $0 } }
        let hash = try PrivateFile.read("\(directory)/\(Self.hashFileName)")
        guard let hash else {
            throw ServerError(.unusable, "The backup is damaged: \(Self.hashFileName) is not there.")
        }
        guard hash.prefix(64) == hexadecimal(SHA256.hash(data: bytes)) else {
            throw ServerError(
                .unusable,
                "The backup is damaged: \(Self.fileName) does not have the hash that \(Self.hashFileName) says.")
        }
        struct Numbered: Decodable { var format: Int }
        do {
            let format = try JSONDecoder().decode(Numbered.self, from: Data(bytes)).format
            guard format == Self.currentFormat else {
                throw ServerError(
                    .unusable,
                    "The backup has format \(format), this program reads \(Self.currentFormat); use a newer one.")
            }
            return try JSONDecoder().decode(Self.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw ServerError(.unusable, "The backup's \(Self.fileName) cannot be read: \(error)")
        }
    }
}
