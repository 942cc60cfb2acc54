// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PenstockArtifacts
import PenstockEvents
package import PenstockForeign
import PenstockModel
import PenstockOutbound
import PenstockRunners

extension ServerConfiguration {
    /// Reads who is told of events.
    ///
    /// - Throws: ``ServerError`` with code `.configuration`, which names the place in the file.
    func eventConfiguration() throws -> EventConfiguration {
        guard let path = self.eventsFile else { return EventConfiguration() }
        return try Self.read(path, of: "events", atMost: EventConfiguration.maximumFileBytes) {
            content, readSecret throws(ConfigurationProblem) in
            try EventConfiguration(file: content, readSecret: readSecret)
        }
    }

    /// Reads which buckets are those of other stores.
    ///
    /// - Throws: ``ServerError`` with code `.configuration`, which names the place in the file.
    func foreignBuckets() throws -> ForeignBuckets {
        guard let path = self.foreignBucketsFile else { return ForeignBuckets() }
        let account = self.account
        return try Self.read(path, of: "foreign buckets", atMost: ForeignBuckets.maximumFileBytes) {
            content, readSecret throws(ConfigurationProblem) in
            try ForeignBuckets(
                file: content, account: account, realTime: { SystemServiceClock.now }, readSecret: readSecret)
        }
    }

    /// Reads where the content of artifacts is, and the key for it, and whether workers get theirs there by themselves;
    /// `nil` for the data directory.
    ///
    /// - Throws: ``ServerError`` with code `.configuration`, which names the parameter.
    func foreignArtifacts() throws(ServerError) -> (blobs: ForeignBlobs, staging: ForeignStaging?)? {
        guard let artifacts = self.artifacts else { return nil }
        return try Self.foreignArtifacts(artifacts, option: "--artifacts")
    }

    /// What reads and writes in the place that an option names, with the key for it.
    ///
    /// - Throws: ``ServerError`` with code `.configuration`, which names the option and the parameter.
    package static func foreignBlobs(_ artifacts: String, option: String) throws(ServerError) -> ForeignBlobs {
        try self.foreignArtifacts(artifacts, option: option).blobs
    }

    private static func foreignArtifacts(
        _ artifacts: String, option: String
    ) throws(ServerError) -> (blobs: ForeignBlobs, staging: ForeignStaging?) {
        do throws(ConfigurationProblem) {
            let place = try ForeignPlace(artifacts, environment: ProcessInfo.processInfo.environment) {
                try PrivateFile.read($0)
            }
            let blobs = try place.blobs { SystemServiceClock.now.millisecondsSinceEpoch / 1000 }
            return (blobs, place.staging(of: blobs))
        } catch {
            throw ServerError(.configuration, "The place of the artifacts, \(option), cannot be used. \(error)")
        }
    }

    /// Reads a file of the operator's; files that it names stand beside it unless their paths are absolute.
    private static func read<Value>(
        _ path: String,
        of subject: String,
        atMost limit: Int,
        _ parse: ([UInt8], SecretReader) throws(ConfigurationProblem) -> Value
    ) throws -> Value {
        let folder = PrivateFile.parent(of: path)
        let content: [UInt8]
        do {
            content = try Self.content(of: path, atMost: limit)
        } catch {
            throw ServerError(.configuration, "The configuration of \(subject) cannot be read: \(error).")
        }
        do {
            return try parse(content) { name throws(ConfigurationProblem) in
                try Self.secret(in: name.hasPrefix("/") ? name : "\(folder)/\(name)")
            }
        } catch {
            throw ServerError(.configuration, "The configuration of \(subject) in \(path) cannot be used. \(error)")
        }
    }

    /// At most one byte more than the limit.
    private static func content(of path: String, atMost limit: Int) throws -> [UInt8] {
        let file = try OpenFile.reading(path)
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        let count = try bytes.withUnsafeMutableBytes { buffer throws(FileError) in
            try file.read(into: buffer, at: 0)
        }
        return Array(bytes.prefix(count))
    }

    /// The text of the file, without the end of its line.
    private static func secret(in path: String) throws(ConfigurationProblem) -> String {
        let text: String?
        do {
            text = try PrivateFile.read(path)
        } catch {
            throw ConfigurationProblem(at: "", "cannot be read: \(error)")
        }
        guard let text else { throw ConfigurationProblem(at: "", "names a file that is not there") }
        let line = String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        guard !line.isEmpty else { throw ConfigurationProblem(at: "", "names a file that is empty") }
        return line
    }
}
