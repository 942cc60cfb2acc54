// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import CLibPQ
import PenstockModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What goes to the server and comes back, on a connection that does not block, with one deadline for all of it: a server
/// that stands still while its machine answers is otherwise waited for without end.
struct PostgresTraffic {
    private let connection: OpaquePointer
    private let limit: Duration?
    private let deadline: ContinuousClock.Instant?

    /// - Parameter limit: From now to the last answer; `nil` for as long as it takes.
    init(_ connection: OpaquePointer, limit: Duration?) {
        self.connection = connection
        self.limit = limit
        self.deadline = limit.map { .now + $0 }
    }

    /// Checks what a sending function of libpq returned.
    func send(_ result: Int32) throws(PostgresFailure) {
        guard result == 1 else { throw self.lost() }
    }

    /// Blocks until all is sent, and takes in meanwhile what comes, so that neither side waits for the other.
    func flush() throws(PostgresFailure) {
        while true {
            switch PQflush(self.connection) {
            case 0: return
            case 1:
                if try self.wait(for: POLLIN | POLLOUT) & POLLIN != 0 { try self.send(PQconsumeInput(self.connection)) }
            default: throw self.lost()
            }
        }
    }

    /// Blocks until the next result is there; `nil` behind the last of a request.
    func next() throws(PostgresFailure) -> PostgresResult? {
        while PQisBusy(self.connection) == 1 {
            _ = try self.wait(for: POLLIN)
            try self.send(PQconsumeInput(self.connection))
        }
        guard let raw = PQgetResult(self.connection) else { return nil }
        return PostgresResult(owning: raw)
    }

    /// A failure of the connection, in libpq's words.
    func lost() -> PostgresFailure {
        PostgresFailure(
            sqlState: "", message: PostgresFailure.line(PQerrorMessage(self.connection)), isConnectionLost: true)
    }

    /// - Returns: Which of the events there is.
    private func wait(for events: Int32) throws(PostgresFailure) -> Int32 {
        while true {
            var milliseconds: Int32 = -1
            if let deadline {
                let left = ContinuousClock.now.duration(to: deadline)
                guard left > .zero else { throw self.late() }
                milliseconds = Int32(clamping: left.milliseconds + 1)
            }
            var descriptor = pollfd(fd: PQsocket(self.connection), events: Int16(events), revents: 0)
            let count = poll(&descriptor, 1, milliseconds)
            // What else may be there is an end or an error, which reading finds.
            if count > 0 { return Int32(descriptor.revents) & POLLOUT != 0 ? Int32(descriptor.revents) : POLLIN }
            guard count == 0 || errno == EINTR else { throw self.lost() }
        }
    }

    private func late() -> PostgresFailure {
        PostgresFailure(
            sqlState: "",
            message: "the database did not answer within \(self.limit ?? .zero)",
            isConnectionLost: true
        )
    }
}
