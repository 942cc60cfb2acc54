// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockStore
import Testing

struct StoredBytesTests {
    private static let stored = KeyedValue("team", "é").storedBytes()

    @Test func `A value is read from the bytes that were stored, with the format in front`() throws {
        #expect(Self.stored.first == UInt8(StateFormat.current))
        #expect(try KeyedValue(storedBytes: Self.stored) == KeyedValue("team", "é"))
        let list = [KeyedValue("a", "1"), KeyedValue("b", "2")]
        #expect(try [KeyedValue](storedBytes: list.storedBytes()) == list)
    }

    @Test(arguments: [Self.stored.dropLast(), Self.stored + [0], [], [99] + Self.stored.dropFirst()])
    func `Bytes that are missing, too many or of another format make the row corrupt`(bytes: [UInt8]) {
        let error = #expect(throws: StoreError.self) { try KeyedValue(storedBytes: bytes) }
        #expect(error?.code == .corrupt)
    }
}
