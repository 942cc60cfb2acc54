// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Glibc

struct HTTPAnswer {
    let status: Int
    let body: [UInt8]
}

/// The service did not do what the benchmark needs.
struct Refusal: Error, CustomStringConvertible {
    let description: String

    init(_ answer: HTTPAnswer) {
        self.description = "\(answer.status): \(String(decoding: answer.body, as: UTF8.self))"
    }
}

/// One connection that sends a request and receives its answer.
///
/// As little as can be: the generator shares the machine with what it measures.
struct HTTPConnection: ~Copyable {
    struct Failure: Error, CustomStringConvertible { let description: String }

    private let port: UInt16
    /// The socket, to wait on for what is received.
    private(set) var descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 16 * 1024)
    /// Bytes of the buffer that are part of an answer which is not whole yet.
    private var filled = 0
    /// Whether the server said that it ends the connection after its answer.
    private var isEnding = false

    init(port: UInt16) throws {
        self.port = port
        self.descriptor = try Self.connect(port: port)
    }

    private static func connect(port: UInt16) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(description: "no socket: \(errno)") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            close(descriptor)
            throw Failure(description: "no connection to port \(port): \(errno)")
        }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        return descriptor
    }

    deinit { close(self.descriptor) }

    /// Sends the bytes as they are and waits for the answer.
    mutating func exchange(_ request: [UInt8]) throws -> HTTPAnswer {
        try self.send(request)
        while true {
            if let answer = try self.receive() { return answer }
        }
    }

    /// Sends the bytes as they are; through another socket if the server ended the last one with its answer.
    mutating func send(_ request: [UInt8]) throws {
        if self.isEnding {
            let next = try Self.connect(port: self.port)
            close(self.descriptor)
            self.descriptor = next
            self.isEnding = false
        }
        var sent = 0
        while sent < request.count {
            let count = request.withUnsafeBytes {
                Glibc.send(self.descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(description: "the connection broke while sending: \(errno)") }
            sent += count
        }
    }

    /// Receives what has come, or waits for it; returns the answer once it is whole.
    mutating func receive() throws -> HTTPAnswer? {
        if self.filled == self.buffer.count { self.buffer += [UInt8](repeating: 0, count: self.filled) }
        let count = self.buffer.withUnsafeMutableBytes {
            recv(self.descriptor, $0.baseAddress! + self.filled, $0.count - self.filled, 0)
        }
        guard count > 0 else { throw Failure(description: "the connection broke while receiving: \(errno)") }
        self.filled += count
        guard let head = self.endOfHead(self.filled) else { return nil }
        let length = self.value(of: "content-length", within: head).reduce(0) { $0 * 10 + Int($1 &- 48) }
        guard self.filled >= head + length else { return nil }
        self.filled = 0
        // The first letter tells `close` from `keep-alive`.
        self.isEnding = self.value(of: "connection", within: head).first.map { $0 | 0x20 } == UInt8(ascii: "c")
        return HTTPAnswer(status: self.status, body: Array(self.buffer[head..<(head + length)]))
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

    /// What a field of the head has, without leading spaces; empty if there is no such field.
    private func value(of name: StaticString, within head: Int) -> ArraySlice<UInt8> {
        let length = name.utf8CodeUnitCount
        var index = 0
        while index + length + 1 < head {
            if self.buffer[index] == 10, self.buffer[index + length + 1] == UInt8(ascii: ":"),
                (0..<length).allSatisfy({ self.buffer[index + 1 + $0] | 0x20 == name.utf8Start[$0] | 0x20 })
            {
                var start = index + length + 2
                while self.buffer[start] == 32 { start += 1 }
                var end = start
                while self.buffer[end] != 13 { end += 1 }
                return self.buffer[start..<end]
            }
            index += 1
        }
        return []
    }
}
