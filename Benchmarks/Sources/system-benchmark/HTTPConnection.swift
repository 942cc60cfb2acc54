// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One connection that sends a request and waits for its answer, on a thread of its own.
///
/// As little as can be: the generator shares the machine with what it measures.
struct HTTPConnection: ~Copyable {
    struct Failure: Error, CustomStringConvertible { let description: String }

    private let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 64 * 1024)

    init(port: UInt16) throws {
        self.descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard self.descriptor >= 0 else { throw Failure(description: "no socket: \(errno)") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw Failure(description: "no connection to port \(port): \(errno)") }
        var on: Int32 = 1
        setsockopt(self.descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(self.descriptor) }

    /// Sends the bytes as they are and returns status and body of the answer.
    mutating func exchange(_ request: [UInt8]) throws -> (status: Int, body: [UInt8]) {
        var sent = 0
        while sent < request.count {
            let count = request.withUnsafeBytes {
                send(self.descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(description: "the connection broke while sending: \(errno)") }
            sent += count
        }
        return try self.receive()
    }

    private mutating func receive() throws -> (status: Int, body: [UInt8]) {
        var filled = 0
        while true {
            if filled == self.buffer.count { self.buffer += [UInt8](repeating: 0, count: filled) }
            let count = self.buffer.withUnsafeMutableBytes {
                recv(self.descriptor, $0.baseAddress! + filled, $0.count - filled, 0)
            }
            guard count > 0 else { throw Failure(description: "the connection broke while receiving: \(errno)") }
            filled += count
            guard let head = self.endOfHead(filled) else { continue }
            let length = self.contentLength(head)
            guard filled >= head + length else { continue }
            return (self.status, Array(self.buffer[head..<(head + length)]))
        }
    }

    /// The three digits after `HTTP/1.1 `.
    private var status: Int { self.buffer[9..<12].reduce(0) { $0 * 10 + Int($1 &- 48) } }

    private func endOfHead(_ filled: Int) -> Int? {
        guard filled >= 4 else { return nil }
        var index = 3
        while index < filled {
            if self.buffer[index] == 10, self.buffer[index - 1] == 13, self.buffer[index - 2] == 10 { return index + 1 }
            index += 1
        }
        return nil
    }

    private func contentLength(_ head: Int) -> Int {
        let name = Array("content-length:".utf8)
        var index = 0
        while index + name.count < head {
            if self.buffer[index] == 10,
                zip(self.buffer[(index + 1)...], name).allSatisfy({ $0 | 0x20 == $1 || $0 == $1 })
            {
                var at = index + 1 + name.count
                while self.buffer[at] == 32 { at += 1 }
                var length = 0
                while case 48...57 = self.buffer[at] {
                    length = length * 10 + Int(self.buffer[at] - 48)
                    at += 1
                }
                return length
            }
            index += 1
        }
        return 0
    }
}
