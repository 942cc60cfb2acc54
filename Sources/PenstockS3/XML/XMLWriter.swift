// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Writes a document of a response.
struct XMLWriter {
    private(set) var buffer: ByteBuffer

    static let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

    /// A document with this root, whose children the closure writes.
    static func document(_ root: String, _ content: (inout Self) -> Void) -> ByteBuffer {
        var writer = Self(buffer: ByteBuffer())
        writer.buffer.writeString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
        writer.buffer.writeString("<\(root) xmlns=\"\(Self.namespace)\">")
        content(&writer)
        writer.buffer.writeString("</\(root)>")
        return writer.buffer
    }

    /// The document of an error, which has no namespace.
    static func error(_ content: (inout Self) -> Void) -> ByteBuffer {
        var writer = Self(buffer: ByteBuffer())
        writer.buffer.writeString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>")
        content(&writer)
        writer.buffer.writeString("</Error>")
        return writer.buffer
    }

    mutating func element(_ name: String, _ content: (inout Self) -> Void) {
        self.buffer.writeString("<\(name)>")
        content(&self)
        self.buffer.writeString("</\(name)>")
    }

    /// An element of a schema's type, as grantees are.
    mutating func element(_ name: String, type: String, _ content: (inout Self) -> Void) {
        let schema = "http://www.w3.org/2001/XMLSchema-instance"
        self.buffer.writeString("<\(name) xmlns:xsi=\"\(schema)\" xsi:type=\"\(type)\">")
        content(&self)
        self.buffer.writeString("</\(name)>")
    }

    mutating func element(_ name: String, _ text: String) { self.element(name) { $0.text(text) } }

    /// Escaped text in the element that is being written. Control characters become references, as S3 has them; no XML
    /// can carry them otherwise, and clients that read strictly ask for `encoding-type=url`.
    mutating func text(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): self.buffer.writeString("&amp;")
            case UInt8(ascii: "<"): self.buffer.writeString("&lt;")
            case UInt8(ascii: ">"): self.buffer.writeString("&gt;")
            case UInt8(ascii: "\""): self.buffer.writeString("&quot;")
            case 0..<0x20, 0x7F: self.buffer.writeString("&#\(byte);")
            default: self.buffer.writeInteger(byte)
            }
        }
    }

    mutating func element(_ name: String, _ text: String?) {
        if let text { self.element(name, text) }
    }

    mutating func element(_ name: String, _ number: some BinaryInteger) { self.element(name, "\(number)") }

    mutating func element(_ name: String, _ truth: Bool) { self.element(name, truth ? "true" : "false") }
}
