// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes
package import PenstockClient
import Synchronization

/// A service that a test plays: it answers requests without a network, and remembers them.
package final class ScriptedTransport: HTTPTransport {
    /// A request as it was sent, its body read whole.
    package struct Request: Sendable {
        package let head: HTTPRequest
        package let body: [UInt8]
        package let timeout: Duration

        /// The body as text.
        package var text: String { String(decoding: self.body, as: UTF8.self) }

        /// The operation behind the dot of `X-Amz-Target`.
        package var operation: String? {
            HTTPField.Name("X-Amz-Target").flatMap { self.head.headerFields[$0] }?.split(separator: ".").last.map(
                String.init)
        }

        /// A header field's value.
        package func header(_ name: String) -> String? {
            HTTPField.Name(name).flatMap { self.head.headerFields[$0] }
        }
    }

    /// Answers one request.
    package typealias Answer = @Sendable (Request) async throws -> TransportResponse

    private let answer: Answer
    private let recorded = Mutex<[Request]>([])

    /// Answers every request by the same rule.
    package init(_ answer: @escaping Answer) {
        self.answer = answer
    }

    /// Answers requests one after the other; the connection fails once the answers are used up.
    package convenience init(_ answers: [Answer]) {
        let rest = Mutex(answers[...])
        self.init { request in
            guard let answer = rest.withLock({ $0.popFirst() }) else {
                throw TransportError(.connectionFailed, "the script is over")
            }
            return try await answer(request)
        }
    }

    /// All requests so far, in the order in which they were sent.
    package var requests: [Request] { self.recorded.withLock { $0 } }

    package func send(_ request: TransportRequest) async throws(TransportError) -> TransportResponse {
        do {
            let body =
                switch request.body {
                case .bytes(let bytes): bytes
                case .stream(let body, _): try await body.collect(upTo: .max)
                }
            let recorded = Request(head: request.head, body: body, timeout: request.timeout)
            self.recorded.withLock { $0.append(recorded) }
            return try await self.answer(recorded)
        } catch let error as TransportError {
            throw error
        } catch is CancellationError {
            throw TransportError(.cancelled, "the call was cancelled")
        } catch {
            throw TransportError(.connectionFailed, "\(error)", underlying: error)
        }
    }
}

extension TransportResponse {
    /// An answer of the JSON protocol.
    package static func json(_ body: String, status: Int = 200, headers: HTTPFields = [:]) -> TransportResponse {
        TransportResponse(status: status, headers: headers, body: Array(body.utf8))
    }

    /// A refusal of the JSON protocol.
    package static func refusal(
        _ code: ExceptionCode, _ message: String = "refused", status: Int? = nil, headers: HTTPFields = [:]
    ) -> TransportResponse {
        let exception = ServiceException(code, message)
        return TransportResponse(
            status: status ?? exception.httpStatus, headers: headers, body: exception.encodeBody())
    }
}
