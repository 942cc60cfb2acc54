// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import Testing

struct StateEncodingTests {
    // MARK: The form

    @Test(
        arguments: [
            (0, [0x00]), (-1, [0x01]), (1, [0x02]), (63, [0x7E]), (64, [0x80, 0x01]), (-64, [0x7F]),
            (-65, [0x81, 0x01]),
            (Int.max, [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]),
            (Int.min, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]),
        ] as [(Int, [UInt8])])
    func `Numbers near zero are short, whatever their sign`(value: Int, bytes: [UInt8]) throws {
        #expect(Self.written(value) == bytes)
        #expect(try Self.read(bytes, as: Int.self) == value)
        #expect(try Self.read(bytes, as: Int64.self) == Int64(value))
    }

    @Test func `Texts have their length in front, in bytes`() throws {
        #expect(Self.written("é!") == [0x03, 0xC3, 0xA9, 0x21])
        for text in ["", "é!", "\u{0}", "😀", String(repeating: "x", count: 300)] {
            #expect(try Self.read(Self.written(text), as: String.self) == text)
        }
    }

    @Test func `Absence is a byte, and lists have their count in front`() throws {
        var writer = StateWriter()
        writer.write(Int?.none)
        writer.write(Int?.some(1))
        writer.write([true, false])
        writer.write([String]())
        #expect(writer.bytes == [0, 1, 2, 2, 1, 0, 0])
        var reader = StateReader(writer.bytes)
        #expect(try reader.readOptional(Int.self) == nil)
        #expect(try reader.readOptional(Int.self) == 1)
        #expect(try reader.readArray(Bool.self) == [true, false])
        #expect(try reader.readArray(String.self) == [])
        #expect(reader.isAtEnd)
    }

    @Test func `Identifiers, instants and pairs survive`() throws {
        let id = UniqueID(high: .max, low: 1)
        #expect(try Self.read(Self.written(id), as: UniqueID.self) == id)
        #expect(try Self.read(Self.written(JobID(id)), as: JobID.self) == JobID(id))
        for milliseconds in [0, -1, Int64.max, .min] {
            let instant = Timestamp(millisecondsSinceEpoch: milliseconds)
            #expect(try Self.read(Self.written(instant), as: Timestamp.self) == instant)
        }
        let pair = KeyedValue("k", "v")
        #expect(try Self.read(Self.written(pair), as: KeyedValue.self) == pair)
    }

    @Test func `Enumerations are stored by the value that never changes`() throws {
        #expect(Self.written(ExecutionMode.queued) == Self.written("QUEUED"))
        #expect(try Self.read(Self.written("Stopping"), as: PipelineExecutionStatus.self) == .stopping)
    }

    // MARK: Hostile bytes

    @Test(
        arguments: [
            [0x80], [0xFF, 0xFF], [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02],
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x80, 0x01],
            [],
        ] as [[UInt8]])
    func `A number without an end or beyond 64 bits is refused`(bytes: [UInt8]) {
        #expect(throws: StateDecodingError.self) { try Self.read(bytes, as: Int.self) }
    }

    @Test(
        arguments: [[0x05, 0x61], [0x01], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]] as [[UInt8]])
    func `A length beyond what is left is refused before room is made for it`(bytes: [UInt8]) {
        #expect(throws: StateDecodingError.self) { try Self.read(bytes, as: String.self) }
        var reader = StateReader(bytes)
        #expect(throws: StateDecodingError.self) { try reader.readArray(String.self) }
    }

    @Test(arguments: [[0x01, 0xFF], [0x02, 0xC3, 0x28], [0x03, 0xED, 0xA0, 0x80], [0x01, 0xC3]] as [[UInt8]])
    func `A text that is not UTF-8 is refused`(bytes: [UInt8]) {
        #expect(throws: StateDecodingError("a text is not UTF-8")) { try Self.read(bytes, as: String.self) }
    }

    @Test func `Neither yes nor no, neither absent nor present, and unknown names are refused`() {
        #expect(throws: StateDecodingError("2 is not a Boolean")) { try Self.read([2], as: Bool.self) }
        var reader = StateReader([7])
        #expect(throws: StateDecodingError("7 is neither absence nor presence")) { try reader.readOptional(Bool.self) }
        #expect(throws: StateDecodingError("ExecutionMode has no value 'SERIAL'")) {
            try Self.read(Self.written("SERIAL"), as: ExecutionMode.self)
        }
    }

    @Test func `A list of a million elements that are not there takes no room`() {
        // A count that the rest could hold if every element took one byte.
        let bytes = [0xC0, 0x84, 0x3D] + [UInt8](repeating: 0xFF, count: 1_000_000)
        var reader = StateReader(bytes)
        #expect(throws: StateDecodingError.self) { try reader.readArray(KeyedValue.self) }
    }

    private static func written(_ value: some StateCodable) -> [UInt8] {
        var writer = StateWriter()
        writer.write(value)
        return writer.bytes
    }

    private static func read<Value: StateCodable>(
        _ bytes: [UInt8],
        as _: Value.Type
    ) throws(StateDecodingError) -> Value {
        var reader = StateReader(bytes)
        return try reader.read(Value.self)
    }
}
