// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// A place of a cron expression. Ranges: AWS CodePipeline User Guide, DeploymentWindow rule.
enum CronField: Int, Sendable, Hashable, CaseIterable {
    case seconds, minutes, hours, dayOfMonth, month, dayOfWeek, year

    var name: String {
        switch self {
        case .seconds: "seconds"
        case .minutes: "minutes"
        case .hours: "hours"
        case .dayOfMonth: "day-of-month"
        case .month: "month"
        case .dayOfWeek: "day-of-week"
        case .year: "year"
        }
    }

    var range: ClosedRange<Int> {
        switch self {
        case .seconds, .minutes: 0...59
        case .hours: 0...23
        case .dayOfMonth: 1...31
        case .month: 1...12
        case .dayOfWeek: 1...7
        case .year: 1970...2199
        }
    }

    /// In upper case, for the values from the first of the range on.
    var valueNames: [String] {
        switch self {
        case .month: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
        case .dayOfWeek: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
        case .seconds, .minutes, .hours, .dayOfMonth, .year: []
        }
    }
}

/// Some values of a range.
struct CronValues: Sendable, Hashable {
    let range: ClosedRange<Int>
    private var isIncluded: [Bool]

    init(_ range: ClosedRange<Int>, isFull: Bool = false) {
        self.range = range
        self.isIncluded = Array(repeating: isFull, count: range.count)
    }

    /// - Parameter value: Of the range.
    mutating func insert(_ value: Int) { self.isIncluded[value - self.range.lowerBound] = true }

    func contains(_ value: Int) -> Bool {
        self.range.contains(value) && self.isIncluded[value - self.range.lowerBound]
    }

    /// The lowest value that is no lower than this.
    func first(from value: Int) -> Int? {
        let start = max(value, self.range.lowerBound)
        guard start <= self.range.upperBound else { return nil }
        return (start...self.range.upperBound).first { self.contains($0) }
    }

    var count: Int { self.isIncluded.count { $0 } }
}

/// What is wrong with a cron expression, and in which field.
struct CronError: Error, Hashable, CustomStringConvertible {
    /// `nil` when it is about the expression as a whole.
    let field: CronField?
    let reason: String

    var description: String {
        self.field.map { "the \($0.name) field is wrong: \(self.reason)" } ?? self.reason
    }
}
