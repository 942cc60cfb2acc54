// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// The name of an object in its bucket: bytes, compared as bytes.
///
/// Not a `String`: Swift holds canonically equivalent texts for equal, object storage does not. A key is data and never
/// a path, so `../`, NUL and the rest mean nothing here. Databases keep it as a byte string, since some refuse NUL in text.
package struct ObjectKey: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var bytes: [UInt8]

    /// Source: Amazon S3 User Guide, Naming Amazon S3 objects.
    package static let maximumSizeBytes = 1024

    package init(bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    package init(_ text: some StringProtocol) { self.bytes = Array(text.utf8) }

    /// The least key there is, where listings start.
    package static let first = Self(bytes: [])

    /// The key as text. Keys are checked to be UTF-8 where they enter; a bound of a listing may not be.
    package var description: String { String(decoding: self.bytes, as: UTF8.self) }

    package func hasPrefix(_ prefix: Self) -> Bool { self.bytes.starts(with: prefix.bytes) }

    /// The least key greater than this one: the place to go on after it.
    package var successor: Self { Self(bytes: self.bytes + [0]) }

    /// The least key greater than every key that starts with this one; `nil` when there is none (the empty prefix, and
    /// such as consist of `0xFF` alone). `[prefix, bound)` is the range of an index that holds a prefix.
    package var endOfPrefix: Self? {
        guard let last = self.bytes.lastIndex(where: { $0 != 0xFF }) else { return nil }
        var bytes = Array(self.bytes[...last])
        bytes[last] += 1
        return Self(bytes: bytes)
    }

    package static func < (left: Self, right: Self) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}
