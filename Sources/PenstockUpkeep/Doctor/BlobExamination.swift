// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockModel

/// Compares the files of an artifact directory with the rows that name them.
struct BlobExamination {
    let directory: BlobDirectory
    let rows: [BlobHash: BlobRow]
    let now: Timestamp
    let readsContent: Bool

    func run() throws -> [Finding] {
        try self.content() + self.files() + self.drafts()
    }

    /// All content that rows name is there and is what its name says; content of another store is not looked at.
    private func content() throws -> [Finding] {
        let named = self.rows.values.filter { $0.references > 0 && $0.generation == nil }
        return try named.sorted { $0.hash < $1.hash }.compactMap { row in
            let advice = "restore the file from a backup, or delete the versions of objects that have it"
            do {
                switch try self.damage(of: row) {
                case .missing?:
                    return Finding(
                        .missingBlob, .error, self.directory.file(of: row.hash), "is not there", advice: advice)
                case let damage?:
                    return Finding(
                        .damagedBlob, .error, self.directory.file(of: row.hash), damage.text, advice: advice)
                case nil: return nil
                }
            } catch let error as FileError {
                return Finding(.damagedBlob, .error, error.path, "cannot be read: \(error)", advice: advice)
            }
        }
    }

    private func damage(of row: BlobRow) throws -> BlobDamage? {
        if self.readsContent { return try self.directory.damage(of: row.hash, sizeBytes: row.sizeBytes) }
        guard let size = try self.directory.sizeBytes(of: row.hash) else { return .missing }
        return size == row.sizeBytes ? nil : .wrongSize(actual: size, expected: row.sizeBytes)
    }

    /// No file is there that is not content. What no row names yet somebody may be about to name.
    private func files() throws -> [Finding] {
        guard try FileCalls.status(self.directory.blobs) != nil else { return [] }
        var findings: [Finding] = []
        for prefix in try FileCalls.names(in: self.directory.blobs).sorted() {
            let folder = "\(self.directory.blobs)/\(prefix)"
            guard prefix.count == 2, let names = try? FileCalls.names(in: folder).sorted() else {
                findings.append(self.stray(folder))
                continue
            }
            for name in names {
                guard let hash = BlobHash(hex: prefix + name) else {
                    findings.append(self.stray("\(folder)/\(name)"))
                    continue
                }
                if self.rows[hash] == nil, try self.isOlder("\(folder)/\(name)", than: BlobStore.unreferencedBlobGrace)
                {
                    findings.append(
                        Finding(
                            .strayFile, .note, "\(folder)/\(name)", "is content that nothing names",
                            advice: "a server removes it within an hour"))
                }
            }
        }
        return findings
    }

    private func stray(_ path: String) -> Finding {
        Finding(.strayFile, .warning, path, "is not a file of Penstock", advice: "move it elsewhere")
    }

    /// What writers that are no more have left.
    private func drafts() throws -> [Finding] {
        guard try FileCalls.status(self.directory.incoming) != nil else { return [] }
        return try FileCalls.names(in: self.directory.incoming).sorted().compactMap { name in
            let path = "\(self.directory.incoming)/\(name)"
            guard try self.isOlder(path, than: BlobStore.temporaryFileGrace) else { return nil }
            return Finding(
                .temporaryFile, .note, path, "was left by a writer that is no more", repair: .removeFile(path))
        }
    }

    private func isOlder(_ path: String, than grace: Duration) throws -> Bool {
        guard let modified = try FileCalls.status(path)?.modifiedSeconds else { return false }
        return modified < self.now.millisecondsSinceEpoch / 1000 - grace.components.seconds
    }
}
