// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes

/// The parts of an HTTP request that a signature speaks of, just as they are on the wire.
package struct SignableRequest: Sendable, Hashable {
    /// The method, in upper case.
    package var method: String

    /// The request target before its `?`, percent-encoded as sent; empty stands for `/`.
    package var path: String

    /// The request target after its `?`, percent-encoded as sent; nothing when there is no `?`.
    package var query: String?

    /// The `Host` header's value, or HTTP/2's `:authority`.
    package var host: String

    /// All other header fields, in the order received. A `Host` among them is ignored in favour of ``host``.
    package var headers: HTTPFields

    /// Makes a request of its parts.
    package init(method: String, path: String, query: String? = nil, host: String, headers: HTTPFields = [:]) {
        self.method = method
        self.path = path
        self.query = query
        self.host = host
        self.headers = headers
    }

    /// Makes a request of a method and a whole request target, which is split at its first `?`.
    package init(method: String, target: String, host: String, headers: HTTPFields = [:]) {
        if let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) {
            let query = String(target[target.index(after: mark)...])
            self.init(method: method, path: String(target[..<mark]), query: query, host: host, headers: headers)
        } else {
            self.init(method: method, path: target, host: host, headers: headers)
        }
    }

    /// Makes a request of an HTTP server's or client's head.
    package init(_ request: HTTPRequest) {
        self.init(
            method: request.method.rawValue, target: request.path ?? "/",
            host: request.authority ?? request.headerFields[.host] ?? "", headers: request.headerFields)
    }

    /// Path and query joined again.
    package var target: String {
        self.query.map { "\(self.path)?\($0)" } ?? self.path
    }
}

extension HTTPField.Name {
    /// Makes a name of a literal whose every character is a token's.
    private static func literal(_ name: String) -> Self {
        guard let field = Self(name) else { preconditionFailure("\(name) is no header name") }
        return field
    }

    /// `X-Amz-Date`: when the request was signed.
    package static let xAmzDate = literal("X-Amz-Date")

    /// `X-Amz-Security-Token`: the session token of temporary credentials.
    package static let xAmzSecurityToken = literal("X-Amz-Security-Token")

    /// `x-amz-content-sha256`: a ``PayloadDeclaration``.
    package static let xAmzContentSHA256 = literal("x-amz-content-sha256")

    /// `x-amz-decoded-content-length`: the length of an `aws-chunked` body without its framing.
    package static let xAmzDecodedContentLength = literal("x-amz-decoded-content-length")

    /// `x-amz-trailer`: the names of the fields in an `aws-chunked` body's trailer.
    package static let xAmzTrailer = literal("x-amz-trailer")

    /// `Host`.
    static let host = literal("Host")

    /// `Date`.
    static let date = literal("Date")
}
