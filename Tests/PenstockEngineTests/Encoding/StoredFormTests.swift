// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import Testing

struct StoredFormTests {
    @Test(arguments: StoredSample.all)
    func `What was written is read as it was, to the last byte`(sample: StoredSample) throws {
        #expect(try sample.isRead(sample.bytes))
        #expect(try sample.rewrite(sample.bytes) == sample.bytes)
    }

    @Test(arguments: StoredSample.all)
    func `Bytes that end too early are refused, wherever they end`(sample: StoredSample) {
        for count in sample.bytes.indices {
            #expect(throws: StateDecodingError.self) { try sample.rewrite(Array(sample.bytes.prefix(count))) }
        }
    }

    @Test(arguments: StoredSample.all)
    func `Damaged bytes are refused or read as something that can be written, and never end the process`(
        sample: StoredSample
    ) throws {
        for position in sample.bytes.indices {
            for damage in [0x01, 0x80, 0xFF] as [UInt8] {
                var bytes = sample.bytes
                bytes[position] ^= damage
                try Self.checkReading(bytes, as: sample)
            }
        }
    }

    @Test(arguments: StoredSample.all)
    func `Random bytes never end the process`(sample: StoredSample) throws {
        var random = SeededGenerator(seed: UInt64(sample.bytes.count))
        for round in 0..<200 {
            let count = Int.random(in: 0...64, using: &random)
            let highest: UInt8 = round.isMultiple(of: 2) ? 3 : .max
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...highest, using: &random) }
            try Self.checkReading(bytes, as: sample)
            // With the numbers of the format in front, the rest is looked at as well.
            try Self.checkReading(Array(sample.bytes.prefix(2)) + bytes, as: sample)
        }
    }

    /// Whatever could be read is a value like any other.
    private static func checkReading(_ bytes: [UInt8], as sample: StoredSample) throws {
        guard let rewritten = try? sample.rewrite(bytes) else { return }
        #expect(try sample.rewrite(rewritten) == rewritten)
    }

    @Test(arguments: StoredSample.all, [0, UInt64(StateFormat.current) + 1, .max])
    func `Rows of a format that is not known are refused by its number`(sample: StoredSample, format: UInt64) {
        var writer = StateWriter()
        writer.write(format)
        let bytes = writer.bytes + sample.bytes.dropFirst()
        let error = StateDecodingError("a row of format \(Int(clamping: format))")
        #expect(throws: error) { try sample.rewrite(bytes) }
    }

    @Test(arguments: ["pipeline-head", "pipeline-execution", "pipeline-declaration", "action-type-definition"])
    func `Documents tell their format themselves as well`(name: String) throws {
        let documents = StoredSample.documents(format: StateFormat.current)
        let sample = try #require(documents.first { $0.name == name })
        for format in [0, StateFormat.current + 1, -1, 1_000_000] {
            var writer = StateWriter()
            writer.write(UInt64(StateFormat.current))
            writer.write(format)
            let bytes = writer.bytes + sample.bytes.dropFirst(2)
            let error = #expect(throws: StateDecodingError.self) { try sample.rewrite(bytes) }
            #expect(error?.description.hasSuffix("of format \(format)") == true)
        }
    }
}
