// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file or directory of this machine that could not be used.
struct LocalFileError: Error, Sendable, CustomStringConvertible {
    /// The system's call, such as `open`.
    let call: String
    let path: String
    let errorNumber: Int32

    var description: String { "\(self.call) of \(self.path): \(String(cString: strerror(self.errorNumber)))" }
}

/// An open file of this machine, which is closed when the last reference goes.
///
/// All calls that may wait for a disk run on threads meant for that. Links are not followed where the kit itself chose
/// the name.
final class LocalFile: Sendable {
    /// How a file is opened.
    enum Mode {
        /// What is there, for reading; a link to it will do.
        case reading
        /// What is there, for reading and for adding at the end; a link is refused.
        case extending
        /// A new file that its owner alone may read; none may be there.
        case creating
        /// A new or existing file of which nothing is read, for a lock.
        case locking

        var flags: Int32 {
            switch self {
            case .reading: O_RDONLY
            case .extending: O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK
            case .creating: O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW
            case .locking: O_RDWR | O_CREAT | O_NOFOLLOW
            }
        }
    }

    let path: String
    private let descriptor: Int32

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { _ = close(self.descriptor) }

    /// Runs calls that may wait for a disk; once begun they are not interrupted by cancellation.
    static func blocking<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await NIOThreadPool.singleton.runIfActive(body)
    }

    static func open(_ path: String, _ mode: Mode) throws -> LocalFile {
        let descriptor = try self.check("open", path) { openFile(path, mode.flags | O_CLOEXEC, 0o600) }
        return LocalFile(path: path, descriptor: descriptor)
    }

    /// The size of a regular file; nothing for a directory, a pipe or a device.
    func regularSize() throws -> Int64? {
        var status = stat()
        _ = try Self.check("fstat", self.path) { fstat(self.descriptor, &status) }
        return status.st_mode & S_IFMT == S_IFREG ? Int64(status.st_size) : nil
    }

    /// Reads from the offset; fewer bytes than asked for only at the end of the file.
    func read(_ count: Int, at offset: Int64) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            while done < count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[done...])
                let place = off_t(offset + Int64(done))
                let read = try Self.check("pread", self.path) {
                    pread(self.descriptor, rest.baseAddress, rest.count, place)
                }
                if read == 0 { return }
                done += read
            }
        }
    }

    /// Adds the bytes at the end.
    func append(_ bytes: [UInt8]) throws {
        var done = 0
        while done < bytes.count {
            done += try Self.check("write", self.path) {
                bytes.withUnsafeBytes {
                    writeFile(self.descriptor, $0.baseAddress?.advanced(by: done), $0.count - done)
                }
            }
        }
    }

    /// Cuts the file off.
    func truncate(to size: Int64) throws {
        _ = try Self.check("ftruncate", self.path) { ftruncate(self.descriptor, off_t(size)) }
    }

    /// Returns once what was written survives a loss of power.
    func synchronize() throws {
        _ = try Self.check("fsync", self.path) { fsync(self.descriptor) }
    }

    /// Keeps others out until the file is closed, also by the end of the process.
    ///
    /// - Returns: `false` when another has the lock.
    func lock() throws -> Bool {
        do {
            _ = try Self.check("flock", self.path) { flock(self.descriptor, LOCK_EX | LOCK_NB) }
            return true
        } catch let error as LocalFileError where error.errorNumber == EWOULDBLOCK {
            return false
        }
    }

    // MARK: Names

    /// Makes a directory for its owner alone, unless it is there.
    static func makeDirectory(_ path: String) throws {
        do {
            _ = try self.check("mkdir", path) { mkdir(path, 0o700) }
        } catch let error as LocalFileError where error.errorNumber == EEXIST {
        }
    }

    /// Returns once the names in a directory survive a loss of power.
    static func synchronizeDirectory(_ path: String) throws {
        try self.open(path, .reading).synchronize()
    }

    /// Gives a file its name in one step; what had the name is gone.
    static func rename(_ path: String, to target: String) throws {
        _ = try self.check("rename", path) { renameFile(path, target) }
    }

    /// Takes a name away; one that is not there is as good as removed.
    static func remove(_ path: String) throws {
        do {
            _ = try self.check("unlink", path) { unlink(path) }
        } catch let error as LocalFileError where error.errorNumber == ENOENT {
        }
    }

    /// The names in a directory, sorted.
    static func names(in path: String) throws -> [String] {
        guard let directory = opendir(path) else {
            throw LocalFileError(call: "opendir", path: path, errorNumber: errno)
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { name in
                    name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names.sorted()
    }

    /// Repeats a call while signals interrupt it.
    private static func check<Value: SignedInteger>(
        _ call: String, _ path: String, _ body: () -> Value
    ) throws -> Value {
        while true {
            let value = body()
            let errorNumber = errno
            if value >= 0 { return value }
            guard errorNumber == EINTR else {
                throw LocalFileError(call: call, path: path, errorNumber: errorNumber)
            }
        }
    }
}

// Inside a type with members of the same names the system's functions would not be found.
private func openFile(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 { open(path, flags, mode) }
private func renameFile(_ source: String, _ target: String) -> Int32 { rename(source, target) }
private func writeFile(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
