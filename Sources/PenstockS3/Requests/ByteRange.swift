// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// The `Range` header of a request for bytes.
enum ByteRange: Sendable, Hashable {
    case from(Int64, through: Int64?)
    case last(Int64)

    /// Reads `bytes=…`. `nil` for several ranges and for what cannot be read: both mean the whole object.
    ///
    /// Source: RFC 9110, section 14.2; Amazon S3 API Reference, GetObject.
    init?(_ header: String) {
        let unit = "bytes="
        guard header.hasPrefix(unit) else { return nil }
        let bounds = header.dropFirst(unit.count).split(separator: "-", omittingEmptySubsequences: false)
        guard bounds.count == 2 else { return nil }
        let (first, last) = (Self.number(bounds[0]), Self.number(bounds[1]))
        switch (first, last) {
        case (let first?, let last?) where first <= last: self = .from(first, through: last)
        case (let first?, nil) where bounds[1].isEmpty: self = .from(first, through: nil)
        case (nil, let last?) where bounds[0].isEmpty: self = .last(last)
        default: return nil
        }
    }

    /// The bytes of an object of this size; `nil` when there are none.
    func resolved(sizeBytes: Int64) -> Range<Int64>? {
        switch self {
        case .from(let first, let last):
            guard first < sizeBytes else { return nil }
            return first..<min(last ?? .max - 1, sizeBytes - 1) + 1
        case .last(let count):
            guard count > 0, sizeBytes > 0 else { return nil }
            return max(0, sizeBytes - count)..<sizeBytes
        }
    }

    private static func number(_ digits: Substring) -> Int64? {
        guard !digits.isEmpty, digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        // A bound beyond every object is as good as the greatest.
        return Int64(digits) ?? .max - 1
    }
}
