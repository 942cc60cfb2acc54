// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes
package import HummingbirdCore
package import NIOCore
package import PenstockAccess
package import PenstockModel
package import PenstockSigning

/// A request as a surface gets it: routed, not yet authenticated, its body not yet read.
package struct SurfaceRequest: Sendable {
    package let id: RequestID
    package let head: HTTPRequest
    package let peer: Peer
    /// The parts that a signature speaks of, target split into path and query.
    package let signable: SignableRequest
    /// Where what turns out about it is noted; `nil` where nobody wants to know.
    package private(set) var note: AccessNote?

    private let body: RequestBody

    package init(head: HTTPRequest, body: RequestBody, peer: Peer, id: RequestID = .next()) {
        self.id = id
        self.head = head
        self.peer = peer
        self.body = body
        self.signable = SignableRequest(head)
    }

    package var method: HTTPRequest.Method { self.head.method }
    package var headers: HTTPFields { self.head.headerFields }
    /// Percent-encoded, as sent.
    package var path: String { self.signable.path }
    /// Percent-encoded, as sent, without its `?`.
    package var query: String? { self.signable.query }
    /// What `Content-Length` says; `nil` when it is absent, as with chunked bodies.
    package var contentLength: Int? { self.headers.value(of: .contentLength).flatMap { Int($0) } }

    /// The body as it arrives; may be read once.
    ///
    /// A client that waits to be asked for the body is asked now, so look at the head first.
    package func streamBody() -> RequestBody {
        if self.headers.value(of: .expect)?.lowercased() == "100-continue" { self.peer.requestBody() }
        return self.body
    }

    /// The whole body.
    ///
    /// A body that is announced as too long is refused before it is read.
    ///
    /// - Throws: ``BodyTooLarge``; or what went wrong with the connection.
    package func collectBody(limit: Int) async throws -> ByteBuffer {
        if let announced = self.contentLength {
            guard announced <= limit else { throw BodyTooLarge(limit: limit) }
            if announced == 0 { return ByteBuffer() }
        }
        var collected: ByteBuffer?
        for try await var part in self.streamBody() {
            guard (collected?.readableBytes ?? 0) + part.readableBytes <= limit else {
                throw BodyTooLarge(limit: limit)
            }
            if collected == nil { collected = part } else { collected?.writeBuffer(&part) }
        }
        return collected ?? ByteBuffer()
    }

    /// The same request, of which surfaces tell the note.
    func noted(in note: AccessNote) -> Self {
        var request = self
        request.note = note
        return request
    }

    /// What conditions of policies can see of this request; the surface adds the keys of its own.
    package func accessContext(now: Timestamp, region: Region) -> AccessContext {
        AccessContext(now: now, sourceAddress: self.peer.address, isSecure: self.peer.isSecure, region: region)
    }
}

/// A body has more bytes than the surface takes.
package struct BodyTooLarge: Error, Sendable, Hashable {
    package let limit: Int
}

/// One of the protocols that are spoken on the one address.
///
/// A surface authenticates its requests itself, with an ``Authenticator``: what is hashed, and how refusals look,
/// differs between them.
package protocol Surface: Sendable {
    /// Answers the request. Whatever is thrown is a fault of ours, and the client learns nothing of it.
    func respond(to request: SurfaceRequest) async throws -> Response
}
