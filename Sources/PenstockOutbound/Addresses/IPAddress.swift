// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// An address of version 4 or 6, as bytes: whatever was written, this is where a connection goes.
package struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// Four or sixteen.
    package let bytes: [UInt8]

    /// `nil` for any other number of bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// What other programs read too: dotted decimals, or groups in hexadecimal, none of them left out.
    package var description: String {
        guard self.bytes.count == 16 else { return self.bytes.map { String($0) }.joined(separator: ".") }
        return stride(from: 0, to: 16, by: 2)
            .map { String(UInt16(self.bytes[$0]) << 8 | UInt16(self.bytes[$0 + 1]), radix: 16) }
            .joined(separator: ":")
    }

    /// What the address is, if it is not one of the public internet; `nil` if it is.
    ///
    /// An address of version 6 that stands for one of version 4 is what that one is.
    ///
    /// Source: IANA IPv4 and IPv6 Special-Purpose Address Registries; RFC 6052, RFC 3056, RFC 5214 for what is embedded.
    package var specialPurpose: String? {
        if let embedded = self.embedded { return embedded.specialPurpose }
        let ranges = self.bytes.count == 4 ? Self.version4 : Self.version6
        if let range = ranges.first(where: { $0.contains(self.bytes) }) { return range.name }
        // Nothing else of version 6 has been given out.
        return self.bytes.count == 16 && !Self.globalUnicast.contains(self.bytes) ? "reserved" : nil
    }

    /// The address of version 4 that a network may take this one for.
    private var embedded: IPAddress? {
        guard self.bytes.count == 16 else { return nil }
        let mapped = Range("::ffff:0:0", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], 96)
        let translated = Range("64:ff9b::", [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0], 96)
        let relayed = Range("2002::", [0x20, 0x02], 16)
        if mapped.contains(self.bytes) || translated.contains(self.bytes) || self.isTunnelEnd {
            return IPAddress(bytes: Array(self.bytes[12...]))
        }
        return relayed.contains(self.bytes) ? IPAddress(bytes: Array(self.bytes[2..<6])) : nil
    }

    /// Whether it is the end of an ISATAP tunnel.
    private var isTunnelEnd: Bool {
        (self.bytes[8] & 0xFD) == 0 && self.bytes[9] == 0 && self.bytes[10] == 0x5E && self.bytes[11] == 0xFE
    }

    /// Addresses that begin with the same bits.
    private struct Range {
        let name: String
        let prefix: [UInt8]
        let length: Int

        init(_ name: String, _ prefix: [UInt8], _ length: Int) {
            self.name = name
            self.prefix = prefix
            self.length = length
        }

        func contains(_ bytes: [UInt8]) -> Bool {
            for (index, byte) in self.prefix.enumerated() {
                let bits = min(8, max(0, self.length - index * 8))
                let mask = bits == 8 ? 0xFF : ~(UInt8(0xFF) >> UInt8(bits))
                if (bytes[index] ^ byte) & mask != 0 { return false }
            }
            return true
        }
    }

    private static let globalUnicast = Range("global", [0x20], 3)

    private static let version4 = [
        Range("this network", [0], 8),
        Range("private", [10], 8),
        Range("shared by a provider", [100, 64], 10),
        Range("loopback", [127], 8),
        Range("link-local", [169, 254], 16),
        Range("private", [172, 16], 12),
        Range("reserved for protocols", [192, 0, 0], 24),
        Range("for documentation", [192, 0, 2], 24),
        Range("a relay", [192, 88, 99], 24),
        Range("private", [192, 168], 16),
        Range("for benchmarks", [198, 18], 15),
        Range("for documentation", [198, 51, 100], 24),
        Range("for documentation", [203, 0, 113], 24),
        Range("multicast", [224], 4),
        Range("reserved", [240], 4),
    ]

    private static let version6 = [
        Range("unspecified", [UInt8](repeating: 0, count: 16), 128),
        Range("loopback", [UInt8](repeating: 0, count: 15) + [1], 128),
        Range("reserved for protocols", [0x20, 0x01, 0x00], 23),
        Range("for documentation", [0x20, 0x01, 0x0D, 0xB8], 32),
        Range("for documentation", [0x3F, 0xFF, 0x00], 20),
        Range("private", [0xFC], 7),
        Range("link-local", [0xFE, 0x80], 10),
        Range("private", [0xFE, 0xC0], 10),
        Range("multicast", [0xFF], 8),
    ]
}
