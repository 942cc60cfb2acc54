// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockClient
import PenstockRuntime
import PenstockTesting
import ServiceLifecycle
import Synchronization
import Testing

@testable import PenstockWorker

/// Stories of workers written with the kit, at a real server, in both families.
@Suite(.timeLimit(.minutes(5))) struct WorkerTests {
    @Test(arguments: WorkerFamily.allCases)
    func `A worker reads its input, writes its output, and the pipeline goes on`(_ family: WorkerFamily) async throws {
        try await Workshop.run(family) { shop in
            let output = Mutex<S3ArtifactLocation?>(nil)
            try await shop.withWorker(handler: { job in
                #expect(job.configuration == ["Host": "anvil"])
                #expect((job.clientID == nil) == (family == .custom))
                #expect((job.context?.pipelineExecutionID == nil) == (family == .partner))
                let source = try await job.contents(of: job.inputArtifacts[0])
                let target = try #require(job.outputArtifacts.first)
                output.withLock { $0 = target.location?.s3Location }
                try await job.upload(Array("built of ".utf8) + source, to: target)
                return .success(summary: "forged", externalExecutionID: "run-1")
            }) { try await shop.expectEnd(.succeeded) }
            let action = try #require(try await shop.action())
            #expect(action.status == .succeeded && action.summary == "forged")
            #expect(action.externalExecutionID == "run-1")
            let place = try #require(output.withLock { $0 })
            let built = try await shop.server.object(bucket: place.bucketName, key: place.objectKey)
            #expect(built == Array("built of \(Workshop.source)".utf8))
        }
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A failure is told where people look, and the next attempt may pass`(_ family: WorkerFamily) async throws {
        try await Workshop.run(family) { shop in
            let attempts = Mutex(0)
            try await shop.withWorker(handler: { _ in
                let attempt = attempts.withLock {
                    $0 += 1
                    return $0
                }
                guard attempt > 1 else {
                    throw JobFailure(.configurationError, "the anvil is cold", externalExecutionID: "run-1")
                }
                return .success()
            }) {
                try await shop.expectEnd(.failed)
                let action = try #require(try await shop.action())
                #expect(action.errorDetails == ErrorDetails(code: "ConfigurationError", message: "the anvil is cold"))
                #expect(action.externalExecutionID == "run-1")
                _ = try await shop.client.retryStageExecution(
                    pipelineName: Workshop.pipelineName, stageName: "Forge",
                    pipelineExecutionId: try await shop.executionID(), retryMode: .failedActions)
                try await shop.expectEnd(.succeeded)
            }
            #expect(attempts.withLock { $0 } == 2)
        }
    }

    @Test(arguments: WorkerFamily.allCases)
    func `Long work goes on from job to job, and shows how far it is`(_ family: WorkerFamily) async throws {
        try await Workshop.run(family) { shop in
            let (seen, see) = AsyncStream.makeStream(of: (id: String, execution: String?, token: String?).self)
            let (release, go) = AsyncStream.makeStream(of: Void.self)
            try await shop.withWorker(handler: { job in
                see.yield((job.id, job.context?.action?.actionExecutionID, job.continuationToken))
                switch job.continuationToken {
                case nil:
                    return .continuation(
                        token: "heated", summary: "hot", externalExecutionID: "run-1", percentComplete: 30)
                case "heated":
                    for await _ in release { break }
                    return .continuation(token: "shaped", summary: "shaped", percentComplete: 60)
                default: return .success(summary: "done")
                }
            }) {
                var jobs: [(id: String, execution: String?, token: String?)] = []
                for await job in seen {
                    jobs.append(job)
                    if jobs.count == 2 {
                        let action = try #require(try await shop.action())
                        #expect(action.status == .inProgress && action.summary == "hot")
                        #expect(action.percentComplete == 30 && action.externalExecutionID == "run-1")
                        go.yield()
                    }
                    if jobs.count == 3 { break }
                }
                #expect(jobs.map(\.token) == [nil, "heated", "shaped"])
                #expect(Set(jobs.map(\.id)).count == 3 && Set(jobs.map(\.execution)).count == 1)
                try await shop.expectEnd(.succeeded)
                #expect(try await shop.action()?.summary == "done")
            }
        }
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A worker that dies at work has its successor finish the job`(_ family: WorkerFamily) async throws {
        try await TemporaryDirectory.use { directory in
            try await Workshop.run(family) { shop in
                let journal = directory + "/journal"
                let (begun, begin) = AsyncStream.makeStream(of: String.self)
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    tasks.addTask {
                        try await shop.worker(.test(journal: journal)) { job in
                            begin.yield(job.id)
                            await untilCancelled()
                            try Task.checkCancellation()
                            return .success(summary: "never")
                        }.run()
                    }
                    let id = await begun.first { _ in true }
                    tasks.cancelAll()
                    try await tasks.waitForAll()
                    try await shop.withWorker(
                        .test(journal: journal),
                        handler: { job in
                            #expect(job.isResumed && job.id == id)
                            let source = try await job.contents(of: job.inputArtifacts[0])
                            return .success(summary: String(decoding: source, as: UTF8.self))
                        }
                    ) { try await shop.expectEnd(.succeeded) }
                }
                #expect(try await shop.action()?.summary == Workshop.source)
                #expect(try FileManager.default.contentsOfDirectory(atPath: journal) == ["lock"])
            }
        }
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A worker that dies with its result has it reported by its successor`(_ family: WorkerFamily) async throws {
        try await TemporaryDirectory.use { directory in
            try await Workshop.run(family) { shop in
                let journal = directory + "/journal"
                let (begun, begin) = AsyncStream.makeStream(of: Void.self)
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    tasks.addTask {
                        try await shop.worker(.test(journal: journal)) { _ in
                            begin.yield()
                            // The cut comes while the work is past giving up.
                            await untilCancelled()
                            return .success(summary: "whole", externalExecutionID: "run-1")
                        }.run()
                    }
                    for await _ in begun { break }
                    tasks.cancelAll()
                    try await tasks.waitForAll()
                }
                #expect(try await shop.action()?.status == .inProgress)
                try await shop.withWorker(
                    .test(journal: journal),
                    handler: { _ in
                        Issue.record("the work was done already")
                        return .success()
                    }
                ) { try await shop.expectEnd(.succeeded) }
                #expect(try await shop.action()?.summary == "whole")
            }
        }
    }

    @Test(arguments: WorkerFamily.allCases)
    func `Work ends when its execution is stopped and abandoned`(_ family: WorkerFamily) async throws {
        try await Workshop.run(family) { shop in
            var configuration = WorkerConfiguration.test()
            configuration.watchInterval = .milliseconds(20)
            let (begun, begin) = AsyncStream.makeStream(of: Void.self)
            let (ended, end) = AsyncStream.makeStream(of: Bool.self)
            try await shop.withWorker(
                configuration,
                handler: { _ in
                    begin.yield()
                    await untilCancelled()
                    end.yield(Task.isCancelled)
                    return .success(summary: "too late")
                }
            ) {
                for await _ in begun { break }
                _ = try await shop.client.stopPipelineExecution(
                    pipelineName: Workshop.pipelineName, pipelineExecutionId: try await shop.executionID(),
                    abandon: true)
                #expect(await ended.first { _ in true } == true)
            }
            #expect(try await shop.action()?.status == .abandoned)
        }
    }

    @Test func `A worker that is asked to stop finishes its job first`() async throws {
        try await Workshop.run(.custom) { shop in
            let (begun, begin) = AsyncStream.makeStream(of: Void.self)
            try await shop.withWorker(handler: { _ in
                begin.yield()
                try? await gracefulShutdown()
                #expect(!Task.isCancelled)
                return .success(summary: "finished")
            }) { for await _ in begun { break } }
            #expect(try await shop.action()?.summary == "finished")
        }
    }

    @Test(arguments: WorkerFamily.allCases)
    func `Credentials that expire while a job lasts are renewed`(_ family: WorkerFamily) async throws {
        let clock = ManualServiceClock()
        try await Workshop.run(family, clock: clock) { shop in
            try await shop.withWorker(handler: { job in
                // The service's time passes, the worker's does not: it cannot know that its credentials are over.
                clock.advance(by: .seconds(16 * 60))
                let source = try await job.contents(of: job.inputArtifacts[0])
                try await job.upload(source, to: job.outputArtifacts[0])
                return .success(summary: String(decoding: source, as: UTF8.self))
            }) { try await shop.expectEnd(.succeeded) }
            #expect(try await shop.action()?.summary == Workshop.source)
        }
    }

    @Test func `A large output goes in parts, and comes back as it was`() async throws {
        try await TemporaryDirectory.use { directory in
            try await Workshop.run(.custom) { shop in
                var configuration = WorkerConfiguration.test()
                configuration.uploadPartBytes = 5 << 20
                let content = Data((0..<(5 << 20) + 17).map { UInt8(truncatingIfNeeded: $0 &* 167 >> 5) })
                let file = directory + "/built"
                let place = Mutex<S3ArtifactLocation?>(nil)
                let etag = Mutex<String?>(nil)
                try content.write(to: URL(filePath: file))
                try await shop.withWorker(
                    configuration,
                    handler: { job in
                        let target = job.outputArtifacts[0]
                        let stored = try await job.upload(contentsOf: file, to: target)
                        etag.withLock { $0 = stored.etag }
                        place.withLock { $0 = target.location?.s3Location }
                        return .success()
                    }
                ) { try await shop.expectEnd(.succeeded) }
                let output = try #require(place.withLock { $0 })
                let built = try await shop.server.object(bucket: output.bucketName, key: output.objectKey)
                #expect(built == Array(content))
                #expect(etag.withLock { $0 }?.hasSuffix("-2\"") == true)
            }
        }
    }

    @Test func `Two workers share the work and never a job`() async throws {
        try await Workshop.run(.custom) { shop in
            let jobs = Mutex<[String]>([])
            let handler: JobWorker.Handler = { job in
                jobs.withLock { $0.append(job.id) }
                guard let count = Int(job.continuationToken ?? "0"), count < 20 else { return .success() }
                return .continuation(token: "\(count + 1)")
            }
            try await shop.withWorker(handler: handler) {
                try await shop.withWorker(handler: handler) { try await shop.expectEnd(.succeeded) }
            }
            let ids = jobs.withLock { $0 }
            #expect(ids.count == 21 && Set(ids).count == 21)
        }
    }
}
