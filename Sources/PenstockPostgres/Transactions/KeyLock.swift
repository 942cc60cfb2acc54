// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts

/// The rows that stand for keys of objects where these are locked. There are as many from the beginning, and they never
/// change, so that locking one is a row lock as every database has it.
enum KeyLock {
    static let table = "penstock_key_lock"
    /// How many rows there are. Two keys share one by chance, and a deletion of a thousand keys takes a fifth of them.
    static let count: UInt64 = 4096

    /// The row of the key, the same in every process.
    static func number(of key: ObjectKey, in bucket: String) -> Int64 {
        // FNV-1a of both. Its low bits alone are what the last bytes make of them, so that the high ones are mixed in.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in Array(bucket.utf8) + [0] + key.bytes {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
        }
        return Int64((hash ^ hash >> 32) % Self.count)
    }
}
