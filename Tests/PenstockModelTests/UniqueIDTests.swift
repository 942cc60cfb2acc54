// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import Testing

struct UniqueIDTests {
    private static let text = "01234567-89ab-cdef-fedc-ba9876543210"

    @Test func `The text form is read and written digit by digit`() {
        let id = UniqueID(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210)
        #expect(id.description == Self.text)
        #expect(UniqueID(Self.text) == id)
        #expect(UniqueID(Self.text.dropFirst(0)) == id)
    }

    @Test func `Every value survives its text, and texts sort as values do`() {
        var random = SystemRandomNumberGenerator()
        let ids = (0..<500).map { _ in UniqueID(high: random.next(), low: random.next()) }
        #expect(ids.map { UniqueID($0.description) } == ids)
        #expect(ids.sorted().map(\.description) == ids.map(\.description).sorted())
    }

    @Test(arguments: [UniqueID(high: 0, low: 0), UniqueID(high: .max, low: .max), UniqueID(high: 0, low: .max)])
    func `The ends of the range survive their texts`(id: UniqueID) {
        #expect(id.description.utf8.count == 36)
        #expect(UniqueID(id.description) == id)
    }

    @Test(arguments: [
        "", "0", "01234567-89ab-cdef-fedc-ba987654321", "01234567-89ab-cdef-fedc-ba98765432100",
        "01234567-89AB-cdef-fedc-ba9876543210", "0123456789abcdeffedcba9876543210",
        "0123456789abcdeffedcba9876543210----", "01234567-89ab-cdef-fedcb-a9876543210",
        "01234567-89ab-cdef-fedc-ba987654321g", " 1234567-89ab-cdef-fedc-ba9876543210",
        "01234567-89ab-cdef-fedc_ba9876543210", "{1234567-89ab-cdef-fedc-ba987654321}",
        "01234567-89ab-cdef-fedc-ba987654321\u{0660}", "--------------------------------------",
    ])
    func `Every other text is refused`(text: String) {
        #expect(UniqueID(text) == nil)
        #expect(PipelineExecutionID(text) == nil)
    }

    @Test func `Random identifiers are of version 4 and differ`() {
        var random = SystemRandomNumberGenerator()
        let ids = (0..<500).map { _ in UniqueID.random(using: &random) }
        #expect(Set(ids).count == ids.count)
        for id in ids {
            let text = Array(id.description)
            #expect(text[14] == "4")
            #expect("89ab".contains(text[19]))
        }
    }

    @Test func `Ordered identifiers are of version 7, differ, and follow their instants`() {
        var random = SystemRandomNumberGenerator()
        let instant = Timestamp(millisecondsSinceEpoch: 1_795_824_000_123)
        let ids = (0..<500).map { _ in UniqueID.ordered(at: instant, using: &random) }
        #expect(Set(ids).count == ids.count)
        for id in ids {
            let text = Array(id.description)
            #expect(text[14] == "7")
            #expect("89ab".contains(text[19]))
            #expect(id.high >> 16 == 1_795_824_000_123)
        }
        let later = UniqueID.ordered(at: instant + .milliseconds(1), using: &random)
        #expect(ids.allSatisfy { $0 < later })
    }

    @Test(arguments: [(Int64.min, UInt64(0)), (-1, 0), (1 << 48, (1 << 48) - 1), (.max, (1 << 48) - 1)])
    func `An instant that does not fit counts as the nearest that does`(milliseconds: Int64, expected: UInt64) {
        var random = SystemRandomNumberGenerator()
        let id = UniqueID.ordered(at: Timestamp(millisecondsSinceEpoch: milliseconds), using: &random)
        #expect(id.high >> 16 == expected)
        #expect(id.high >> 12 & 0xF == 7)
    }

    @Test func `Identifiers of one kind compare and read like their values`() throws {
        let (small, large) = (JobID(UniqueID(high: 0, low: 9)), JobID(UniqueID(high: 1, low: 0)))
        #expect(small < large)
        #expect(large.description == "00000000-0000-0001-0000-000000000000")
        #expect(JobID(large.description) == large)
    }
}
