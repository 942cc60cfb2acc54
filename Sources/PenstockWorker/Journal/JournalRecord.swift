// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PenstockSigning

/// One line of a job's file in the journal.
///
/// A line is a checksum of what follows it, a word and a JSON document, and ends with a line feed. What a crash leaves
/// half written is not a line, and counts for nothing.
enum JournalRecord: Sendable, Hashable {
    /// The worker is about to acknowledge the job.
    case claimed(Claim)
    /// The job is the worker's, and its handler is about to begin.
    case begun
    /// The job has ended so, and is about to be reported.
    case ended(JobReport)

    /// What finds the job again.
    struct Claim: Sendable, Hashable, Codable {
        /// Of the file.
        var format = 1
        var actionType: String
        var jobID: String
        var clientID: String?
        var nonce: String?

        init(_ reference: JobReference, _ actionType: ActionTypeID) {
            self.actionType = Self.name(of: actionType)
            self.jobID = reference.jobID
            self.clientID = reference.clientID
            self.nonce = reference.nonce
        }

        var reference: JobReference {
            JobReference(jobID: self.jobID, clientID: self.clientID, nonce: self.nonce)
        }

        static func name(of type: ActionTypeID) -> String {
            "\(type.category)/\(type.owner)/\(type.provider)/\(type.version)"
        }
    }

    // MARK: Writing

    /// The line.
    ///
    /// - Parameter jobID: A failure does not know it.
    func line(jobID: String) throws -> [UInt8] {
        let (word, document): (String, [UInt8]) =
            switch self {
            case .claimed(let claim): ("claimed", Array(try JSONEncoder().encode(claim)))
            case .begun: ("begun", Array("{}".utf8))
            case .ended(.success(let result)): ("success", Operations.PutJobSuccessResult.encodeInput(result))
            case .ended(.failure(let details)):
                (
                    "failure",
                    Operations.PutJobFailureResult.encodeInput(
                        PutJobFailureResultInput(jobID: jobID, failureDetails: details))
                )
            }
        let content = Array("\(word) ".utf8) + document
        return Self.checksum(content) + [UInt8(ascii: " ")] + content + [UInt8(ascii: "\n")]
    }

    static func checksum(_ content: some Sequence<UInt8>) -> [UInt8] {
        Hex.encode(Checksum.value(of: Array(content), by: .crc32))
    }

    // MARK: Reading

    /// Reads the lines of a file up to the first that is none.
    ///
    /// - Returns: The records, and how many bytes they take.
    static func read(_ file: [UInt8]) -> (records: [JournalRecord], byteCount: Int) {
        var (records, position): ([JournalRecord], Int) = ([], 0)
        while let end = file[position...].firstIndex(of: UInt8(ascii: "\n")) {
            guard let record = Self(line: file[position..<end]) else { break }
            records.append(record)
            position = end + 1
        }
        return (records, position)
    }

    private init?(line: ArraySlice<UInt8>) {
        let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, Array(parts[0]) == Self.checksum(line[parts[1].startIndex...]) else { return nil }
        let document = Array(parts[2])
        switch String(decoding: parts[1], as: UTF8.self) {
        case "claimed":
            guard let claim = try? JSONDecoder().decode(Claim.self, from: Data(document)), claim.format == 1 else {
                return nil
            }
            self = .claimed(claim)
        case "begun": self = .begun
        case "success":
            guard let result = Self.decode(PutJobSuccessResultInput.self, document) else { return nil }
            self = .ended(.success(result))
        case "failure":
            guard let result = Self.decode(PutJobFailureResultInput.self, document) else { return nil }
            self = .ended(.failure(result.failureDetails))
        default: return nil
        }
    }

    private static func decode<Value: WireDecodable>(_ type: Value.Type, _ document: [UInt8]) -> Value? {
        try? WireReader.read(type, from: document, checkingConstraints: false)
    }
}

/// A job that a worker of this journal held when it came to its end.
struct HeldJob: Sendable {
    let reference: JobReference
    /// Whether it is known to have been acknowledged, so that its handler may have begun.
    let isBegun: Bool
    /// How it ended, if it had.
    let report: JobReport?

    /// Reads a file's records; nothing when they tell of no job.
    init?(_ records: [JournalRecord]) {
        guard case .claimed(let claim)? = records.first else { return nil }
        var (isBegun, report) = (false, JobReport?.none)
        for record in records.dropFirst() {
            switch record {
            case .claimed: return nil
            case .begun: isBegun = true
            case .ended(let ending):
                // Of several the last was about to be sent.
                report = ending
                if case .success(let result) = ending, result.jobID != claim.jobID { return nil }
            }
        }
        (self.reference, self.isBegun, self.report) = (claim.reference, isBegun, report)
    }
}
