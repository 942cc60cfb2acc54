// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// An IP address with a prefix length, of either family.
///
/// IPv4 addresses are kept as the IPv6 addresses that embed them, so that a peer seen through a dual-stack socket is
/// the same peer.
struct AddressRange: Sendable, Hashable {
    private let high: UInt64
    private let low: UInt64
    private let prefixLength: Int

    /// Parses `192.0.2.0/24`, `2001:db8::/32` or a single address; `nil` for anything else.
    init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first else { return nil }
        let isIPv4 = !first.contains(":")
        let words: [UInt16]? = isIPv4 ? Self.ipv4(first).map { [0, 0, 0, 0, 0, 0xFFFF] + $0 } : Self.ipv6(first)
        guard let words else { return nil }
        let width = isIPv4 ? 32 : 128
        let length = parts.count == 2 ? Int(parts[1]) : width
        guard let length, 0...width ~= length else { return nil }
        self.high = words[..<4].reduce(0) { $0 << 16 | UInt64($1) }
        self.low = words[4...].reduce(0) { $0 << 16 | UInt64($1) }
        self.prefixLength = 128 - width + length
    }

    /// Whether the address lies in this range.
    func contains(_ address: Self) -> Bool {
        let highMask: UInt64 = self.prefixLength >= 64 ? .max : ~(UInt64.max >> UInt64(self.prefixLength))
        let lowMask: UInt64 = self.prefixLength <= 64 ? 0 : ~(UInt64.max >> UInt64(self.prefixLength - 64))
        return address.prefixLength >= self.prefixLength
            && (self.high ^ address.high) & highMask == 0
            && (self.low ^ address.low) & lowMask == 0
    }

    private static func ipv4(_ text: Substring) -> [UInt16]? {
        let octets = text.split(separator: ".", omittingEmptySubsequences: false).compactMap { UInt8($0) }
        guard octets.count == 4, text.utf8.allSatisfy({ $0 == 0x2E || 0x30...0x39 ~= $0 }) else { return nil }
        return [UInt16(octets[0]) << 8 | UInt16(octets[1]), UInt16(octets[2]) << 8 | UInt16(octets[3])]
    }

    private static func ipv6(_ text: Substring) -> [UInt16]? {
        if let gap = text.range(ofFirst: "::") {
            guard let head = self.groups(text[..<gap.lowerBound]), let tail = self.groups(text[gap.upperBound...]),
                head.count + tail.count <= 7
            else { return nil }
            return head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail
        }
        guard let groups = self.groups(text), groups.count == 8 else { return nil }
        return groups
    }

    /// Groups between colons; the last may be an IPv4 address, which counts as two.
    private static func groups(_ text: Substring) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, part.contains(".") {
                guard let embedded = self.ipv4(part) else { return nil }
                groups += embedded
            } else {
                guard 1...4 ~= part.utf8.count, part.utf8.first != 0x2B, let group = UInt16(part, radix: 16) else {
                    return nil
                }
                groups.append(group)
            }
        }
        return groups
    }
}

extension Substring {
    fileprivate func range(ofFirst pair: String) -> Range<Index>? {
        var index = self.startIndex
        while index < self.endIndex {
            if self[index...].hasPrefix(pair) { return index..<self.index(index, offsetBy: pair.count) }
            index = self.index(after: index)
        }
        return nil
    }
}
