// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockAccess
import PenstockArtifacts
package import PenstockForeign
package import PenstockModel
package import PenstockServer
import PenstockStore

/// Looks for everything in a store and an artifact directory that is not as it is promised to be. It changes nothing
/// unless it is told to.
///
/// What it knows of rows it holds in memory: about a hundred bytes for each execution, attempt and version of an object.
package struct Doctor: Sendable {
    package let store: StorePlace
    package let blobs: BlobDirectory
    /// The other store that has the content, if it is to be looked at there.
    package let objects: ForeignBlobs?
    /// The directory of the server, if its files are to be looked at.
    package let dataDirectory: DataDirectoryFiles?
    package let masterKey: MasterKey?
    package let now: Timestamp
    /// Whether content is read and hashed, or only its size compared.
    package let readsContent: Bool

    package init(
        store: StorePlace, blobs: BlobDirectory, objects: ForeignBlobs? = nil, dataDirectory: DataDirectoryFiles?,
        masterKey: MasterKey?, now: Timestamp, readsContent: Bool = true
    ) {
        self.store = store
        self.blobs = blobs
        self.objects = objects
        self.dataDirectory = dataDirectory
        self.masterKey = masterKey
        self.now = now
        self.readsContent = readsContent
    }

    /// Everything that was found, rows first.
    ///
    /// - Throws: ``ServerError`` when there is nothing that can be looked at.
    package func examine(_ work: AsyncWork) throws -> [Finding] {
        var findings: [Finding] = []
        var blobs = NamedBlobs()
        do {
            try self.store.read { contents in
                (findings, blobs) = try self.examine(contents)
            }
        } catch let error as ServerError where error.code == .unusable {
            guard case .sqlite(let path) = self.store, try FileCalls.status(path) != nil else { throw error }
            findings.append(
                Finding(.damagedFile, .error, path, "cannot be read: \(error.message)", advice: "restore a backup"))
        }
        if let named = blobs.known {
            let content = ContentExamination(
                store: self.store, directory: self.blobs, objects: self.objects, identity: blobs.identity,
                fileIdentity: blobs.fileIdentity, readsContent: self.readsContent, work: work)
            findings += try self.withUses(content.run(named))
            findings += try BlobExamination(directory: self.blobs, rows: named, now: self.now).run()
        }
        if let dataDirectory { findings += try self.permissions(dataDirectory) }
        return findings
    }

    private func examine(_ contents: any ContentsReader) throws -> ([Finding], NamedBlobs) {
        if contents.isUnfinished {
            let finding = Finding(
                .unfinishedMove, .error, self.store.name, "has not got all of its rows yet",
                advice: "run the same restore or migrate-store again, or begin with an empty one")
            return ([finding], NamedBlobs())
        }
        var findings = try contents.selfCheck().map {
            Finding(.damagedFile, .error, self.store.name, $0, advice: "restore a backup")
        }
        guard contents.schemaVersion == Schema.newest else {
            findings.append(
                Finding(
                    .otherSchema, .warning, self.store.name,
                    "has schema \(contents.schemaVersion), this program looks at \(Schema.newest)",
                    advice: "use the program that works with it, or start this one's server once"))
            return (findings, NamedBlobs())
        }
        let rows = RowExamination(masterKey: self.masterKey)
        try rows.run(contents)
        let blobs = NamedBlobs(
            known: rows.objects.blobs, identity: rows.foreignIdentity, fileIdentity: rows.fileIdentity)
        return (findings + rows.findings, blobs)
    }

    /// Content is known by its hash; people know it by the objects that have it.
    private func withUses(_ findings: [Finding]) throws -> [Finding] {
        let hashes = Set(findings.compactMap(\.content))
        guard !hashes.isEmpty else { return findings }
        var uses = ContentUses(of: hashes)
        try self.store.read { try uses.read($0) }
        return findings.map { finding in
            guard let hash = finding.content, let text = uses.text(of: hash) else { return finding }
            var finding = finding
            finding.text += "; it is of \(text)"
            return finding
        }
    }

    /// Nobody but the owner may read what is in the directory.
    private func permissions(_ directory: DataDirectoryFiles) throws -> [Finding] {
        try ([directory.path] + directory.secrets).compactMap { path -> Finding? in
            guard let mode = try FileCalls.permissions(path), mode & 0o077 != 0 else { return nil }
            return Finding(
                .openPermissions, .warning, path,
                "can be reached by others: its mode is \(String(mode, radix: 8))",
                repair: .setPermissions(path, mode: mode & 0o700))
        }
    }

    // MARK: Repairing

    /// Does what findings say that can be repaired, while no server works with store and directory.
    ///
    /// - Returns: A line for each thing done.
    package func repair(_ findings: [Finding]) throws -> [String] {
        var store: (any ContentsRepair)?
        func opened() throws -> any ContentsRepair {
            let opened = try store ?? self.store.repair()
            store = opened
            return opened
        }
        return try findings.compactMap { finding in
            guard let repair = finding.repair else { return nil }
            try self.store.explaining {
                switch repair {
                case .setReferences(let hash, let size, let count):
                    try opened().setReferences(
                        count, toBlob: hash.bytes, sizeBytes: size, changed: self.now.millisecondsSinceEpoch)
                case .setCounter(let name, let last): try opened().setCounter(name, last: last)
                case .deleteTimer(let key): try opened().deleteTimers([key])
                case .removeFile(let path): try FileCalls.remove(path)
                case .setPermissions(let path, let mode):
                    try FileCalls.setPermissions(path, mode)
                }
            }
            return "repaired \(finding.kind.rawValue): \(finding.subject)"
        }
    }
}

/// What rows say about content.
struct NamedBlobs {
    /// `nil` where they were not read.
    var known: [BlobHash: BlobRow]?
    /// What the database is called in the other store that has its content; `nil` where that is files.
    var identity: String?
    /// What the database is called in the directory of its content; `nil` where no server has used one yet.
    var fileIdentity: String?
}
