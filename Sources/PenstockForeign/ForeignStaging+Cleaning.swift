// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PenstockArtifacts
package import PenstockModel
import PenstockOutbound

/// What workers have left, found by listing: no rows are kept of it.
extension ForeignStaging {
    package func actions() async throws -> [ActionExecutionID] {
        let folders = try await self.blobs.keys(beneath: self.blobs.prefix, delimiter: "/").map(\.key)
        let uploads = try await self.blobs.uploads(beneath: self.blobs.prefix).map(\.key)
        return Set((folders + uploads).compactMap(self.action)).sorted()
    }

    /// Whose a key is, or a folder.
    private func action(_ key: String) -> ActionExecutionID? {
        guard key.hasPrefix(self.blobs.prefix) else { return nil }
        return ActionExecutionID(key.dropFirst(self.blobs.prefix.count).prefix { $0 != "/" })
    }

    package func removeAll(of action: ActionExecutionID, olderThan age: Duration?) async throws {
        let cutoff = age.map { self.blobs.client.secondsSinceEpoch() - $0.components.seconds }
        for direction in StagedName.Direction.allCases {
            let folder = self.folder(of: action, direction)
            for (key, time) in try await self.blobs.keys(beneath: folder) where Self.isOlder(time, cutoff) {
                try await self.blobs.remove(key)
            }
            for (key, uploadID, time) in try await self.blobs.uploads(beneath: folder) where Self.isOlder(time, cutoff)
            {
                try await self.blobs.abort(uploadID, of: key)
            }
        }
    }

    /// Whether the time, in the form of ISO 8601, is before the cutoff; without one everything is.
    ///
    /// Times of this form sort as texts; what is behind the seconds does not matter here.
    private static func isOlder(_ time: String, _ cutoff: Int64?) -> Bool {
        guard let cutoff else { return true }
        let text = Date(timeIntervalSince1970: TimeInterval(cutoff)).formatted(.iso8601)
        return time.prefix(19) < text.prefix(19)
    }
}
