// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockTesting
import Testing

@testable import PenstockWorker

/// The credentials that artifacts are read and written with, over the life of a job.
@Suite(.timeLimit(.minutes(10))) struct CredentialTests {
    private func service(_ store: PlayedStore, _ family: Family = .custom) -> PlayedService {
        PlayedService(family, jobs: [.withArtifacts], objects: { try await store.answer($0) })
    }

    private func store() -> PlayedStore { PlayedStore(["/artifacts/shop/Source/a1": "x"]) }

    private func sessions(_ store: PlayedStore) -> [String] {
        store.requests.map { $0.header("X-Amz-Security-Token") ?? "" }
    }

    @Test(arguments: Family.allCases) func `They are renewed through the job's details before they expire`(
        _ family: Family
    ) async throws {
        let (store, pacing) = (self.store(), ManualPacing(skippingSleepsUpTo: .seconds(20)))
        let service = self.service(store, family)
        try await withJob(store, pacing: pacing, service: service) { job in
            for minutes in [0, 9, 2, 9] {
                pacing.advance(by: .seconds(60 * minutes))
                _ = try await job.contents(of: job.inputArtifacts[0])
            }
        }
        let sessions = self.sessions(store)
        #expect(sessions[0] == sessions[1] && sessions[2] == sessions[3] && sessions[1] != sessions[2])
    }

    @Test func `Those that expire early are replaced, and the transfer goes on`() async throws {
        let store = self.store()
        store.interject { _ in .s3Error("ExpiredToken", 403) }
        try await withJob(store) { _ = try await $0.contents(of: $0.inputArtifacts[0]) }
        #expect(self.sessions(store) == ["session-1", "session-2"])
        // Once is enough: a store that calls fresh ones expired has another reason.
        let stubborn = self.store()
        stubborn.interject({ _ in .s3Error("ExpiredToken", 400) }, { _ in .s3Error("ExpiredToken", 400) })
        let error = await #expect(throws: ArtifactError.self) {
            try await withJob(stubborn) { _ = try await $0.contents(of: $0.inputArtifacts[0]) }
        }
        #expect(error?.serviceError?.code.rawValue == "ExpiredToken")
        #expect(stubborn.requests.count == 2)
    }

    @Test(arguments: Family.allCases) func `There are none for a job that is over`(_ family: Family) async throws {
        let (store, pacing) = (self.store(), ManualPacing(skippingSleepsUpTo: .seconds(20)))
        let service = self.service(store, family)
        let error = await #expect(throws: ArtifactError.self) {
            try await withJob(store, pacing: pacing, service: service) { job in
                service.end(job.id)
                pacing.advance(by: .seconds(601))
                _ = try await job.contents(of: job.inputArtifacts[0])
            }
        }
        #expect(error?.code == .jobIsOver)
        #expect(store.requests.isEmpty)
    }

    @Test func `A renewal that fails is no reason to stop while the old ones may still be good`() async throws {
        let (store, pacing) = (self.store(), ManualPacing(skippingSleepsUpTo: .seconds(20)))
        let service = self.service(store)
        let refusal: ScriptedTransport.Answer = { _ in .refusal(.accessDenied) }
        service.interject("GetJobDetails", refusal, refusal)
        try await withJob(store, pacing: pacing, service: service) { job in
            pacing.advance(by: .seconds(601))
            _ = try await job.contents(of: job.inputArtifacts[0])
        }
        #expect(self.sessions(store) == ["session-1"])
    }

    @Test func `A look at the job brings fresh ones along`() async throws {
        let (store, pacing) = (self.store(), ManualPacing(skippingSleepsUpTo: .seconds(20)))
        let service = self.service(store)
        try await withJob(store, pacing: pacing, service: service) { job in
            await pacing.untilSomebodySleeps(for: .seconds(45))
            pacing.advance(by: .seconds(45))
            await pacing.untilSomebodySleeps(for: .seconds(45))
            _ = try await job.contents(of: job.inputArtifacts[0])
        }
        #expect(self.sessions(store) == ["session-2"])
    }

    @Test func `A tool of one's own gets fresh ones at every call`() async throws {
        let keys = try await withJob(self.store()) { job in
            [try await job.artifactCredentials(), try await job.artifactCredentials()].map { $0?.accessKeyID.exposed }
        }
        #expect(keys == ["ASIA2", "ASIA3"])
    }
}
