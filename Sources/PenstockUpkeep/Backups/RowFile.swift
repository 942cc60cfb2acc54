// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import PenstockArtifacts
import PenstockModel
import PenstockStore

/// The form of a file of rows: for each its length in four bytes, the row, and the first four bytes of its SHA-256, by
/// which a damaged row is found among the others.
enum RowFrame {
    static let overheadBytes = 8
    /// No database holds a longer one.
    static let maximumRowBytes = 1 << 30

    static func frame(_ row: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: UInt32(row.count).bigEndian) { Array($0) } + row + Self.check(row)
    }

    static func check(_ row: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: row).prefix(4)) }
}

/// Writes a file of rows.
final class RowFileWriter {
    private let file: OpenFile
    private var pending: [UInt8] = []
    private var hash = SHA256()
    private(set) var rows = 0
    private(set) var bytes: Int64 = 0

    /// Makes the file, which is not there.
    init(_ path: String) throws { self.file = try OpenFile.creating(path) }

    func write(_ row: ContentsRow) throws {
        self.pending += RowFrame.frame(row.encoded())
        self.rows += 1
        if self.pending.count >= BlobStore.chunkSizeBytes { try self.flush() }
    }

    /// Returns the hash of the file, once it survives a loss of power.
    func finish() throws -> String {
        try self.flush()
        try self.file.synchronize()
        return hexadecimal(self.hash.finalize())
    }

    private func flush() throws {
        try self.pending.withUnsafeBytes { bytes in
            self.hash.update(bufferPointer: bytes)
            try self.file.write(bytes)
        }
        self.bytes += Int64(self.pending.count)
        self.pending.removeAll(keepingCapacity: true)
    }
}

/// Something in a backup that is not as it was written.
struct BackupDamage: Error, Sendable, Hashable {
    /// Which file, and what about it.
    var text: String
}

/// Reads a file of rows, and checks it on the way.
struct RowFileReader {
    let directory: String
    let table: BackupManifest.Table

    /// Hands over every row, in order.
    ///
    /// - Throws: ``BackupDamage``; what the body throws.
    func read(_ body: (ContentsRow) throws -> Void) throws {
        let path = "\(self.directory)/\(self.table.file)"
        guard let size = try FileCalls.status(path)?.sizeBytes else { throw self.damage("is not there") }
        let file = try OpenFile.reading(path)
        var (hash, rows, offset) = (SHA256(), 0, Int64(0))
        var buffer: [UInt8] = []
        var start = 0
        /// Makes so many bytes available, if the file has them.
        func have(_ count: Int) throws -> Bool {
            guard buffer.count - start < count else { return true }
            buffer.removeFirst(start)
            start = 0
            let wanted = max(count, BlobStore.chunkSizeBytes) - buffer.count
            let (old, position) = (buffer.count, offset + Int64(buffer.count))
            buffer.append(contentsOf: repeatElement(0, count: wanted))
            let read = try buffer.withUnsafeMutableBytes { bytes in
                try file.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[old...]), at: position)
            }
            buffer.removeLast(wanted - read)
            return buffer.count >= count
        }
        while try have(1) {
            let place = "row \(rows + 1), at byte \(offset),"
            guard try have(4) else { throw self.damage("ends in the middle of \(place)".withoutComma) }
            let length = Int(buffer[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) })
            guard length <= RowFrame.maximumRowBytes, offset + Int64(length + RowFrame.overheadBytes) <= size,
                try have(length + RowFrame.overheadBytes)
            else { throw self.damage("ends in the middle of \(place)".withoutComma) }
            let frame = Array(buffer[start..<start + length + RowFrame.overheadBytes])
            let row = Array(frame[4..<4 + length])
            guard Array(frame.suffix(4)) == RowFrame.check(row), let decoded = try? ContentsRow(decoding: row) else {
                throw self.damage("\(place) is not as it was written")
            }
            try body(decoded)
            hash.update(data: frame)
            rows += 1
            start += frame.count
            offset += Int64(frame.count)
        }
        guard offset == self.table.bytes, rows == self.table.rows else {
            throw self.damage(
                "has \(rows) rows in \(offset) bytes; the manifest says \(self.table.rows) in \(self.table.bytes)")
        }
        guard hexadecimal(hash.finalize()) == self.table.sha256 else {
            throw self.damage("does not have the hash that the manifest says")
        }
    }

    private func damage(_ text: String) -> BackupDamage { BackupDamage(text: "\(self.table.file) \(text)") }
}

extension String {
    fileprivate var withoutComma: String { self.hasSuffix(",") ? String(self.dropLast()) : self }
}
