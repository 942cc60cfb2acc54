// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

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

        /// Lets the caller call again; returns what to wait for.
        func proceed(after answer: HTTPAnswer?) throws -> pollfd {
            guard let request = try self.caller.next(after: answer) else {
                return pollfd(fd: -1, events: 0, revents: 0)
            }
            try self.connection.send(request)
            return pollfd(fd: self.connection.descriptor, events: Int16(POLLIN), revents: 0)
        }
    }

    private var lines: [Line] = []

    func add(_ caller: Each, port: UInt16) throws { self.lines.append(try Line(caller, port: port)) }

    /// - Parameter isOver: Whether a caller elsewhere has failed, of whom those here may wait for something.
    func run(until isOver: () -> Bool) throws -> [Each] {
        // What has ended is not waited for: a negative descriptor.
        var waits = try self.lines.map { try $0.proceed(after: nil) }
        while waits.contains(where: { $0.fd >= 0 }) {
            if isOver() { break }
            let count = poll(&waits, nfds_t(waits.count), Self.timeoutMilliseconds)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let reason = count < 0 ? "errno \(errno)" : "none within \(Self.timeoutMilliseconds) ms"
                throw HTTPConnection.Failure(description: "waiting for answers: \(reason)")
            }
            for number in waits.indices where waits[number].revents != 0 {
                guard let answer = try self.lines[number].connection.receive() else { continue }
                waits[number] = try self.lines[number].proceed(after: answer)
            }
        }
        return self.lines.map(\.caller)
    }
}
