// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockEvents

extension ServerConfiguration {
    /// Reads who is told of events.
    ///
    /// - Throws: ``ServerError`` with code `.configuration`, which names the place in the file.
    func eventConfiguration() throws -> EventConfiguration {
        guard let path = self.eventsFile else { return EventConfiguration() }
        let folder = PrivateFile.parent(of: path)
        do {
            return try EventConfiguration(file: try Self.content(of: path)) {
                name throws(EventConfigurationProblem) in
                try Self.secret(in: name.hasPrefix("/") ? name : "\(folder)/\(name)")
            }
        } catch let problem as EventConfigurationProblem {
            throw ServerError(.configuration, "The configuration of events in \(path) cannot be used. \(problem)")
        }
    }

    private static func content(of path: String) throws(ServerError) -> [UInt8] {
        do {
            let file = try OpenFile.reading(path)
            var bytes = [UInt8](repeating: 0, count: EventConfiguration.maximumFileBytes + 1)
            let count = try bytes.withUnsafeMutableBytes { buffer throws(FileError) in
                try file.read(into: buffer, at: 0)
            }
            return Array(bytes.prefix(count))
        } catch {
            throw ServerError(.configuration, "The configuration of events cannot be read: \(error).")
        }
    }

    /// The text of the file, without the end of its line.
    private static func secret(in path: String) throws(EventConfigurationProblem) -> String {
        let text: String?
        do {
            text = try PrivateFile.read(path)
        } catch {
            throw EventConfigurationProblem(at: "", "cannot be read: \(error)")
        }
        guard let text else { throw EventConfigurationProblem(at: "", "names a file that is not there") }
        let line = String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        guard !line.isEmpty else { throw EventConfigurationProblem(at: "", "names a file that is empty") }
        return line
    }
}
