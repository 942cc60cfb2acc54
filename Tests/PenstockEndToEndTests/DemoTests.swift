// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockTesting
import Testing

/// `penstock demo` as a process.
struct DemoTests {
    /// What the story says, in this order.
    private static let story = [
        "Penstock demo: a partner's worker fails a pipeline, then passes it",
        "1. The service starts",
        "2. The partner gets a key of its own account",
        "$ penstock keys create --name partner --account 111122223333 --administrator",
        "3. The partner registers its action type",
        "$ aws codepipeline update-action-type --action-type file://load-tests.json --profile partner",
        "4. The customer makes a bucket",
        "6. The customer creates the pipeline",
        "$ aws codepipeline create-pipeline --pipeline file://pipeline.json",
        "7. The customer connects the load test to the partner",
        "8. The customer uploads a revision, which starts the pipeline",
        "9. The job waits for the partner's worker",
        "LoadTest  Queued",
        "10. The partner starts its worker, which takes the job and fails it",
        "$ aws codepipeline put-third-party-job-failure-result",
        "type=JobFailed,message=3 of 128 checks failed: the payment sandbox did not answer,externalExecutionId=run-1041",
        "11. The customer sees where the pipeline stands",
        "Stage Test: Failed",
        "Action LoadTest: Failed, JobFailed: 3 of 128 checks failed: the payment sandbox did not answer",
        "External execution run-1041: https://loadtests.example.com/runs/run-1041",
        "12. The customer reads the history of the execution",
        "Test    LoadTest  Failed     run-1041",
        "13. The customer retries the stage, and the worker passes it",
        "Action LoadTest: Succeeded, 128 of 128 checks passed",
        "14. The customer approves",
        "15. The customer's own worker deploys",
        "Action GoLive: Succeeded, The shop is open in production",
        "16. The execution has succeeded",
        ": Succeeded",
        "with one failure on the way.",
        "The service has ended, and its directory is gone.",
    ]

    /// A demo whose temporary files go to the directory.
    private static func demo(_ options: String..., files directory: String) throws -> ProcessUnderTest {
        try ProcessUnderTest(["demo"] + options, environment: ["TMPDIR": directory])
    }

    @Test func `The story is told to its end, and nothing is left`() async throws {
        try await TemporaryDirectory.use { directory in
            let ended = try await Self.demo(files: directory).ended()
            #expect(ended.status == 0, "\(ended.errors)")
            #expect(ended.errors == "")
            var rest = ended.output[...]
            for line in Self.story {
                let found = try #require(rest.range(of: line), "'\(line)' is not told after what comes before it")
                rest = rest[found.upperBound...]
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [])
        }
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func `A demo that is interrupted says so by its status, and leaves nothing`(
        _ signal: Int32
    ) async throws {
        try await TemporaryDirectory.use { directory in
            let demo = try Self.demo("--pause", files: directory)
            try await demo.says("Press Return to go on.")
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory).count == 1)
            demo.send(signal)
            let ended = try await demo.ended()
            #expect(ended.status == 128 + signal)
            #expect(ended.errors.contains("nothing is left behind"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [])
        }
    }

    @Test func `A demo that cannot begin says why`() async throws {
        try await TemporaryDirectory.use { directory in
            let file = directory + "/file"
            try Data().write(to: URL(fileURLWithPath: file))
            let ended = try await Self.demo(files: file).ended()
            #expect(ended.status == 1)
            #expect(ended.errors.hasPrefix("penstock demo: "))
        }
    }
}
