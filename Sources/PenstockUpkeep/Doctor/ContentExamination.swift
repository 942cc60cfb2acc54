// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockForeign
import PenstockServer
import PenstockStore
import Synchronization

/// Looks whether all content that rows name is where they say, and is what its name says.
struct ContentExamination {
    let store: StorePlace
    let directory: BlobDirectory
    /// The other store, if it is to be looked at.
    let objects: ForeignBlobs?
    /// What the database is called in the other store that has its content; `nil` where that is files.
    let identity: String?
    /// What it is called in the directory that has its content; `nil` where no server has used one yet.
    let fileIdentity: String?
    let readsContent: Bool
    let work: AsyncWork

    /// When so many blobs could not be read, the others are not tried: the disk is broken, or the store is away.
    private static let maximumFailures = 16
    static let advice = "restore it from a backup, or delete the versions of objects that have it"

    /// A store that does not answer, or refuses the key, is a finding.
    func run(_ rows: [BlobHash: BlobRow]) throws -> [Finding] {
        let named = rows.values.filter { $0.references > 0 }.sorted { $0.hash < $1.hash }
        let (elsewhere, files) = (named.filter { $0.generation != nil }, named.filter { $0.generation == nil })
        guard let identity else {
            var findings = try self.otherOwner() + self.examine(files, in: self.directory)
            findings += elsewhere.map { row in
                Finding(
                    .otherPlace, .error, "blob \(row.hash.hex)",
                    "is named as an object of another store, and the database has its content in files",
                    advice: Self.advice, content: row.hash)
            }
            if let objects {
                findings.append(
                    Finding(
                        .otherPlace, .error, objects.place,
                        "is not where the database has its content, which is in files",
                        advice: "leave --artifacts out"))
            }
            return findings
        }
        let lost = files.map { row in
            Finding(
                .missingBlob, .error, "blob \(row.hash.hex)", "names no object of the store that has the content",
                advice: Self.advice, content: row.hash)
        }
        guard let objects else {
            let note = Finding(
                .contentElsewhere, .note, self.store.name, "has its content in another store, which was not looked at",
                advice: "name it with --artifacts")
            return lost + [note]
        }
        let owner: String?
        do {
            owner = try objects.owner(self.work)
        } catch let error as ServerError {
            let finding = Finding(
                .contentElsewhere, .error, self.store.name,
                "has its content in another store, which cannot be looked at: \(error.message)",
                advice: "see why, and look again")
            return lost + [finding]
        }
        guard owner == identity else {
            let finding = Finding(
                .otherPlace, .error, objects.place,
                owner == nil
                    ? "does not say whose content it has" : "says that it has the content of another database",
                advice: "name the place that has it, or put back the object penstock-artifacts with \(identity)")
            return lost + [finding]
        }
        return try lost + self.examine(elsewhere, in: BlobBucket(objects))
    }

    /// A directory that has another database's content.
    private func otherOwner() throws -> [Finding] {
        let owner = try ArtifactMark(of: self.directory.path).owner()
        guard let owner, owner != self.fileIdentity else { return [] }
        return [
            Finding(
                .otherPlace, .error, self.directory.path, "says that it has the content of another database",
                advice: "name the database that it is of, or the directory that has this one's content")
        ]
    }

    private struct Found {
        var findings: [BlobHash: Finding] = [:]
        var failures = 0

        var isGivenUp: Bool { self.failures >= ContentExamination.maximumFailures }
    }

    /// Several at once; what is found comes by ascending hash.
    private func examine(_ rows: [BlobRow], in place: some BlobPlace) throws -> [Finding] {
        let found = Mutex(Found())
        let readsContent = self.readsContent
        try self.work.several { begin in
            for blob in rows.map({ NamedBlob($0) }) {
                if found.withLock({ $0.isGivenUp }) { break }
                try begin {
                    let subject = place.location(of: blob)
                    let (finding, isFailure): (Finding, Bool)
                    do {
                        guard let damage = try await place.damage(of: blob, readsContent: readsContent) else { return }
                        let kind: Finding.Kind = damage == .missing ? .missingBlob : .damagedBlob
                        finding = Finding(
                            kind, .error, subject, damage.text, advice: Self.advice, content: blob.hash)
                        isFailure = false
                    } catch {
                        guard ServerError(content: error, "read") != nil else { throw error }
                        finding = Finding(
                            .damagedBlob, .error, subject, "cannot be read: \(error)", advice: Self.advice,
                            content: blob.hash)
                        isFailure = true
                    }
                    found.withLock { found in
                        found.findings[blob.hash] = finding
                        if isFailure { found.failures += 1 }
                    }
                }
            }
        }
        let outcome = found.withLock { $0 }
        var findings = outcome.findings.sorted { $0.key < $1.key }.map(\.value)
        if outcome.isGivenUp {
            findings.append(
                Finding(
                    .damagedBlob, .error, self.store.name, "has more content, which was not looked at",
                    advice: "see why it cannot be read, and look again"))
        }
        return findings
    }
}
