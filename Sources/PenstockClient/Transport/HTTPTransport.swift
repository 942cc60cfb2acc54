// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import HTTPTypes

/// What carries a signed request to a service and its answer back.
///
/// ``AsyncHTTPClientTransport`` does it over the network. Tests bring their own to play a service in memory.
public protocol HTTPTransport: Sendable {
    /// Sends one request and returns as soon as the answer's head is there.
    ///
    /// Cancelling the task aborts the exchange.
    func send(_ request: TransportRequest) async throws(TransportError) -> TransportResponse
}

/// One HTTP request, complete and signed.
public struct TransportRequest: Sendable {
    /// What a request carries.
    public enum Body: Sendable {
        /// Bytes that are at hand.
        case bytes([UInt8])
        /// Bytes that are read as they are sent; exactly this many of them.
        case stream(TransportBody, byteCount: Int64)
    }

    /// Method, scheme, authority, path with query, and all header fields except `Host` and `Content-Length`.
    public var head: HTTPRequest

    /// What follows the head.
    public var body: Body

    /// How long to wait for the answer's head.
    public var timeout: Duration

    /// Creates a request of its parts.
    public init(head: HTTPRequest, body: Body, timeout: Duration) {
        self.head = head
        self.body = body
        self.timeout = timeout
    }
}

extension TransportRequest {
    /// Whom the connection is to: scheme and authority.
    package var address: String { "\(self.head.scheme ?? "https")://\(self.head.authority ?? "")" }
}

extension TransportRequest: CustomStringConvertible, CustomReflectable {
    /// Method and URL without query: the rest may hold what signs.
    public var description: String {
        let path = (self.head.path ?? "/").prefix { $0 != "?" }
        return "\(self.head.method.rawValue) \(self.address)\(path)"
    }

    /// Shows method and URL alone.
    public var customMirror: Mirror { Mirror(self, children: ["request": self.description]) }
}

/// The answer to a ``TransportRequest``.
public struct TransportResponse: Sendable {
    /// The status code.
    public var status: Int
    /// The header fields.
    public var headers: HTTPFields
    /// What follows the head; it is read from the network while it is iterated.
    public var body: TransportBody

    /// Creates an answer of its parts.
    public init(status: Int, headers: HTTPFields = [:], body: TransportBody) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Creates an answer whose body is at hand, as test doubles do.
    public init(status: Int, headers: HTTPFields = [:], body: [UInt8]) {
        self.init(status: status, headers: headers, body: TransportBody(bytes: body))
    }
}

/// A body in pieces, which can be iterated once.
public struct TransportBody: AsyncSequence, Sendable {
    public typealias Element = [UInt8]
    public typealias Failure = any Error

    private let makeNext: @Sendable () -> () async throws -> [UInt8]?

    /// Takes over another sequence's pieces.
    public init<Pieces: AsyncSequence & Sendable>(_ pieces: Pieces) where Pieces.Element == [UInt8] {
        self.makeNext = {
            var iterator = pieces.makeAsyncIterator()
            return { try await iterator.next(isolation: #isolation) }
        }
    }

    /// Wraps bytes that are at hand, as one piece.
    public init(bytes: [UInt8]) {
        self.makeNext = {
            var rest: [UInt8]? = bytes.isEmpty ? nil : bytes
            return {
                defer { rest = nil }
                return rest
            }
        }
    }

    /// Starts reading.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(pull: self.makeNext())
    }

    /// Reads one piece after the other.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let pull: () async throws -> [UInt8]?

        /// The next piece, or nothing at the end.
        public mutating func next() async throws -> [UInt8]? {
            try await self.pull()
        }
    }

    /// Reads all of it.
    ///
    /// - Throws: ``TransportError`` with code `.tooLarge` when there is more than the limit.
    public func collect(upTo limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await piece in self {
            guard bytes.count + piece.count <= limit else {
                throw TransportError(.tooLarge, "the answer is larger than \(limit) bytes")
            }
            bytes += piece
        }
        return bytes
    }
}

/// Why an exchange did not come to its end.
public struct TransportError: Error, Sendable {
    /// The kinds of reasons; more may be added.
    public struct Code: Sendable, Hashable {
        private enum Base { case connectionFailed, timedOut, cancelled, tooLarge }
        private let base: Base
        private init(_ base: Base) { self.base = base }
        /// There was no connection, or it broke. The service may or may not have received the request.
        public static let connectionFailed = Self(.connectionFailed)
        /// The answer did not begin in time.
        public static let timedOut = Self(.timedOut)
        /// The task was cancelled and the exchange aborted.
        public static let cancelled = Self(.cancelled)
        /// The answer is larger than the caller reads.
        public static let tooLarge = Self(.tooLarge)
    }

    /// The kind of the reason.
    public var code: Code
    /// For logs and people.
    public var message: String
    /// What the network said.
    public var underlying: (any Error)?

    /// Creates an error.
    public init(_ code: Code, _ message: String, underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
    }
}
