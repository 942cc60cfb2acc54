// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel
package import PenstockStore

/// Where a clock that is moved by hand stands, as the store remembers it from one start to the next.
package enum StoredClock {
    private static let name = "manual-clock"

    /// `nil` when the data has only known real time.
    package static func instant(in reader: any StoreReader) throws -> Timestamp? {
        guard let bytes = try reader.setting(Self.name), !bytes.isEmpty else { return nil }
        guard let milliseconds = Int64(String(decoding: bytes, as: UTF8.self)) else {
            throw StoreError(.corrupt, "the stored time of the clock cannot be read")
        }
        return Timestamp(millisecondsSinceEpoch: milliseconds)
    }

    /// Remembers where the clock stands; `nil` from when on real time counts.
    package static func put(_ instant: Timestamp?, in transaction: any StoreTransaction) throws {
        let text = instant.map { String($0.millisecondsSinceEpoch) } ?? ""
        try transaction.putSetting(Self.name, Array(text.utf8))
    }
}
