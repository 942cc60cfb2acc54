// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension CronExpression {
    /// - Throws: ``CronError`` with the first field that is wrong.
    init(_ text: String) throws(CronError) {
        let texts = text.split { $0 == " " || $0 == "\t" }.map { String($0) }
        guard texts.count == 6 || texts.count == 7 else {
            throw CronError(
                field: nil,
                reason: "there are six or seven fields (\(CronField.allCases.map(\.name).joined(separator: ", "))), "
                    + "not \(texts.count)"
            )
        }
        self.init()
        for (field, text) in zip(CronField.allCases, texts) {
            try CronFieldParser(field: field, text: text.uppercased()).read(into: &self)
        }
    }
}

/// Reads one field of a cron expression.
private struct CronFieldParser {
    let field: CronField
    /// In upper case.
    let text: String

    func read(into expression: inout CronExpression) throws(CronError) {
        switch self.field {
        case .seconds: _ = try self.values()
        case .minutes: expression.minutes = try self.values()
        case .hours: expression.hours = try self.values()
        case .dayOfMonth: expression.daysOfMonth = try self.daysOfMonth()
        case .month: expression.months = try self.values()
        case .dayOfWeek: expression.daysOfWeek = try self.daysOfWeek()
        case .year: expression.years = try self.values()
        }
    }

    private var items: [String] {
        self.text.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
    }

    private func values() throws(CronError) -> CronValues {
        var values = CronValues(self.field.range)
        for item in self.items { try self.read(item, into: &values) }
        return values
    }

    private func daysOfMonth() throws(CronError) -> DaysOfMonth {
        var days = DaysOfMonth()
        for item in try self.itemsOrEveryDay() {
            if item == "LW" {
                days.includesLastWeekday = true
            } else if item == "W" {
                days.includesWeekdays = true
            } else if item == "L" {
                days.beforeLast.insert(0)
            } else if item.hasPrefix("L-") {
                let offset = Int(digits: item.dropFirst(2))
                guard let offset, days.beforeLast.range.contains(offset) else {
                    throw self.error("'\(item)' is not L-0 to L-30")
                }
                days.beforeLast.insert(offset)
            } else if item.hasSuffix("W") {
                days.weekdaysNearest.insert(try self.value(item.dropLast()))
            } else {
                try self.read(item, into: &days.numbered)
            }
        }
        return days
    }

    private func daysOfWeek() throws(CronError) -> DaysOfWeek {
        var days = DaysOfWeek()
        for item in try self.itemsOrEveryDay() {
            if let mark = item.firstIndex(of: "#") {
                let week = Int(digits: item[item.index(after: mark)...])
                guard let week, DaysOfWeek.weeks.contains(week) else {
                    throw self.error("'\(item)' does not end in #1 to #5")
                }
                days.numbered[week - 1].insert(try self.value(item[..<mark]))
            } else if item == "L" {
                days.weekly.insert(7)
            } else if item.hasSuffix("L") {
                days.last.insert(try self.value(item.dropLast()))
            } else {
                try self.read(item, into: &days.weekly)
            }
        }
        return days
    }

    /// The items of a field in which `?` may stand for all.
    private func itemsOrEveryDay() throws(CronError) -> [String] { self.text == "?" ? ["*"] : self.items }

    /// Reads `*`, a value or a range, each of them with or without a step.
    private func read(_ item: String, into values: inout CronValues) throws(CronError) {
        let parts = item.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let bounds = parts[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let range = self.field.range
        var first = range.lowerBound
        var last = range.upperBound
        if parts[0] != "*" {
            first = try self.value(bounds[0])
            // A value with a step goes on to the end of the field.
            if bounds.count == 2 { last = try self.value(bounds[1]) } else if parts.count == 1 { last = first }
        }
        if last < first {
            guard self.field != .year else { throw self.error("'\(item)' ends before it starts") }
            last += range.count
        }
        for value in stride(from: first, through: last, by: try self.step(parts)) {
            values.insert((value - range.lowerBound) % range.count + range.lowerBound)
        }
    }

    private func step(_ parts: [Substring]) throws(CronError) -> Int {
        guard parts.count == 2 else { return 1 }
        guard let step = Int(digits: parts[1]), 1...self.field.range.count ~= step else {
            throw self.error("the step '\(parts[1])' is not in 1-\(self.field.range.count)")
        }
        return step
    }

    private func value(_ text: Substring) throws(CronError) -> Int {
        let range = self.field.range
        if let index = self.field.valueNames.firstIndex(of: String(text)) { return range.lowerBound + index }
        guard let value = Int(digits: text), range.contains(value) else {
            let names = self.field.valueNames
            let choices = names.isEmpty ? "" : " or \(names[0])-\(names[names.count - 1])"
            throw self.error("'\(text)' is not in \(range.lowerBound)-\(range.upperBound)\(choices)")
        }
        return value
    }

    private func error(_ reason: String) -> CronError { CronError(field: self.field, reason: reason) }
}

extension Int {
    /// A number of nothing but ASCII digits.
    fileprivate init?(digits: Substring) {
        guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        self.init(digits)
    }
}
