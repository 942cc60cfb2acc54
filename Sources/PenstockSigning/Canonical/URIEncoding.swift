// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// How a service turns a request's path into its canonical form.
package enum PathRule: Sendable, Hashable, CaseIterable {
    /// Dot segments and doubled slashes are removed, and what was sent is encoded once more. All services but S3.
    case normalized
    /// Each byte stays where it is: `.` and `//` may be part of an object's key. S3.
    case verbatim
}

/// Percent encoding as Signature Version 4 wants it: upper-case hex, and only RFC 3986's unreserved characters bare.
package enum URIEncoding {
    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// Encodes bytes, leaving `/` bare when it separates segments.
    package static func encode(_ bytes: some Sequence<UInt8>, keepingSlashes: Bool) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.underestimatedCount + 16)
        for byte in bytes {
            if Self.isUnreserved(byte) || (keepingSlashes && byte == UInt8(ascii: "/")) {
                output.append(byte)
            } else {
                output.append(UInt8(ascii: "%"))
                output.append(Self.digits[Int(byte >> 4)])
                output.append(Self.digits[Int(byte & 0x0f)])
            }
        }
        return output
    }

    /// Decodes escapes; a `%` without two digits after it stands for itself.
    package static func decode(_ text: some Collection<UInt8>) -> [UInt8] {
        let input = Array(text)
        guard input.contains(UInt8(ascii: "%")) else { return input }
        var output: [UInt8] = []
        output.reserveCapacity(input.count)
        var index = 0
        while index < input.count {
            if input[index] == UInt8(ascii: "%"), index + 2 < input.count,
                let high = Hex.value(of: input[index + 1]), let low = Hex.value(of: input[index + 2])
            {
                output.append(high << 4 | low)
                index += 3
            } else {
                output.append(input[index])
                index += 1
            }
        }
        return output
    }

    /// The canonical spellings of a path, the standard one first.
    ///
    /// An S3 path is compared decoded and encoded afresh, and also as sent: signers that take the bytes of the request
    /// line as they are do not agree with the standard when they leave, say, a parenthesis bare.
    static func canonicalPaths(_ path: String, rule: PathRule) -> [[UInt8]] {
        let sent = path.isEmpty ? [UInt8(ascii: "/")] : Array(path.utf8)
        if sent == [UInt8(ascii: "/")] { return [sent] }
        switch rule {
        case .normalized:
            return [Self.encode(Self.removingDotSegments(sent), keepingSlashes: true)]
        case .verbatim:
            let standard = Self.encode(Self.decode(sent), keepingSlashes: true)
            return standard == sent ? [standard] : [standard, sent]
        }
    }

    /// A path without empty and `.` segments, `..` taking back the segment before it; a final slash stays.
    private static func removingDotSegments(_ path: [UInt8]) -> [UInt8] {
        let dot = UInt8(ascii: ".")
        let slash = UInt8(ascii: "/")
        let segments = path.split(separator: slash, omittingEmptySubsequences: false)
        var kept: [ArraySlice<UInt8>] = []
        for segment in segments where !segment.isEmpty && !segment.elementsEqual([dot]) {
            if segment.elementsEqual([dot, dot]) {
                _ = kept.popLast()
            } else {
                kept.append(segment)
            }
        }
        var output: [UInt8] = []
        output.reserveCapacity(path.count)
        for segment in kept {
            output.append(slash)
            output.append(contentsOf: segment)
        }
        if output.isEmpty || path.last == slash { output.append(slash) }
        return output
    }
}
