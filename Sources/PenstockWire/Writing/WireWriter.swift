// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Writes compact JSON into a growing buffer of bytes.
///
/// Members appear in the order in which they are written, the entries of maps in the order of their keys, so equal
/// values make equal bytes. Text goes out as UTF-8; only what JSON demands is escaped.
public struct WireWriter: ~Copyable {
    private var buffer: GrowingBytes
    private var needsComma = false

    /// Creates an empty writer.
    ///
    /// - Parameter capacity: How many bytes to set aside at first.
    public init(capacity: Int = 512) {
        self.buffer = GrowingBytes(capacity: capacity)
    }

    /// What has been written so far, copied.
    public var bytes: [UInt8] { self.buffer.array }

    /// Writes a value as a whole document.
    public static func write(_ value: some WireEncodable, capacity: Int = 512) -> [UInt8] {
        var writer = WireWriter(capacity: capacity)
        value.encode(to: &writer)
        return writer.bytes
    }

    // MARK: Objects

    /// Begins an object, as a document, an element or a member's value.
    public mutating func beginObject() {
        self.begin(UInt8(ascii: "{"))
    }

    /// Ends the innermost object.
    public mutating func endObject() {
        self.end(UInt8(ascii: "}"))
    }

    /// Writes a text.
    public mutating func member(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        self.key(name)
        self.string(value)
    }

    /// Writes a secret; this is the one place where it leaves its wrapper by itself.
    public mutating func member(_ name: StaticString, _ value: Sensitive?) {
        self.member(name, value?.exposed)
    }

    /// Writes an integer.
    public mutating func member(_ name: StaticString, _ value: Int?) {
        guard let value else { return }
        self.key(name)
        self.integer(Int64(value))
    }

    /// Writes a binary fraction; one that is not finite, for which JSON has no form, is left out.
    public mutating func member(_ name: StaticString, _ value: Double?) {
        guard let value, value.isFinite else { return }
        self.key(name)
        self.buffer.append(value.description)
        self.needsComma = true
    }

    /// Writes `true` or `false`.
    public mutating func member(_ name: StaticString, _ value: Bool?) {
        guard let value else { return }
        self.key(name)
        self.buffer.append(value ? "true" as StaticString : "false")
        self.needsComma = true
    }

    /// Writes a moment as seconds since 1970.
    public mutating func member(_ name: StaticString, _ value: WireTimestamp?) {
        guard let value else { return }
        self.key(name)
        value.write(to: &self.buffer)
        self.needsComma = true
    }

    /// Writes one of a set of values.
    public mutating func member(_ name: StaticString, _ value: (some WireEnumeration)?) {
        self.member(name, value?.rawValue)
    }

    /// Writes a structure.
    public mutating func member(_ name: StaticString, _ value: (some WireEncodable)?) {
        guard let value else { return }
        self.key(name)
        value.encode(to: &self)
    }

    /// Writes a list of structures.
    public mutating func member(_ name: StaticString, _ values: [some WireEncodable]?) {
        self.list(name, values) { $0.encode(to: &$1) }
    }

    /// Writes a list of texts.
    public mutating func member(_ name: StaticString, _ values: [String]?) {
        self.list(name, values) { $1.string($0) }
    }

    /// Writes a list of values out of a set.
    public mutating func member(_ name: StaticString, _ values: [some WireEnumeration]?) {
        self.list(name, values) { $1.string($0.rawValue) }
    }

    /// Writes a map of texts.
    public mutating func member(_ name: StaticString, _ map: [String: String]?) {
        self.map(name, map) { $1.string($0) }
    }

    /// Writes a map of structures.
    public mutating func member(_ name: StaticString, _ map: [String: some WireEncodable]?) {
        self.map(name, map) { $0.encode(to: &$1) }
    }

    /// Writes a value that is JSON already, as it stands.
    package mutating func member(_ name: StaticString, json: [UInt8]) {
        self.key(name)
        self.buffer.append(json)
        self.needsComma = true
    }

    // MARK: Parts

    private mutating func list<Element>(
        _ name: StaticString, _ values: [Element]?, _ write: (Element, inout WireWriter) -> Void
    ) {
        guard let values else { return }
        self.key(name)
        self.begin(UInt8(ascii: "["))
        for value in values {
            write(value, &self)
        }
        self.end(UInt8(ascii: "]"))
    }

    private mutating func map<Value>(
        _ name: StaticString, _ map: [String: Value]?, _ write: (Value, inout WireWriter) -> Void
    ) {
        guard let map else { return }
        self.key(name)
        self.beginObject()
        for (key, value) in map.sorted(by: { $0.key < $1.key }) {
            self.string(key)
            self.buffer.append(UInt8(ascii: ":"))
            self.needsComma = false
            write(value, &self)
        }
        self.endObject()
    }

    private mutating func begin(_ bracket: UInt8) {
        self.separate()
        self.buffer.append(bracket)
        self.needsComma = false
    }

    private mutating func end(_ bracket: UInt8) {
        self.buffer.append(bracket)
        self.needsComma = true
    }

    private mutating func separate() {
        if self.needsComma {
            self.buffer.append(UInt8(ascii: ","))
        }
    }

    private mutating func key(_ name: StaticString) {
        self.separate()
        self.buffer.append(UInt8(ascii: "\""))
        self.buffer.append(name)
        self.buffer.append(UInt8(ascii: "\""))
        self.buffer.append(UInt8(ascii: ":"))
        self.needsComma = false
    }

    private mutating func integer(_ value: Int64) {
        self.buffer.append(decimal: value)
        self.needsComma = true
    }

    private mutating func string(_ text: String) {
        self.separate()
        self.buffer.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { self.escape($0) }
        self.buffer.append(UInt8(ascii: "\""))
        self.needsComma = true
    }

    /// Copies runs of plain characters at once.
    private mutating func escape(_ utf8: UnsafeBufferPointer<UInt8>) {
        var plain = 0
        for (index, byte) in utf8.enumerated()
        where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
            self.buffer.append(UnsafeBufferPointer(rebasing: utf8[plain..<index]))
            self.escape(byte)
            plain = index + 1
        }
        self.buffer.append(UnsafeBufferPointer(rebasing: utf8[plain...]))
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): self.buffer.append("\\\"" as StaticString)
        case UInt8(ascii: "\\"): self.buffer.append("\\\\" as StaticString)
        case 0x0A: self.buffer.append("\\n" as StaticString)
        case 0x0D: self.buffer.append("\\r" as StaticString)
        case 0x09: self.buffer.append("\\t" as StaticString)
        default:
            self.buffer.append("\\u00" as StaticString)
            self.buffer.append([byte >> 4, byte & 0xF].map { $0 + ($0 < 10 ? 0x30 : 0x57) })
        }
    }
}
