// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import CEpoll
import Glibc

/// The callers of one thread: waits for whichever is answered first.
final class CallerShare<Each: Caller> {
    /// Longer than any answer takes.
    private static var timeoutMilliseconds: Int32 { 30_000 }

    private final class Line {
        var connection: HTTPConnection
        var caller: Each

        init(_ caller: Each, port: UInt16) throws {
            self.connection = try HTTPConnection(port: port)
            self.caller = caller
        }

        /// Lets the caller call again; returns the socket to wait on, `nil` when the caller has ended.
        func proceed(after answer: HTTPAnswer?) throws -> Int32? {
            guard let request = try self.caller.next(after: answer) else { return nil }
            try self.connection.send(request)
            return self.connection.descriptor
        }
    }

    private var lines: [Line] = []
    /// Tells which sockets have something to receive, and takes no longer for many that have nothing.
    private let waiting: Int32

    init() throws {
        self.waiting = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard self.waiting >= 0 else { throw HTTPConnection.Failure(description: "no epoll: errno \(errno)") }
    }

    deinit { close(self.waiting) }

    func add(_ caller: Each, port: UInt16) throws { self.lines.append(try Line(caller, port: port)) }

    /// Lets all call until the last has ended; once.
    ///
    /// - Parameter isOver: Whether a caller elsewhere has failed, of whom those here may wait for something.
    func run(until isOver: () -> Bool) throws -> [Each] {
        var sockets: [Int32?] = self.lines.map { _ in nil }
        var calling = 0
        func proceed(_ number: Int, after answer: HTTPAnswer?) throws {
            let socket = try self.lines[number].proceed(after: answer)
            guard socket != sockets[number] else { return }
            // One that was closed for another is not waited for any more; one whose caller has ended is still open.
            if let socket {
                if sockets[number] == nil { calling += 1 }
                try self.control(EPOLL_CTL_ADD, socket, of: number)
            } else if let ended = sockets[number] {
                calling -= 1
                try self.control(EPOLL_CTL_DEL, ended, of: number)
            }
            sockets[number] = socket
        }
        for number in self.lines.indices { try proceed(number, after: nil) }
        var events = [epoll_event](repeating: epoll_event(), count: max(1, self.lines.count))
        while calling > 0 {
            if isOver() { break }
            let count = epoll_wait(self.waiting, &events, Int32(events.count), Self.timeoutMilliseconds)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let reason = count < 0 ? "errno \(errno)" : "none within \(Self.timeoutMilliseconds) ms"
                throw HTTPConnection.Failure(description: "waiting for answers: \(reason)")
            }
            for event in events.prefix(Int(count)) {
                let number = Int(event.data.u32)
                guard let answer = try self.lines[number].connection.receive() else { continue }
                try proceed(number, after: answer)
            }
        }
        return self.lines.map(\.caller)
    }

    private func control(_ operation: Int32, _ socket: Int32, of number: Int) throws {
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data(u32: UInt32(number)))
        guard epoll_ctl(self.waiting, operation, socket, &event) == 0 else {
            throw HTTPConnection.Failure(description: "waiting for socket \(socket): errno \(errno)")
        }
    }
}
