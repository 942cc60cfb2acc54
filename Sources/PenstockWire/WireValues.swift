// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// What can be read from the wire as a JSON object.
public protocol WireDecodable {
    /// Reads the value from the object that is next.
    ///
    /// - Returns: `nil` when it cannot be built, in which case the reader has recorded why.
    init?(from reader: inout WireReader) throws(WireError)
}

/// What can be written to the wire as a JSON object.
public protocol WireEncodable {
    /// Writes the value as one object; members that are `nil` are left out.
    func encode(to writer: inout WireWriter)
}

/// A structure of the API.
public typealias WireStructure = WireDecodable & WireEncodable & Sendable & Hashable

/// A string that the service description restricts to a set of values.
///
/// It is not an enum, so that a client built today can carry a value that a service learns tomorrow. A service checks
/// membership when it reads a request.
public protocol WireEnumeration: RawRepresentable, Sendable, Hashable, CustomStringConvertible
where RawValue == String {
    /// The values of the description, in its order.
    static var allKnown: [Self] { get }

    /// Wraps any text.
    init(rawValue: String)
}

extension WireEnumeration {
    /// The wire's spelling.
    public var description: String {
        self.rawValue
    }
}

/// A moment as the wire has it: seconds since 1970-01-01 UTC with up to three fractional digits.
public struct WireTimestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Negative before 1970.
    public let millisecondsSinceEpoch: Int64

    /// Wraps a moment of the years 1 to 9999, which is what clients can hold; `nil` for others.
    public init?(millisecondsSinceEpoch: Int64) {
        guard (-62_135_596_800_000...253_402_300_799_999).contains(millisecondsSinceEpoch) else {
            return nil
        }
        self.millisecondsSinceEpoch = millisecondsSinceEpoch
    }

    /// Wraps the moment nearest to the given one within the years 1 to 9999.
    public init(clampingMilliseconds milliseconds: Int64) {
        self.millisecondsSinceEpoch = min(max(milliseconds, -62_135_596_800_000), 253_402_300_799_999)
    }

    /// Orders moments by time.
    public static func < (left: WireTimestamp, right: WireTimestamp) -> Bool {
        left.millisecondsSinceEpoch < right.millisecondsSinceEpoch
    }

    /// The wire's form, such as `1446137312.204`.
    public var description: String {
        var bytes = GrowingBytes(capacity: 24)
        self.write(to: &bytes)
        return String(decoding: bytes.array, as: UTF8.self)
    }

    /// Appends the wire's form: the fraction without zeros at its end, and no fraction of nothing.
    func write(to bytes: inout GrowingBytes) {
        let (seconds, rest) = self.millisecondsSinceEpoch.magnitude.quotientAndRemainder(dividingBy: 1000)
        if self.millisecondsSinceEpoch < 0 { bytes.append(UInt8(ascii: "-")) }
        bytes.append(decimal: seconds)
        guard rest != 0 else { return }
        bytes.append(UInt8(ascii: "."))
        bytes.append(digit: rest / 100)
        if rest % 100 != 0 { bytes.append(digit: rest / 10 % 10) }
        if rest % 10 != 0 { bytes.append(digit: rest % 10) }
    }
}

/// A string that must not show up in logs, errors or debuggers.
public struct Sensitive: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible,
    CustomDebugStringConvertible, CustomReflectable
{
    /// The string itself; whoever asks for it answers for where it goes.
    public let exposed: String

    /// Wraps a secret.
    public init(_ exposed: String) {
        self.exposed = exposed
    }

    /// Wraps a literal, which is of use in tests.
    public init(stringLiteral value: String) {
        self.init(value)
    }

    /// Always `****`.
    public var description: String { "****" }

    /// Always `****`.
    public var debugDescription: String { "****" }

    /// Without children, so that dumps do not show the secret either.
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// The same keys with values that redact themselves, for the mirrors of structures that hold configurations.
    static func redacting(_ map: [String: String]?) -> [String: Sensitive]? {
        map?.mapValues(Sensitive.init(_:))
    }
}

/// The output of an operation that has none: its body is empty rather than `{}`.
public struct NoOutput: WireStructure {
    /// Creates the only value there is.
    public init() {}

    /// Accepts any object, since a client has to accept `{}` as well as nothing.
    public init?(from reader: inout WireReader) throws(WireError) {
        var object = try reader.beginObject(WireMembers([]))
        while try reader.nextMember(in: &object) != nil {}
    }

    /// Writes `{}`, for the places where an object is unavoidable.
    public func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.endObject()
    }
}
