// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockSigning

/// The directory in which a worker notes what it holds, before it acts.
///
/// Each job has a file there from before it is acknowledged until its report has been answered. Whatever happens to the
/// worker meanwhile, its next start finds the jobs that are its own: the service gives them to nobody else.
final class JobJournal: Sendable {
    /// More than any worker writes: a file of this size is not the kit's.
    static let maximumFileBytes = 4 << 20

    private static let fileSuffix = ".job"

    private let directory: String
    private let actionType: ActionTypeID
    private let lock: LocalFile

    private init(_ directory: String, _ actionType: ActionTypeID, _ lock: LocalFile) {
        self.directory = directory
        self.actionType = actionType
        self.lock = lock
    }

    /// Makes the directory if it is not there, and keeps other workers out of it.
    ///
    /// - Throws: ``JournalError``.
    static func open(_ directory: String, _ actionType: ActionTypeID) async throws -> JobJournal {
        let lock: LocalFile?
        do {
            lock = try await LocalFile.blocking {
                try LocalFile.makeDirectory(directory)
                let file = try LocalFile.open("\(directory)/lock", .locking)
                return try file.lock() ? file : nil
            }
        } catch let error as LocalFileError {
            throw JournalError(code: .unusable, message: "The journal cannot be kept: \(error)")
        }
        guard let lock else {
            throw JournalError(code: .inUse, message: "Another worker keeps its journal in \(directory)")
        }
        return JobJournal(directory, actionType, lock)
    }

    /// Notes that a job is about to be acknowledged.
    func claim(_ reference: JobReference) async throws -> JournalEntry {
        let record = JournalRecord.claimed(JournalRecord.Claim(reference, self.actionType))
        let line = try record.line(jobID: reference.jobID)
        let name = "\(Self.fileName(of: reference.jobID))\(Self.fileSuffix)"
        let directory = self.directory
        return try await JournalEntry.shielded {
            let file = try LocalFile.open("\(directory)/\(name)", .creating)
            try file.append(line)
            try file.synchronize()
            try LocalFile.synchronizeDirectory(directory)
            return JournalEntry(file, jobID: reference.jobID)
        }
    }

    /// Ids are the service's to choose, and may be anything; the random part keeps two dispatches of a job apart.
    private static func fileName(of jobID: String) -> String {
        let random = String(UInt64.random(in: .min ... .max), radix: 16)
        return "\(PayloadHash(of: jobID.utf8).description.prefix(32))-\(random)"
    }

    /// The files that earlier workers left.
    func files() async throws -> [String] {
        let directory = self.directory
        return try await LocalFile.blocking {
            try LocalFile.names(in: directory).filter { $0.hasSuffix(Self.fileSuffix) }
        }
    }

    /// Reads what an earlier worker held.
    ///
    /// A file that cannot be understood gets another name, and is told of once.
    ///
    /// - Returns: Nothing when it cannot be read, or when its job is of another action type: that is left to whoever
    ///   works on it.
    func held(in name: String, logger: Logger) async -> (JournalEntry, HeldJob)? {
        let path = "\(self.directory)/\(name)"
        do {
            return try await self.read(path)
        } catch {
            logger.error(
                "A file of the journal cannot be read", metadata: ["file": "\(name)", "error": "\(error)"])
            if error is NotUnderstood {
                try? await LocalFile.blocking { try LocalFile.rename(path, to: "\(path).unreadable") }
            }
            return nil
        }
    }

    private struct NotUnderstood: Error, CustomStringConvertible {
        let description: String
    }

    private func read(_ path: String) async throws -> (JournalEntry, HeldJob)? {
        let typeName = JournalRecord.Claim.name(of: self.actionType)
        return try await LocalFile.blocking {
            let file = try LocalFile.open(path, .extending)
            guard let size = try file.regularSize(), size <= Self.maximumFileBytes else {
                throw NotUnderstood(description: "it is no file, or too large a one")
            }
            let (records, byteCount) = JournalRecord.read(try file.read(Int(size), at: 0))
            guard case .claimed(let claim)? = records.first, let job = HeldJob(records) else {
                throw NotUnderstood(description: "it tells of no job")
            }
            guard claim.actionType == typeName else { return nil }
            // What is added must follow a whole line.
            try file.truncate(to: Int64(byteCount))
            return (JournalEntry(file, jobID: claim.jobID), job)
        }
    }
}

/// One job's file.
final class JournalEntry: Sendable {
    private let file: LocalFile
    private let jobID: String

    init(_ file: LocalFile, jobID: String) {
        self.file = file
        self.jobID = jobID
    }

    /// Adds a line, and returns once it survives a loss of power.
    func note(_ record: JournalRecord) async throws {
        let line = try record.line(jobID: self.jobID)
        let file = self.file
        try await Self.shielded {
            try file.append(line)
            try file.synchronize()
        }
    }

    /// Removes the file. Should a crash bring it back, the service refuses what is sent for it.
    func forget() async {
        let file = self.file
        try? await Self.shielded { try LocalFile.remove(file.path) }
    }

    /// A shield: a worker that is cancelled still notes what it knows.
    fileprivate static func shielded<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await Task { try await LocalFile.blocking(body) }.value
    }
}
