// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockTesting
import Synchronization
import Testing

@testable import PenstockWorker

/// Workers that come to a sudden end, and their successors.
@Suite(.timeLimit(.minutes(10))) struct JournalTests {
    private static let lost: ScriptedTransport.Answer = { _ in throw TransportError(.connectionFailed, "reset") }

    private func files(_ journal: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: journal).filter { $0 != "lock" }.sorted()
    }

    private func refused(_ handler: String) -> JobWorker.Handler {
        { _ in
            Issue.record("\(handler)")
            return .success()
        }
    }

    /// Runs a worker that dies in the middle of its work.
    private func crashAtWork(_ service: PlayedService, _ journal: String) async throws {
        let begun = Event()
        let first = worker(service, .test(journal: journal)) { job in
            #expect(!job.isResumed)
            begun.happen()
            await Event().wait()
            throw CancellationError()
        }
        try await RunningWorker.crash(first) { await begun.wait() }
    }

    /// What a crash at that moment would leave: it could come at any time after the call has left.
    private func records(_ journal: String) throws -> [JournalRecord] {
        let name = try #require(try self.files(journal).first)
        return JournalRecord.read(Array(try Data(contentsOf: URL(filePath: "\(journal)/\(name)")))).records
    }

    @Test(arguments: Family.allCases) func `A note is there before the call that it is about`(_ family: Family)
        async throws
    {
        try await TemporaryDirectory.use { directory in
            let journal = directory + "/journal"
            let service = PlayedService(family, jobs: [.first])
            service.interject(family.acknowledge) { _ in
                let records = try self.records(journal)
                #expect(HeldJob(records)?.reference.jobID == PlayedJob.first.id)
                #expect(HeldJob(records)?.reference.nonce == PlayedService.nonce && records.count == 1)
                return .json(#"{"status":"InProgress"}"#)
            }
            service.interject(family.failure) { _ in
                let held = try #require(HeldJob(try self.records(journal)))
                #expect(held.report == JobFailure(.jobFailed, "broken").report)
                return .json("")
            }
            let worker = worker(service, .test(journal: journal)) { _ in
                #expect(HeldJob(try self.records(journal))?.isBegun == true)
                throw JobFailure(.jobFailed, "broken")
            }
            try await RunningWorker.run(worker) { _ in await service.untilCalled(family.failure) }
            #expect(try self.files(journal).isEmpty)
        }
    }

    @Test(arguments: Family.allCases)
    func `A worker that dies before its report arrives has its successor send the same`(
        _ family: Family
    ) async throws {
        try await TemporaryDirectory.use { directory in
            let journal = directory + "/journal"
            let service = PlayedService(family, jobs: [.first])
            service.interject(family.failure, Self.lost)
            let first = worker(service, .test(journal: journal)) { _ in
                throw JobFailure(.jobFailed, "3 tests failed", externalExecutionID: "run-42")
            }
            try await RunningWorker.crash(first) { await service.untilCalled(family.failure) }
            #expect(try self.files(journal).count == 1)
            let second = worker(
                service, .test(journal: journal), handler: self.refused("the work was done already"))
            try await RunningWorker.run(second) { _ in await service.untilCalled(family.failure, times: 2) }
            let bodies = service.requests(of: family.failure).map(\.body)
            #expect(bodies.count == 2 && bodies[0] == bodies[1])
            #expect(service.requests(of: family.acknowledge).count == 1)
            #expect(try self.files(journal).isEmpty)
        }
    }

    @Test(arguments: Family.allCases) func `A worker that dies at work has its successor begin again, and say so`(
        _ family: Family
    ) async throws {
        try await TemporaryDirectory.use { directory in
            let journal = directory + "/journal"
            let service = PlayedService(family, jobs: [.first])
            try await self.crashAtWork(service, journal)
            let second = worker(service, .test(journal: journal)) { job in
                #expect(job.isResumed)
                #expect(job.configuration == ["Host": "web-1"])
                #expect(job.id == PlayedJob.first.id)
                return .success(summary: "at last")
            }
            try await RunningWorker.run(second) { _ in await service.untilCalled(family.success) }
            #expect(service.requests(of: family.acknowledge).count == 1)
            #expect(try self.files(journal).isEmpty)
        }
    }

    @Test(arguments: Family.allCases)
    func `An acknowledgement whose answer was lost is sent again by the successor, with the same nonce`(
        _ family: Family
    ) async throws {
        try await TemporaryDirectory.use { directory in
            let journal = directory + "/journal"
            let service = PlayedService(family, jobs: [.first])
            service.interject(family.acknowledge, Self.lost)
            let first = worker(
                service, .test(journal: journal), handler: self.refused("the job was not known to be ours"))
            try await RunningWorker.crash(first) { await service.untilCalled(family.acknowledge) }
            let second = worker(service, .test(journal: journal)) { job in
                #expect(!job.isResumed)
                return .success()
            }
            try await RunningWorker.run(second) { _ in await service.untilCalled(family.success) }
            let bodies = service.requests(of: family.acknowledge).map(\.body)
            #expect(bodies.count == 2 && bodies[0] == bodies[1])
        }
    }

    @Test func `Work that ended while the worker was cut off is reported, not repeated`() async throws {
        try await TemporaryDirectory.use { directory in
            let journal = directory + "/journal"
            let service = PlayedService(.custom, jobs: [.first])
            let begun = Event()
            let first = worker(service, .test(journal: journal)) { _ in
                begun.happen()
                await Event().wait()
                // The work was past the point where it can be given up.
                return .success(summary: "whole")
            }
            try await RunningWorker.crash(first) { await begun.wait() }
            let second = worker(
                service, .test(journal: journal), handler: self.refused("the work was done already"))
            #expect(service.requests(of: "PutJobSuccessResult").isEmpty)
            try await RunningWorker.run(second) { _ in await service.untilCalled("PutJobSuccessResult") }
            #expect(service.requests(of: "PutJobSuccessResult").last?.text.contains("whole") == true)
        }
    }

    @Test(arguments: Family.allCases) func `A job that ended meanwhile is not begun again`(_ family: Family)
        async throws
    {
        try await TemporaryDirectory.use { directory in
            let journal = directory + "/journal"
            let service = PlayedService(family, jobs: [.first])
            try await self.crashAtWork(service, journal)
            service.end(PlayedJob.first.id)
            let second = worker(service, .test(journal: journal), handler: self.refused("the job is over"))
            try await RunningWorker.run(second) { _ in
                await service.untilCalled(family.details, times: family == .custom ? 1 : 2)
                await service.untilCalled(family.poll, times: 2)
            }
            #expect(try self.files(journal).isEmpty)
        }
    }

    @Test func `A report that the service has heard already is no trouble`() async throws {
        try await TemporaryDirectory.use { directory in
            let journal = directory + "/journal"
            let service = PlayedService(.custom, jobs: [.first])
            // The report arrives, its answer does not.
            service.interject("PutJobSuccessResult") { _ in
                service.end(PlayedJob.first.id)
                throw TransportError(.connectionFailed, "reset")
            }
            let first = worker(service, .test(journal: journal)) { _ in .success() }
            try await RunningWorker.crash(first) { await service.untilCalled("PutJobSuccessResult") }
            let second = worker(service, .test(journal: journal), handler: self.refused("it was done"))
            try await RunningWorker.run(second) { _ in
                await service.untilCalled("PutJobSuccessResult", times: 2)
            }
            #expect(try self.files(journal).isEmpty)
        }
    }

    @Test func `Nothing of a job is left once its report is answered, and no secret is ever there`() async throws {
        try await TemporaryDirectory.use { directory in
            let journal = directory + "/journal"
            let service = PlayedService(.partner, jobs: [.first])
            let seen = Mutex("")
            try await RunningWorker.run(
                worker(service, .test(journal: journal)) { _ in
                    let name = try #require(try self.files(journal).first)
                    let text = try String(contentsOfFile: journal + "/" + name, encoding: .utf8)
                    let mode = try FileManager.default.attributesOfItem(atPath: journal + "/" + name)[.posixPermissions]
                    #expect((mode as? NSNumber)?.intValue == 0o600)
                    seen.withLock { $0 = text }
                    return .success()
                }
            ) { _ in await service.untilCalled("PutThirdPartyJobSuccessResult") }
            #expect(try self.files(journal).isEmpty)
            let text = seen.withLock { $0 }
            #expect(text.contains(PlayedJob.first.id))
            for hidden in ["client-token", "session-", "artifact-secret", "web-1"] { #expect(!text.contains(hidden)) }
            let mode = try FileManager.default.attributesOfItem(atPath: journal)[.posixPermissions]
            #expect((mode as? NSNumber)?.intValue == 0o700)
        }
    }

    // MARK: The directory

    @Test func `Two workers do not share a journal, and the second may have it when the first is gone`() async throws {
        try await TemporaryDirectory.use { directory in
            let journal = directory + "/journal"
            let service = PlayedService(.custom)
            try await RunningWorker.run(worker(service, .test(journal: journal)) { _ in .success() }) { _ in
                await service.untilCalled("PollForJobs")
                let error = await #expect(throws: JournalError.self) {
                    try await worker(service, .test(journal: journal)) { _ in .success() }.run()
                }
                #expect(error?.code == .inUse)
            }
            try await RunningWorker.run(worker(service, .test(journal: journal)) { _ in .success() }) { _ in
                await service.untilCalled("PollForJobs", times: 2)
            }
        }
    }

    @Test func `A journal that cannot be kept keeps the worker from starting`() async throws {
        try await TemporaryDirectory.use { directory in
            let service = PlayedService(.custom, jobs: [.first])
            for journal in ["\(directory)/absent/journal", "/dev/null"] {
                let error = await #expect(throws: JournalError.self) {
                    try await worker(service, .test(journal: journal)) { _ in .success() }.run()
                }
                #expect(error?.code == .unusable)
            }
            #expect(service.operations.isEmpty)
        }
    }

    @Test func `A job that cannot be noted is not acknowledged`() async throws {
        try await TemporaryDirectory.use { directory in
            let journal = directory + "/journal"
            let service = PlayedService(.custom)
            let worker = worker(service, .test(journal: journal), handler: self.refused("the job was not noted"))
            try await RunningWorker.run(worker) { _ in
                await service.untilCalled("PollForJobs")
                try FileManager.default.removeItem(atPath: journal)
                service.add(.first)
                await service.untilCalled("PollForJobs", times: 2)
            }
            #expect(service.requests(of: "AcknowledgeJob").isEmpty)
        }
    }

    @Test func `Whatever else lies in the directory, a job that is held is found`() async throws {
        try await TemporaryDirectory.use { directory in
            let journal = directory + "/journal"
            let service = PlayedService(.custom, jobs: [.first])
            try await self.crashAtWork(service, journal)
            let held = try #require(try self.files(journal).first)
            try self.litter(journal, held)
            let second = worker(service, .test(journal: journal)) { job in
                #expect(job.id == PlayedJob.first.id && job.isResumed)
                return .success()
            }
            try await RunningWorker.run(second) { _ in
                await service.untilCalled("PutJobSuccessResult")
                await service.untilCalled("PollForJobs", times: 2)
            }
            let left = try self.files(journal)
            #expect(!left.contains(held))
            #expect(left.contains("a.job.unreadable") && left.contains("b.job.unreadable"))
            #expect(left.contains("c.job.unreadable"))
            // What is of another worker, or no file of ours, stays as it is.
            #expect(left.contains("other.job") && left.contains("directory.job") && left.contains("readme.txt"))
            #expect(left.contains("link.job"))
        }
    }

    /// Puts into a journal what no worker writes.
    private func litter(_ journal: String, _ held: String) throws {
        func write(_ name: String, _ bytes: [UInt8]) throws {
            try Data(bytes).write(to: URL(filePath: "\(journal)/\(name)"))
        }
        try write("a.job", [])
        try write("b.job", Array("claimed nothing".utf8))
        try write("c.job", [UInt8](repeating: 0xff, count: JobJournal.maximumFileBytes + 1))
        try write("readme.txt", Array("not a job".utf8))
        let claim = JournalRecord.Claim(JobReference(jobID: "p"), Family.partner.actionType)
        try write("other.job", try JournalRecord.claimed(claim).line(jobID: "p"))
        try FileManager.default.createDirectory(atPath: "\(journal)/directory.job", withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(
            atPath: "\(journal)/link.job", withDestinationPath: "\(journal)/readme.txt")
        try #require(mkfifo("\(journal)/pipe.job", 0o600) == 0)
        // A report that was half written when the worker died.
        let file = try FileHandle(forWritingTo: URL(filePath: "\(journal)/\(held)"))
        try file.seekToEnd()
        try file.write(contentsOf: Data("0badc0de success {\"jobId\":\"".utf8))
        try file.close()
    }
}
