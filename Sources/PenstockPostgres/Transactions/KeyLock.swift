// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockModel
import PenstockStore

extension PostgresTransaction {
    /// A name shares its row with others and with keys by chance, who wait for each other then. Names are locked before
    /// pipelines and these before keys, so that this can end in a deadlock, which the database breaks: it runs again.
    func lock(_ name: ContestedName) throws { try self.lockNumbers([KeyLock.number(of: name)]) }

    /// In ascending order, without a round trip of their own.
    func lockNumbers(_ numbers: Set<Int64>) throws {
        guard self.takesLocks else { return }
        for number in numbers.sorted() {
            try self.gatherLock(
                "SELECT 1 FROM \(KeyLock.table) WHERE number = $1", [number],
                orElse: "\(KeyLock.table) has lost rows: it has the numbers from 0 to \(KeyLock.count - 1)"
            )
        }
    }
}

/// The rows that stand for keys of objects, and for names, where these are locked. There are as many from the beginning, and
/// they never change, so that locking one is a row lock as every database has it.
enum KeyLock {
    static let table = "penstock_key_lock"
    /// How many rows there are. Two keys share one by chance, and a deletion of a thousand keys takes a fifth of them.
    static let count: UInt64 = 4096

    /// The row of the key, the same in every process.
    static func number(of key: ObjectKey, in bucket: String) -> Int64 {
        self.number(of: Array(bucket.utf8) + [0] + key.bytes)
    }

    /// The row of the name, the same in every process.
    static func number(of name: ContestedName) -> Int64 {
        let parts =
            switch name {
            case .pipeline(let key): ["pipeline", key.arn]
            case .pipelines(let scope): ["pipelines", scope.account.rawValue, scope.region.rawValue]
            case .accessKeys(let account): ["accessKeys", account.rawValue]
            case .customActionTypes(let scope):
                ["customActionTypes", scope.account.rawValue, scope.region.rawValue]
            case .partnerActionTypes(let region): ["partnerActionTypes", region.rawValue]
            }
        return self.number(of: Array(parts.joined(separator: "\0").utf8))
    }

    private static func number(of bytes: [UInt8]) -> Int64 {
        // FNV-1a. Its low bits alone are what the last bytes make of them, so that the high ones are mixed in.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return Int64((hash ^ hash >> 32) % Self.count)
    }
}
