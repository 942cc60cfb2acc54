// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PenstockWorker

/// What is written into a journal, and what is made of whatever is found there.
struct JournalRecordTests {
    private static let reference = JobReference(jobID: "job-1", clientID: "c-1", nonce: "7")
    private static let type = ActionTypeID(category: .test, owner: .thirdParty, provider: "Linter", version: "1")

    private static let success = JobOutcome.success(
        summary: "line\nfeed, \"quotes\" and é🚧\u{0}", externalExecutionID: "run-1",
        currentRevision: CurrentRevision(
            revision: "r", changeIdentifier: "c", created: WireTimestamp(millisecondsSinceEpoch: 1_795_435_200_123)),
        outputVariables: ["A": "b c", "D": ""]
    ).report(of: reference)

    private static let failure = JobFailure(.permissionError, "no\nentry", externalExecutionID: "run-2").report

    private static let records: [JournalRecord] = [
        .claimed(JournalRecord.Claim(reference, type)), .begun, .ended(success), .ended(failure),
    ]

    private func file(_ records: [JournalRecord] = records) throws -> [UInt8] {
        try records.flatMap { try $0.line(jobID: "job-1") }
    }

    @Test func `What was written is read as it was`() throws {
        let file = try self.file()
        let (records, byteCount) = JournalRecord.read(file)
        #expect(records == Self.records)
        #expect(byteCount == file.count)
        #expect(file.count { $0 == UInt8(ascii: "\n") } == 4)
    }

    @Test func `Of a file that was cut off the whole lines are read, wherever the cut is`() throws {
        let file = try self.file()
        let ends = file.indices.filter { file[$0] == UInt8(ascii: "\n") }.map { $0 + 1 }
        for length in 0...file.count {
            let (records, byteCount) = JournalRecord.read(Array(file.prefix(length)))
            let whole = ends.filter { $0 <= length }
            #expect(records == Array(Self.records.prefix(whole.count)))
            #expect(byteCount == whole.last ?? 0)
        }
    }

    @Test func `A line with any byte changed is not a line`() throws {
        let first = try Self.records[0].line(jobID: "job-1")
        for index in first.indices {
            for change: UInt8 in [0x01, 0x20, 0x80] {
                var file = first
                file[index] ^= change
                let records = JournalRecord.read(file).records
                #expect(records.isEmpty, "byte \(index) became \(file[index])")
            }
        }
    }

    @Test func `Arbitrary bytes are read as nothing`() {
        var generator = SplitMix(seed: 42)
        for _ in 0..<500 {
            let count = Int.random(in: 0..<400, using: &generator)
            let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            #expect(JournalRecord.read(bytes).records.isEmpty)
        }
    }

    @Test func `Documents of lines that are no records are refused, however deep they are`() {
        for content in [
            "claimed {}", "claimed []", "claimed \(String(repeating: "[", count: 100_000))", "claimed",
            #"claimed {"format":2,"actionType":"a","jobID":"j"}"#, "success {}", "success 7", "failure {}",
            #"failure {"jobId":"j","failureDetails":{}}"#, "finished {}", "",
            "success \(String(repeating: #"{"a":"#, count: 100_000))",
        ] {
            let line = JournalRecordTests.line(content)
            #expect(JournalRecord.read(line).records.isEmpty, "\(content.prefix(60))")
        }
    }

    /// A line whose checksum is right.
    private static func line(_ content: String) -> [UInt8] {
        JournalRecord.checksum(Array(content.utf8)) + Array(" \(content)\n".utf8)
    }

    // MARK: A file as a whole

    @Test func `A file tells how far its job had come`() throws {
        let claimed = try #require(HeldJob(Array(Self.records.prefix(1))))
        #expect(claimed.reference == Self.reference && !claimed.isBegun && claimed.report == nil)
        let begun = try #require(HeldJob(Array(Self.records.prefix(2))))
        #expect(begun.isBegun && begun.report == nil)
        #expect(try #require(HeldJob(Array(Self.records.prefix(3)))).report == Self.success)
        #expect(try #require(HeldJob(Self.records)).report == Self.failure)
    }

    @Test func `A file that begins otherwise, or is of two jobs, tells of none`() {
        #expect(HeldJob([]) == nil)
        #expect(HeldJob([.begun]) == nil)
        #expect(HeldJob([Self.records[0], Self.records[0]]) == nil)
        let other = JobOutcome.success().report(of: JobReference(jobID: "job-2"))
        #expect(HeldJob([Self.records[0], .ended(other)]) == nil)
    }
}

/// Numbers that are the same in every run.
private struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
