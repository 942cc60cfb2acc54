// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Keeps every other server out of a directory, while it is alive and no longer: the system releases the lock of a
/// process that ends, however it ends.
final class DirectoryLock: Sendable {
    /// Who has the lock.
    struct Taken: Error {
        /// The process, as it wrote it down; `nil` when it has not yet.
        var holder: String?
    }

    /// How often a lock is asked for while only those who look, and not servers, are in the way.
    private static let maximumAttempts = 1000
    /// How often a lock is asked for while a server seems to be in the way. A process that is just being made to run
    /// another program has the locks of its parent for a moment, so one look is not enough.
    private static let maximumRefusals = 100
    private static let pauseMicroseconds: UInt32 = 1000

    private let descriptor: Int32

    /// Whether somebody has the lock now; nobody has one that is not there.
    ///
    /// - Throws: `FileError` when the file cannot be opened.
    static func isTaken(_ path: String) throws(FileError) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw FileError(call: "open", path: path, errorNumber: errno) }
            return false
        }
        defer { _ = close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0
    }

    /// - Throws: ``Taken`` when another holds it; `FileError` when the file cannot be opened.
    init(_ path: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError(call: "open", path: path, errorNumber: errno) }
        guard Self.take(descriptor) else {
            let errorNumber = errno
            _ = close(descriptor)
            guard errorNumber == EWOULDBLOCK else {
                throw FileError(call: "flock", path: path, errorNumber: errorNumber)
            }
            throw Taken(holder: try PrivateFile.read(path).flatMap { $0.split(separator: "\n").first.map(String.init) })
        }
        self.descriptor = descriptor
        let holder = Array("\(getpid())\n".utf8)
        _ = ftruncate(descriptor, 0)
        _ = holder.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    deinit { _ = close(self.descriptor) }

    /// Whoever looks whether a server is there shares the lock for a moment. Where it can be shared no server has it, and
    /// the moment is waited for.
    private static func take(_ descriptor: Int32) -> Bool {
        var refusals = 0
        for _ in 0..<Self.maximumAttempts {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
            if flock(descriptor, LOCK_SH | LOCK_NB) == 0 {
                _ = flock(descriptor, LOCK_UN)
            } else {
                refusals += 1
                guard refusals < Self.maximumRefusals else { return false }
            }
            usleep(Self.pauseMicroseconds)
        }
        errno = EWOULDBLOCK
        return false
    }
}
