// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

/// A length of time as people write it: `7d`, `90m`, `1h30m`.
struct TimeSpan: ExpressibleByArgument, Sendable, Hashable {
    let seconds: Int

    /// From the longest to the shortest, which is the order in which they are written.
    private static let units: [(name: Character, seconds: Int)] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)]

    init(seconds: Int) { self.seconds = seconds }

    /// - Parameter duration: Of whole seconds.
    init(_ duration: Duration) { self.seconds = Int(duration.components.seconds) }

    var duration: Duration { .seconds(self.seconds) }

    /// - Throws: An error that names the option and its bounds when the length is beyond them.
    func check(_ bounds: ClosedRange<Duration>, of option: String) throws {
        guard !bounds.contains(self.duration) else { return }
        throw ValidationError(
            "\(option) must be from \(Self(bounds.lowerBound).text) to \(Self(bounds.upperBound).text).")
    }

    var defaultValueDescription: String { self.text }

    /// As people write it.
    var text: String {
        var rest = self.seconds
        let text = Self.units.map { unit -> String in
            defer { rest %= unit.seconds }
            return rest >= unit.seconds ? "\(rest / unit.seconds)\(unit.name)" : ""
        }.joined()
        return text.isEmpty ? "0s" : text
    }

    /// Parses whole numbers, each with its unit, each unit once at most; `nil` for everything else.
    init?(argument: String) {
        var rest = argument[...]
        var sum = 0
        for unit in Self.units {
            let digits = rest.prefix { ("0"..."9").contains($0) }
            guard rest.dropFirst(digits.count).first == unit.name else { continue }
            guard let count = Int(digits) else { return nil }
            let (product, overflow) = count.multipliedReportingOverflow(by: unit.seconds)
            let (next, carried) = sum.addingReportingOverflow(product)
            guard !overflow, !carried else { return nil }
            sum = next
            rest = rest.dropFirst(digits.count + 1)
        }
        guard rest.isEmpty, !argument.isEmpty else { return nil }
        self.seconds = sum
    }
}
