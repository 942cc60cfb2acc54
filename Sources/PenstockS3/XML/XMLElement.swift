// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// An element of a request's document.
///
/// S3's requests are small trees of elements and text, so this reads just that and refuses document types, through
/// which documents could reach out or grow. Text is kept to the byte: a key may begin with a blank.
struct XMLElement: Sendable, Hashable {
    /// Without a namespace's prefix.
    var name: String
    /// All text directly in the element, references resolved.
    var text = ""
    var children: [XMLElement] = []

    static let maximumDepth = 16

    /// The first child of this name.
    subscript(name: String) -> XMLElement? { self.children.first { $0.name == name } }

    func all(_ name: String) -> [XMLElement] { self.children.filter { $0.name == name } }

    /// Reads the root of a document.
    ///
    /// - Throws: ``S3Error`` with `MalformedXML`.
    init(document: [UInt8]) throws {
        guard let text = String(validating: document, as: UTF8.self) else { throw S3Error.malformedXML }
        var reader = Reader(Array(text.utf8))
        try reader.skipMisc()
        self = try reader.element(depth: 1)
        try reader.skipMisc()
        guard reader.isAtEnd else { throw S3Error.malformedXML }
    }

    fileprivate init(name: String) { self.name = name }
}

private struct Reader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        if bytes.starts(with: mark) { self.position = mark.count }
    }

    var isAtEnd: Bool { self.position == self.bytes.count }

    private func isNext(_ text: StaticString) -> Bool {
        self.bytes[self.position...].starts(
            with: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func take(_ text: StaticString) -> Bool {
        guard self.isNext(text) else { return false }
        self.position += text.utf8CodeUnitCount
        return true
    }

    private mutating func skipBlanks() {
        while self.position < self.bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(self.bytes[self.position]) {
            self.position += 1
        }
    }

    /// Returns what precedes the mark, and moves behind it.
    private mutating func text(until mark: StaticString) throws -> ArraySlice<UInt8> {
        let start = self.position
        while self.position < self.bytes.count {
            let end = self.position
            if self.take(mark) { return self.bytes[start..<end] }
            self.position += 1
        }
        throw S3Error.malformedXML
    }

    /// Blanks, comments and instructions, around the root.
    mutating func skipMisc() throws {
        while true {
            self.skipBlanks()
            if self.take("<!--") {
                _ = try self.text(until: "-->")
            } else if self.take("<?") {
                _ = try self.text(until: "?>")
            } else {
                return
            }
        }
    }

    mutating func element(depth: Int) throws -> XMLElement {
        guard depth <= XMLElement.maximumDepth, self.take("<") else { throw S3Error.malformedXML }
        let fullName = try self.name()
        var element = XMLElement(name: Self.local(fullName))
        if try self.skipAttributes() { return element }
        var text: [UInt8] = []
        while true {
            if self.take("</") {
                guard try self.name() == fullName else { throw S3Error.malformedXML }
                self.skipBlanks()
                guard self.take(">") else { throw S3Error.malformedXML }
                element.text = String(decoding: text, as: UTF8.self)
                return element
            } else if self.take("<!--") {
                _ = try self.text(until: "-->")
            } else if self.take("<![CDATA[") {
                text += try self.text(until: "]]>")
            } else if self.isNext("<") {
                element.children.append(try self.element(depth: depth + 1))
            } else if self.take("&") {
                text += try self.reference()
            } else if self.position < self.bytes.count {
                text.append(self.bytes[self.position])
                self.position += 1
            } else {
                throw S3Error.malformedXML
            }
        }
    }

    private mutating func name() throws -> ArraySlice<UInt8> {
        let start = self.position
        while self.position < self.bytes.count, Self.isNameByte(self.bytes[self.position]) { self.position += 1 }
        guard start < self.position else { throw S3Error.malformedXML }
        return self.bytes[start..<self.position]
    }

    /// Attributes are namespaces and schema hints here.
    ///
    /// - Returns: Whether the element ends with its tag.
    private mutating func skipAttributes() throws -> Bool {
        while true {
            self.skipBlanks()
            if self.take("/>") { return true }
            if self.take(">") { return false }
            _ = try self.name()
            self.skipBlanks()
            guard self.take("=") else { throw S3Error.malformedXML }
            self.skipBlanks()
            if self.take("\"") {
                _ = try self.text(until: "\"")
            } else if self.take("'") {
                _ = try self.text(until: "'")
            } else {
                throw S3Error.malformedXML
            }
        }
    }

    private mutating func reference() throws -> [UInt8] {
        let name = String(decoding: try self.text(until: ";"), as: UTF8.self)
        switch name {
        case "amp": return [0x26]
        case "lt": return [0x3C]
        case "gt": return [0x3E]
        case "quot": return [0x22]
        case "apos": return [0x27]
        default: break
        }
        let number: UInt32?
        if name.hasPrefix("#x") {
            number = UInt32(name.dropFirst(2), radix: 16)
        } else {
            number = name.hasPrefix("#") ? UInt32(name.dropFirst()) : nil
        }
        guard let number, let scalar = Unicode.Scalar(number) else { throw S3Error.malformedXML }
        return Array(String(Character(scalar)).utf8)
    }

    private static func local(_ name: ArraySlice<UInt8>) -> String {
        String(decoding: name.split(separator: UInt8(ascii: ":")).last ?? name, as: UTF8.self)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x3A, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x80...: true
        default: false
        }
    }
}
