// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import Testing

struct ActionAttemptTests {
    private static let app = ArtifactReference(name: "App", location: ObjectLocation(bucket: "b", key: "k"))
    private static let pinned = ArtifactReference(
        name: "App", location: ObjectLocation(bucket: "b", key: "k", versionID: "v7"))

    private static func attempt(after progress: ActionProgress = ActionProgress()) -> ActionAttempt {
        var attempt = ActionAttempt(id: id(1), startedAt: at(1), outputs: [Self.app])
        attempt.report(progress, at: at(2))
        return attempt
    }

    @Test func `A success keeps what was reported, and pins its outputs when it knows their versions`() {
        var attempt = Self.attempt(after: ActionProgress(summary: "412 tests passed", percentComplete: 100))
        var unpinned = attempt
        attempt.end(.succeeded(outputs: [Self.pinned]), at: at(3))
        #expect(attempt.status == .succeeded)
        #expect(attempt.outputs == [Self.pinned])
        #expect(attempt.summary == "412 tests passed")
        #expect(attempt.changedAt == at(3))
        unpinned.end(.succeeded(outputs: nil), at: at(3))
        #expect(unpinned.outputs == [Self.app])
    }

    @Test func `A failure keeps its details`() {
        var attempt = Self.attempt(after: ActionProgress(externalExecutionID: "run-1"))
        attempt.end(.failed(.broken), at: at(3))
        #expect(attempt.status == .failed)
        #expect(attempt.failure == .broken)
        #expect(attempt.externalExecutionID == "run-1")
        #expect(attempt.updatedBy == nil)
    }

    @Test func `An abandonment keeps the last summary unless it brings one`() {
        for summary in [nil, "The approval action has been canceled."] {
            var attempt = Self.attempt(after: ActionProgress(summary: "half way"))
            attempt.end(.abandoned(summary: summary, by: mia), at: at(3))
            #expect(attempt.status == .abandoned)
            #expect(attempt.summary == summary ?? "half way")
            #expect(attempt.updatedBy == mia)
        }
    }

    @Test(arguments: [
        ActionAttempt.Ending.succeeded(outputs: nil), .failed(.broken), .approved(summary: "yes", by: mia),
        .rejected(summary: "no", by: mia), .abandoned(summary: nil, by: mia),
    ])
    func `An attempt that has ended stays as it is`(ending: ActionAttempt.Ending) {
        var attempt = Self.attempt()
        attempt.end(ending, at: at(3))
        let before = attempt
        attempt.report(ActionProgress(summary: "late", percentComplete: 1), at: at(4))
        attempt.end(.succeeded(outputs: [Self.pinned]), at: at(5))
        attempt.end(.failed(.broken), at: at(6))
        attempt.end(.approved(summary: "late", by: "noa"), at: at(7))
        attempt.end(.rejected(summary: "late", by: "noa"), at: at(8))
        attempt.end(.abandoned(summary: "late", by: "noa"), at: at(9))
        #expect(attempt == before)
    }
}
