// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension ActionTypeProperty {
    /// Characters of a value that pollers may select jobs by. Source: AWS CodePipeline API Reference,
    /// ActionConfigurationProperty.
    public static let maximumQueryableLength = 20

    /// Characters of a value. Source: captured behaviour of the live service.
    public static let maximumValueLength = 50_000

    /// What a text breaks that is to be the property's value, such as `must be a number`; `nil` where it can be that.
    public func problem(of value: String) -> String? {
        if value.unicodeScalars.count > Self.maximumValueLength {
            return "must have at most \(Self.maximumValueLength) characters"
        }
        if self.isQueryable, !Self.isQueryable(value) {
            return "must have 1 to \(Self.maximumQueryableLength) characters of A-Z, a-z, 0-9, _ and -"
        }
        switch self.valueType {
        case .number where !Self.isNumber(value): return "must be a number"
        case .boolean where !Self.isBoolean(value): return "must be true or false"
        case .number, .boolean, .string, nil: return nil
        }
    }

    private static func isQueryable(_ value: String) -> Bool {
        1...Self.maximumQueryableLength ~= value.utf8.count
            && value.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                case _: false
                }
            }
    }

    /// An optional sign, digits, and optionally a point and more digits.
    private static func isNumber(_ value: String) -> Bool {
        let isSigned = value.first.map { "+-".contains($0) } ?? false
        let parts = value.dropFirst(isSigned ? 1 : 0).split(
            separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.allSatisfy { part in !part.isEmpty && part.utf8.allSatisfy { 0x30...0x39 ~= $0 } }
    }

    private static func isBoolean(_ value: String) -> Bool { ["true", "false"].contains(value.lowercased()) }
}
