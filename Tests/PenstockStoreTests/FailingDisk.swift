// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import GRDBSQLite
import Synchronization

/// The disk as SQLite sees it, whose syncs and writes can be made to fail.
///
/// It stands in for SQLite's default way to files in the whole process, and changes nothing but those calls on write-ahead
/// logs beneath the directories that are told to fail.
enum FailingDisk {
    enum Call {
        case sync
        /// As where there is no room.
        case write
    }

    private struct State {
        /// By directory, with how many calls have failed.
        var failing: [String: (call: Call, failures: Int)] = [:]
        var logs: [UInt: String] = [:]
    }

    private static let state = Mutex(State())

    /// What SQLite itself would use. Written once, before SQLite can call what reads it.
    nonisolated(unsafe) private static let original: UnsafeMutablePointer<sqlite3_vfs> = sqlite3_vfs_find(nil)

    /// The original calls of the files that were opened, with those replaced that may fail; one for each kind, never freed.
    private struct Methods: @unchecked Sendable {
        var replaced: [UnsafePointer<sqlite3_io_methods>: UnsafeMutablePointer<sqlite3_io_methods>] = [:]
        var sync: (@convention(c) (UnsafeMutablePointer<sqlite3_file>?, Int32) -> Int32)?
        var write: (@convention(c) (UnsafeMutablePointer<sqlite3_file>?, UnsafeRawPointer?, Int32, Int64) -> Int32)?
    }

    private static let methods = Mutex(Methods())

    private static let isInstalled: Bool = {
        let vfs = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        vfs.initialize(to: original.pointee)
        vfs.pointee.pNext = nil
        vfs.pointee.xOpen = { _, name, file, flags, outFlags in
            let code = FailingDisk.original.pointee.xOpen(FailingDisk.original, name, file, flags, outFlags)
            if code == SQLITE_OK, flags & SQLITE_OPEN_WAL != 0, let name, let file {
                FailingDisk.watch(file, path: String(cString: name))
            }
            return code
        }
        return sqlite3_vfs_register(vfs, 1) == SQLITE_OK
    }()

    /// Fails calls on logs in the directory while the body runs; returns what the body does, and how many failed.
    ///
    /// Of databases that were opened after ``install()``.
    static func failing<Result>(
        _ call: Call, in directory: String, _ body: () async throws -> Result
    ) async rethrows -> (result: Result, failures: Int) {
        self.state.withLock { $0.failing[directory] = (call, 0) }
        defer { self.state.withLock { _ = $0.failing.removeValue(forKey: directory) } }
        let result = try await body()
        return (result, self.state.withLock { $0.failing[directory]?.failures ?? 0 })
    }

    /// Databases that are opened from now on are watched.
    static func install() -> Bool { self.isInstalled }

    private static func watch(_ file: UnsafeMutablePointer<sqlite3_file>, path: String) {
        guard let plain = file.pointee.pMethods else { return }
        self.state.withLock { $0.logs[UInt(bitPattern: file)] = path }
        self.methods.withLock { methods in
            if let known = methods.replaced[plain] {
                file.pointee.pMethods = UnsafePointer(known)
                return
            }
            let copy = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
            copy.initialize(to: plain.pointee)
            methods.sync = plain.pointee.xSync
            methods.write = plain.pointee.xWrite
            copy.pointee.xSync = { file, flags in
                if FailingDisk.fails(.sync, file) { return SQLITE_IOERR_FSYNC }
                return FailingDisk.methods.withLock { $0.sync }?(file, flags) ?? SQLITE_IOERR_FSYNC
            }
            copy.pointee.xWrite = { file, bytes, count, offset in
                if FailingDisk.fails(.write, file) { return SQLITE_FULL }
                return FailingDisk.methods.withLock { $0.write }?(file, bytes, count, offset) ?? SQLITE_FULL
            }
            methods.replaced[plain] = copy
            file.pointee.pMethods = UnsafePointer(copy)
        }
    }

    private static func fails(_ call: Call, _ file: UnsafeMutablePointer<sqlite3_file>?) -> Bool {
        self.state.withLock { state in
            guard !state.failing.isEmpty, let path = state.logs[UInt(bitPattern: file)],
                let directory = state.failing.first(where: { path.hasPrefix($0.key) && $0.value.call == call })?.key
            else { return false }
            state.failing[directory]?.failures += 1
            return true
        }
    }
}

/// Result codes that C spells as macros.
private let SQLITE_IOERR_FSYNC: Int32 = SQLITE_IOERR | (4 << 8)
