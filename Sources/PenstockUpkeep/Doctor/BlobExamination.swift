// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockModel

/// Looks for files of an artifact directory that no row names.
struct BlobExamination {
    let directory: BlobDirectory
    let rows: [BlobHash: BlobRow]
    let now: Timestamp

    func run() throws -> [Finding] { try self.files() + self.drafts() }

    /// No file is there that is not content. What no row names yet somebody may be about to name.
    private func files() throws -> [Finding] {
        guard try FileCalls.status(self.directory.blobs) != nil else { return [] }
        var findings: [Finding] = []
        for prefix in try FileCalls.names(in: self.directory.blobs).sorted() {
            let folder = "\(self.directory.blobs)/\(prefix)"
            guard prefix.count == 2, let names = try self.names(in: folder) else {
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

    /// `nil` when it is no directory.
    private func names(in folder: String) throws -> [String]? {
        do throws(FileError) {
            return try FileCalls.names(in: folder).sorted()
        } catch  where error.isNoDirectory {
            return nil
        }
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
