// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore
internal import PenstockAccess
package import PenstockModel

/// A request that was answered. Nothing of it is text before it is written.
package struct AccessLogEntry: Sendable {
    /// When it came, by real time.
    let at: Timestamp
    let id: RequestID
    /// The other end of the connection.
    let client: String?
    let surface: SurfaceName
    let note: AccessNote.Content
    let status: Int
    /// Until the answer began.
    let duration: Duration

    /// Writes the entry as a line of JSON, without what is not known.
    package func write(to buffer: inout ByteBuffer) {
        buffer.writeString("{\"time\":\"\(self.at.textWithMilliseconds)\",\"requestId\":\"\(self.id)\"")
        let members = [
            ("client", self.client), ("surface", self.surface.rawValue), ("operation", self.note.operation),
            ("account", self.note.scope?.account.rawValue), ("region", self.note.scope?.region.rawValue),
            ("principal", self.note.principal?.arn), ("resource", self.note.resource),
        ]
        for case (let name, let value?) in members {
            buffer.writeString(",\"\(name)\":")
            buffer.writeJSONString(value)
        }
        buffer.writeString(",\"status\":\(self.status),\"milliseconds\":\(self.milliseconds)}\n")
    }

    /// Writes a line of JSON that says how many entries are missing.
    package static func write(dropped: Int, at: Timestamp, to buffer: inout ByteBuffer) {
        buffer.writeString("{\"time\":\"\(at.textWithMilliseconds)\",\"dropped\":\(dropped)}\n")
    }

    /// With three digits behind the point.
    private var milliseconds: String {
        let (seconds, attoseconds) = self.duration.components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        return "\(microseconds / 1000).\(String(microseconds % 1000 + 1000).dropFirst())"
    }
}
