// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Passes bytes between clients and a PostgreSQL, until it is told to lose an answer. Its calls block, on threads of
/// their own.
final class CuttingProxy: Sendable {
    /// What a client is to name; with the directory it makes the path of the socket.
    static let port = 5432

    let directory: String
    private let target: String
    private let listener: Int32
    private let phase = Mutex(Phase.passing)

    private enum Phase {
        /// Goes to `armed`.
        case passing
        /// Goes to `committing` with the next COMMIT that a client sends.
        case armed
        /// The next answer is lost, and its connection with it. Goes to `passing`.
        case committing
    }

    struct Failure: Error { var errorNumber: Int32 }

    init(to target: String) throws {
        self.target = target
        self.directory = "/tmp/penstock-proxy-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: self.directory, withIntermediateDirectories: false)
        self.listener = try Self.socket({ bind($0, $1, $2) }, at: "\(self.directory)/.s.PGSQL.\(Self.port)")
        guard listen(self.listener, 16) == 0 else { throw Failure(errorNumber: errno) }
        Thread.detachNewThread {
            while true {
                let client = accept(self.listener, nil, nil)
                guard client >= 0 else { return }
                guard let server = try? Self.socket({ connect($0, $1, $2) }, at: self.target) else {
                    close(client)
                    continue
                }
                Thread.detachNewThread { self.pass(from: client, to: server) { self.noteSent($0) } }
                Thread.detachNewThread { self.pass(from: server, to: client) { _ in self.mayAnswer() } }
            }
        }
    }

    /// The next transaction that commits does so unheard.
    func cutAfterCommit() { self.phase.withLock { $0 = .armed } }

    func stop() {
        shutdown(self.listener, Int32(SHUT_RDWR))
        close(self.listener)
        try? FileManager.default.removeItem(atPath: self.directory)
    }

    private func noteSent(_ bytes: ArraySlice<UInt8>) -> Bool {
        self.phase.withLock { phase in
            // With the end of the text, for the isolation level READ COMMITTED is something else.
            if phase == .armed, bytes.firstRange(of: Array("COMMIT\0".utf8)) != nil { phase = .committing }
            return true
        }
    }

    private func mayAnswer() -> Bool {
        self.phase.withLock { phase in
            guard phase == .committing else { return true }
            phase = .passing
            return false
        }
    }

    /// Passes bytes on until either side ends or the closure says that these are lost.
    private func pass(from source: Int32, to target: Int32, _ mayPass: (ArraySlice<UInt8>) -> Bool) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(source, &buffer, buffer.count)
            guard count > 0, mayPass(buffer[..<count]) else { break }
            var sent = 0
            while sent < count {
                let written = buffer[sent..<count].withUnsafeBytes {
                    send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard written > 0 else { break }
                sent += written
            }
            if sent < count { break }
        }
        // Ends the other direction as well; the descriptors live as long as the test process.
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(target, Int32(SHUT_RDWR))
    }

    private static func socket(
        _ attach: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32, at path: String
    ) throws -> Int32 {
        let descriptor = Foundation.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                attach(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard descriptor >= 0, result == 0 else { throw Failure(errorNumber: errno) }
        return descriptor
    }
}
