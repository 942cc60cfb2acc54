// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockArtifacts

/// Something that is not as it is promised to be.
package struct Finding: Sendable, Hashable {
    package enum Severity: String, Sendable, Hashable, CaseIterable {
        /// Data is lost, or the service does not do what it should.
        case error
        /// Nothing is lost, but somebody should look.
        case warning
        /// For information; the service takes care of it.
        case note
    }

    /// What is the matter, by the name that the manual has.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        // The database as such.
        case damagedFile = "damaged-file"
        case unfinishedMove = "unfinished-move"
        case otherSchema = "other-schema"
        case unreadableRow = "unreadable-row"
        // Pipelines and their executions.
        case brokenRule = "broken-rule"
        case missingExecution = "missing-execution"
        case strayExecution = "stray-execution"
        case missingVersion = "missing-version"
        case historyDiffers = "history-differs"
        // What is to be done.
        case actionWithoutJob = "action-without-job"
        case jobWithoutAction = "job-without-action"
        case missingTimer = "missing-timer"
        case strayTimer = "stray-timer"
        case eventQueueLength = "event-queue-length"
        case numberReused = "number-reused"
        // Artifacts.
        case wrongLatest = "wrong-latest-version"
        case wrongReferenceCount = "wrong-reference-count"
        case missingBlob = "missing-blob"
        case damagedBlob = "damaged-blob"
        case otherPlace = "other-place"
        case contentElsewhere = "content-elsewhere"
        case strayFile = "stray-file"
        case temporaryFile = "temporary-file"
        // The data directory.
        case openPermissions = "open-permissions"
        case missingKey = "missing-key"
        case otherKey = "other-key"
        case unreadableSecret = "unreadable-secret"
    }

    /// What `--repair` does about it.
    package enum Repair: Sendable, Hashable {
        case setReferences(BlobHash, sizeBytes: Int64, count: Int64)
        case setCounter(String, last: Int64)
        case deleteTimer(String)
        case removeFile(String)
        case setPermissions(String, mode: UInt16)
    }

    package var kind: Kind
    package var severity: Severity
    /// Where it is.
    package var subject: String
    package var text: String
    /// What somebody can do about it; `nil` where ``repair`` says it.
    package var advice: String?
    package var repair: Repair?
    /// The content that it is about, whose names are told with it.
    var content: BlobHash?

    init(
        _ kind: Kind, _ severity: Severity, _ subject: String, _ text: String, advice: String? = nil,
        repair: Repair? = nil, content: BlobHash? = nil
    ) {
        self.kind = kind
        self.severity = severity
        self.subject = subject
        self.text = text
        self.advice = advice
        self.repair = repair
        self.content = content
    }

    /// One line.
    package var line: String {
        let remedy = self.repair == nil ? self.advice : "--repair \(self.repairText)"
        return "\(self.severity.rawValue) \(self.kind.rawValue): \(self.subject) \(self.text)"
            + (remedy.map { " [\($0)]" } ?? "")
    }

    private var repairText: String {
        switch self.repair {
        case .setReferences(_, _, let count): "sets the count to \(count)"
        case .setCounter(_, let last): "goes on after \(last)"
        case .deleteTimer: "deletes the timer"
        case .removeFile: "removes the file"
        case .setPermissions(_, let mode): "sets the mode to \(String(mode, radix: 8))"
        case nil: ""
        }
    }
}
