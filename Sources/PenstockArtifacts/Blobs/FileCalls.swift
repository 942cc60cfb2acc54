// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

import PenstockModel

/// A call of the operating system on a file failed. Never shown to clients: it names paths.
package struct FileError: TemporaryFailure, Sendable, CustomStringConvertible {
    package var call: String
    package var path: String
    package var errorNumber: Int32

    package init(call: String, path: String, errorNumber: Int32) {
        self.call = call
        self.path = path
        self.errorNumber = errorNumber
    }

    package var description: String {
        "\(self.call) of \(self.path): \(String(cString: strerror(self.errorNumber)))"
    }

    /// Whether there was nothing of that name.
    package var isNotFound: Bool { self.errorNumber == ENOENT }

    /// Whether it was a file where a directory was meant.
    package var isNoDirectory: Bool { self.errorNumber == ENOTDIR }

    /// Whether the file system has nothing of that kind, such as links.
    package var isUnsupported: Bool { [EPERM, ENOTSUP, ENOSYS].contains(self.errorNumber) }

    /// Whether the disk is full, or the operator's share of it is used up.
    package var isTemporary: Bool { self.errorNumber == ENOSPC || self.errorNumber == EDQUOT }
}

/// An open file, closed when the last reference goes.
///
/// Its calls block; they run on threads meant for that.
package final class OpenFile: Sendable {
    package let path: String
    private let descriptor: Int32

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { _ = close(self.descriptor) }

    /// Opens what is there.
    package static func reading(_ path: String) throws(FileError) -> OpenFile {
        try self.open(path, O_RDONLY | O_CLOEXEC)
    }

    /// Makes a file that its owner alone can read. Fails when the file exists.
    package static func creating(_ path: String) throws(FileError) -> OpenFile {
        try self.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC)
    }

    /// Opens what is there, or makes a file that its owner alone can read. What is written goes to its end, also when
    /// others write to it.
    package static func appending(_ path: String) throws(FileError) -> OpenFile {
        try self.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC)
    }

    /// What the process was given to write to.
    package static func standardOutput() throws(FileError) -> OpenFile {
        let path = "standard output"
        let descriptor = try retrying("fcntl", path) { fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0) }
        return OpenFile(path: path, descriptor: descriptor)
    }

    private static func open(_ path: String, _ flags: Int32) throws(FileError) -> OpenFile {
        let descriptor = try retrying("open", path) { openFile(path, flags, 0o600) }
        return OpenFile(path: path, descriptor: descriptor)
    }

    /// Writes all of the bytes.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = try retrying("write", self.path) { writeFile(self.descriptor, rest.baseAddress, rest.count) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Reads from the offset until the buffer is full or the file ends.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(FileError) -> Int {
        var done = 0
        while done < buffer.count {
            let count = try retrying("pread", self.path) {
                pread(
                    self.descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done,
                    off_t(offset + Int64(done)))
            }
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// Returns once what was written survives a loss of power.
    package func synchronize() throws(FileError) {
        _ = try retrying("fsync", self.path) { fsync(self.descriptor) }
    }
}

/// What is done with names of files.
package enum FileCalls {
    /// Makes a directory for its owner alone; one that is there stays as it is.
    package static func makeDirectory(_ path: String) throws(FileError) {
        do throws(FileError) {
            _ = try retrying("mkdir", path) { mkdir(path, 0o700) }
        } catch  where error.errorNumber == EEXIST {
        }
    }

    /// Returns once the names in the directory survive a loss of power.
    package static func synchronizeDirectory(_ path: String) throws(FileError) {
        try OpenFile.reading(path).synchronize()
    }

    /// Replaces what has the new name, in one step.
    package static func rename(_ source: String, to target: String) throws(FileError) {
        _ = try retrying("rename", source) { renameFile(source, target) }
    }

    /// Gives the file another name, unless something has it.
    ///
    /// - Returns: Whether the name was free.
    package static func link(_ source: String, as name: String) throws(FileError) -> Bool {
        do throws(FileError) {
            _ = try retrying("link", source) { linkFile(source, name) }
            return true
        } catch  where error.errorNumber == EEXIST {
            return false
        }
    }

    /// A file that is not there is as good as removed.
    package static func remove(_ path: String) throws(FileError) {
        do throws(FileError) {
            _ = try retrying("unlink", path) { unlink(path) }
        } catch  where error.isNotFound {
        }
    }

    /// Size and time of the last change in seconds since 1970; `nil` when there is no such file.
    package static func status(_ path: String) throws(FileError) -> (sizeBytes: Int64, modifiedSeconds: Int64)? {
        var status = stat()
        do throws(FileError) {
            _ = try retrying("stat", path) { stat(path, &status) }
        } catch  where error.isNotFound {
            return nil
        }
        #if canImport(Darwin)
            return (Int64(status.st_size), Int64(status.st_mtimespec.tv_sec))
        #else
            return (Int64(status.st_size), Int64(status.st_mtim.tv_sec))
        #endif
    }

    /// Who may do what with the file, as in 0o600; `nil` when there is no such file.
    package static func permissions(_ path: String) throws(FileError) -> UInt16? {
        var status = stat()
        do throws(FileError) {
            _ = try retrying("stat", path) { stat(path, &status) }
        } catch  where error.isNotFound {
            return nil
        }
        return UInt16(status.st_mode & 0o777)
    }

    package static func setPermissions(_ path: String, _ permissions: UInt16) throws(FileError) {
        _ = try retrying("chmod", path) { chmod(path, mode_t(permissions)) }
    }

    /// The names in a directory but for those that start with a dot, in no order.
    package static func names(in path: String) throws(FileError) -> [String] {
        guard let directory = opendir(path) else {
            throw FileError(call: "opendir", path: path, errorNumber: errno)
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}

/// What makes a blob durable, in the order in which it happens.
struct PublishingCalls: Sendable {
    /// The bytes are there before the name is.
    var synchronizeFile: @Sendable (OpenFile) throws -> Void = { try $0.synchronize() }
    var rename: @Sendable (_ source: String, _ target: String) throws -> Void = { try FileCalls.rename($0, to: $1) }
    /// The name stays.
    var synchronizeDirectory: @Sendable (String) throws -> Void = { try FileCalls.synchronizeDirectory($0) }
}

/// Repeats the call while signals interrupt it.
private func retrying<Result: SignedInteger>(
    _ call: String, _ path: String, _ body: () -> Result
) throws(FileError) -> Result {
    while true {
        let result = body()
        if result >= 0 { return result }
        let errorNumber = errno
        if errorNumber != EINTR { throw FileError(call: call, path: path, errorNumber: errorNumber) }
    }
}

// Inside types with members of the same names the C functions would not be found.
private func openFile(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 { open(path, flags, mode) }
private func writeFile(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
private func linkFile(_ source: String, _ name: String) -> Int32 { link(source, name) }
private func renameFile(_ source: String, _ target: String) -> Int32 { rename(source, target) }
