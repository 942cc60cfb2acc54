// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
package import HummingbirdCore
package import NIOCore
package import PenstockSigning

/// Responses in the form of AWS JSON 1.1.
package enum JSONEnvelope {
    package static let contentType = "application/x-amz-json-1.1"

    /// A successful response; an empty body is sent as such, with `Content-Length: 0`.
    package static func success(_ body: ByteBuffer, requestID: RequestID) -> Response {
        self.response(.ok, self.fields(requestID, length: body.readableBytes), body)
    }

    /// An error; its code is in the body and in a header, since clients look at either.
    ///
    /// - Parameter message: For the client's eyes: no path, no query, no text of an underlying error.
    package static func failure(code: String, status: Int, message: String?, requestID: RequestID) -> Response {
        var body = ByteBuffer()
        body.writeString(#"{"__type":"#)
        body.writeJSONString(code)
        if let message {
            body.writeString(#","message":"#)
            body.writeJSONString(message)
        }
        body.writeString("}")
        var fields = self.fields(requestID, length: body.readableBytes)
        fields[.xAmznErrorType] = code
        return self.response(HTTPResponse.Status(code: status), fields, body)
    }

    /// A refused signature.
    package static func failure(_ fault: AuthenticationFault, requestID: RequestID) -> Response {
        self.failure(code: fault.code, status: fault.status, message: fault.message, requestID: requestID)
    }

    /// A body longer than the surface takes. The connection ends, for its rest is not going to be read.
    package static func bodyTooLarge(_ error: BodyTooLarge, requestID: RequestID) -> Response {
        var response = self.failure(
            code: "RequestEntityTooLargeException",
            status: 413,
            message: "The request body exceeds \(error.limit) bytes.",
            requestID: requestID
        )
        response.headers[.connection] = "close"
        return response
    }

    /// A fault of ours; the client learns that there was one and nothing else.
    package static func internalFailure(requestID: RequestID) -> Response {
        self.failure(
            code: "InternalFailure",
            status: 500,
            message: "The request processing has failed because of an unknown error.",
            requestID: requestID
        )
    }

    /// Nothing was done, and the same request may succeed soon: the database cannot be reached, or the service stops.
    package static func unavailable(requestID: RequestID) -> Response {
        self.failure(
            code: "ServiceUnavailable",
            status: 503,
            message: "The request has failed due to a temporary failure of the server.",
            requestID: requestID
        )
    }

    private static func fields(_ requestID: RequestID, length: Int) -> HTTPFields {
        var fields = HTTPFields()
        fields.reserveCapacity(6)
        fields.append(HTTPField(name: .contentType, value: self.contentType))
        fields.append(HTTPField(name: .xAmznRequestID, value: requestID.description))
        fields.append(HTTPField(name: .contentLength, value: String(length)))
        return fields
    }

    private static func response(_ status: HTTPResponse.Status, _ fields: HTTPFields, _ body: ByteBuffer) -> Response {
        Response(
            status: status,
            headers: fields,
            body: body.readableBytes == 0 ? ResponseBody() : ResponseBody(byteBuffer: body)
        )
    }
}

extension ByteBuffer {
    /// Writes the text as a JSON string, quotes included.
    package mutating func writeJSONString(_ text: String) {
        self.writeInteger(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                self.writeInteger(UInt8(ascii: "\\"))
                self.writeInteger(byte)
            case UInt8(ascii: "\n"): self.writeStaticString("\\n")
            case UInt8(ascii: "\r"): self.writeStaticString("\\r")
            case UInt8(ascii: "\t"): self.writeStaticString("\\t")
            case 0..<0x20:
                self.writeStaticString("\\u00")
                self.writeInteger(Self.hexDigits[Int(byte >> 4)])
                self.writeInteger(Self.hexDigits[Int(byte & 15)])
            case _: self.writeInteger(byte)
            }
        }
        self.writeInteger(UInt8(ascii: "\""))
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)

    /// Writes the text with what XML gives a meaning escaped, for content and attribute values.
    package mutating func writeXMLText(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): self.writeStaticString("&amp;")
            case UInt8(ascii: "<"): self.writeStaticString("&lt;")
            case UInt8(ascii: ">"): self.writeStaticString("&gt;")
            case UInt8(ascii: "\""): self.writeStaticString("&quot;")
            case UInt8(ascii: "\t"), UInt8(ascii: "\n"), 0x20...: self.writeInteger(byte)
            // Other control characters have no place in XML, escaped or not.
            case _: self.writeInteger(UInt8(ascii: " "))
            }
        }
    }
}
