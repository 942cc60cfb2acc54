// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PenstockRuntime

@Suite struct CronExpressionTests {
    @Test(arguments: [
        ("0", [0]), ("59", [59]), ("00", [0]), ("5,3,5", [3, 5]), ("10-13", [10, 11, 12, 13]), ("7-7", [7]),
        ("58-1", [0, 1, 58, 59]), ("5/15", [5, 20, 35, 50]), ("*/20", [0, 20, 40]), ("50/60", [50]),
        ("10-20/5", [10, 15, 20]), ("50-10/7", [4, 50, 57]), ("0,30-32,*/25", [0, 25, 30, 31, 32, 50]),
    ])
    func `Minutes are values, lists, ranges and steps`(_ field: String, _ minutes: [Int]) throws {
        let cron = try CronExpression("0 \(field) * * * ?")
        #expect((0...59).filter { cron.minutes.contains($0) } == minutes)
    }

    @Test(arguments: [
        ("0", [0]), ("22-2", [0, 1, 2, 22, 23]), ("22-4/3", [1, 4, 22]), ("9-17/4", [9, 13, 17]), ("20/2", [20, 22]),
    ])
    func `Hours are so too`(_ field: String, _ hours: [Int]) throws {
        let cron = try CronExpression("0 0 \(field) * * ?")
        #expect((0...23).filter { cron.hours.contains($0) } == hours)
    }

    @Test(arguments: [
        ("*", Array(1...12)), ("JAN", [1]), ("dec", [12]), ("Nov-Feb", [1, 2, 11, 12]), ("1/4", [1, 5, 9]),
        ("MAR/6", [3, 9]), ("JUN-8,2", [2, 6, 7, 8]),
    ])
    func `Months have numbers and names, in any case`(_ field: String, _ months: [Int]) throws {
        let cron = try CronExpression("0 0 0 * \(field) ?")
        #expect((1...12).filter { cron.months.contains($0) } == months)
    }

    @Test(arguments: [
        ("*", [1970, 2026, 2199]), ("2026", [2026]), ("2025-2027", [2026]), ("1970/56", [1970, 2026]),
        ("2199,1970", [1970, 2199]), ("2024/2", [2026]),
    ])
    func `Years go from 1970 to 2199`(_ field: String, _ years: [Int]) throws {
        let cron = try CronExpression("0 0 0 * * ? \(field)")
        #expect([1970, 2026, 2199].filter { cron.years.contains($0) } == years)
    }

    // In March 2026 the first is a Sunday and the last, the 31st, a Tuesday.
    @Test(arguments: [
        ("?", Array(1...31)), ("*", Array(1...31)), ("15", [15]), ("30-2", [1, 2, 30, 31]), ("20/5", [20, 25, 30]),
        ("L", [31]), ("L-0", [31]), ("L-3", [28]), ("l-30", [1]), ("LW", [31]),
        ("1W", [2]), ("7W", [6]), ("8w", [9]), ("29W", [30]), ("4W", [4]), ("14W,15W", [13, 16]),
        ("1,L,LW,L-1,21W", [1, 20, 30, 31]),
        ("W", [2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20, 23, 24, 25, 26, 27, 30, 31]),
    ])
    func `Days of the month have forms of their own`(_ field: String, _ days: [Int]) throws {
        #expect(try Self.days("0 0 0 \(field) * ?", year: 2026, month: 3) == days)
    }

    @Test(arguments: [
        // A month that begins on a Saturday and ends on a Sunday the 30th.
        ("1W", 2025, 11, [3]), ("30W", 2025, 11, [28]), ("LW", 2025, 11, [28]),
        // One that ends on Saturday the 31st.
        ("31W", 2026, 1, [30]), ("LW", 2026, 1, [30]), ("L-2", 2026, 1, [29]),
        ("31W", 2026, 4, []), ("31", 2026, 4, []), ("L", 2026, 4, [30]), ("L-30", 2026, 4, []), ("L-29", 2026, 4, [1]),
        ("L", 2024, 2, [29]), ("L", 2100, 2, [28]), ("30", 2024, 2, []), ("29W", 2024, 2, [29]), ("29W", 2026, 2, []),
    ])
    func `Days of the month keep to their month`(_ field: String, _ year: Int, _ month: Int, _ days: [Int]) throws {
        #expect(try Self.days("0 0 0 \(field) * ?", year: year, month: month) == days)
    }

    @Test(arguments: [
        ("?", Array(1...31)), ("1", [1, 8, 15, 22, 29]), ("SUN", [1, 8, 15, 22, 29]), ("sat", [7, 14, 21, 28]),
        ("L", [7, 14, 21, 28]), ("6L", [27]), ("FRIL", [27]), ("tuel", [31]), ("3L,1L", [29, 31]),
        ("6#3", [20]), ("FRI#1", [6]), ("1#5", [29]), ("4#5", []), ("2#1,3#5", [2, 31]),
        ("SAT-SUN", [1, 7, 8, 14, 15, 21, 22, 28, 29]), ("7/1", [7, 14, 21, 28]),
        ("2-6/4", [2, 6, 9, 13, 16, 20, 23, 27, 30]),
        ("MON,WED#2,FRIL", [2, 9, 11, 16, 23, 27, 30]),
    ])
    func `Days of the week have forms of their own`(_ field: String, _ days: [Int]) throws {
        #expect(try Self.days("0 0 0 ? * \(field)", year: 2026, month: 3) == days)
    }

    @Test func `Both fields for days must match where both say something`() throws {
        #expect(try Self.days("0 0 0 13 * FRI", year: 2026, month: 3) == [13])
        #expect(try Self.days("0 0 0 13 * FRI", year: 2026, month: 4) == [])
        #expect(try Self.days("0 0 0 8-14 * 2", year: 2026, month: 3) == [9])
        #expect(try Self.days("0 0 0 ? * ?", year: 2026, month: 3).count == 31)
    }

    @Test func `Blanks part the fields, and seconds change nothing`() throws {
        let plain = try CronExpression("* 0 9 ? * MON-FRI")
        #expect(try CronExpression("  0\t0  9 ? *\tmon-fri  ") == plain)
        #expect(try CronExpression("5/10,59 0 9 ? * 2-6 *") == plain)
    }

    @Test(arguments: [
        ("", "there are six or seven fields (\(Self.fieldNames)), not 0"),
        ("0 0 0 * *", "there are six or seven fields (\(Self.fieldNames)), not 5"),
        ("0 0 0 * * ? * *", "there are six or seven fields (\(Self.fieldNames)), not 8"),
        ("60 0 0 * * ?", "the seconds field is wrong: '60' is not in 0-59"),
        ("0 60 0 * * ?", "the minutes field is wrong: '60' is not in 0-59"),
        ("0 -1 0 * * ?", "the minutes field is wrong: '' is not in 0-59"),
        ("0 +1 0 * * ?", "the minutes field is wrong: '+1' is not in 0-59"),
        ("0 1.5 0 * * ?", "the minutes field is wrong: '1.5' is not in 0-59"),
        ("0 ١ 0 * * ?", "the minutes field is wrong: '١' is not in 0-59"),
        ("0 99999999999999999999 0 * * ?", "the minutes field is wrong: '99999999999999999999' is not in 0-59"),
        ("0 ? 0 * * ?", "the minutes field is wrong: '?' is not in 0-59"),
        ("0 L 0 * * ?", "the minutes field is wrong: 'L' is not in 0-59"),
        ("0 1,,2 0 * * ?", "the minutes field is wrong: '' is not in 0-59"),
        ("0 1-2-3 0 * * ?", "the minutes field is wrong: '2-3' is not in 0-59"),
        ("0 */0 0 * * ?", "the minutes field is wrong: the step '0' is not in 1-60"),
        ("0 */61 0 * * ?", "the minutes field is wrong: the step '61' is not in 1-60"),
        ("0 1/2/3 0 * * ?", "the minutes field is wrong: the step '2/3' is not in 1-60"),
        ("0 1/ 0 * * ?", "the minutes field is wrong: the step '' is not in 1-60"),
        ("0 /5 0 * * ?", "the minutes field is wrong: '' is not in 0-59"),
        ("0 *-5 0 * * ?", "the minutes field is wrong: '*' is not in 0-59"),
        ("0 0 24 * * ?", "the hours field is wrong: '24' is not in 0-23"),
        ("0 0 0 0 * ?", "the day-of-month field is wrong: '0' is not in 1-31"),
        ("0 0 0 32W * ?", "the day-of-month field is wrong: '32' is not in 1-31"),
        ("0 0 0 1-5W * ?", "the day-of-month field is wrong: '1-5' is not in 1-31"),
        ("0 0 0 L-31 * ?", "the day-of-month field is wrong: 'L-31' is not L-0 to L-30"),
        ("0 0 0 L- * ?", "the day-of-month field is wrong: 'L-' is not L-0 to L-30"),
        ("0 0 0 ?,1 * ?", "the day-of-month field is wrong: '?' is not in 1-31"),
        ("0 0 0 1#2 * ?", "the day-of-month field is wrong: '1#2' is not in 1-31"),
        ("0 0 0 MON * ?", "the day-of-month field is wrong: 'MON' is not in 1-31"),
        ("0 0 0 * 13 ?", "the month field is wrong: '13' is not in 1-12 or JAN-DEC"),
        ("0 0 0 * JANUARY ?", "the month field is wrong: 'JANUARY' is not in 1-12 or JAN-DEC"),
        ("0 0 0 * ? ?", "the month field is wrong: '?' is not in 1-12 or JAN-DEC"),
        ("0 0 0 ? * 0", "the day-of-week field is wrong: '0' is not in 1-7 or SUN-SAT"),
        ("0 0 0 ? * 8L", "the day-of-week field is wrong: '8' is not in 1-7 or SUN-SAT"),
        ("0 0 0 ? * 6#6", "the day-of-week field is wrong: '6#6' does not end in #1 to #5"),
        ("0 0 0 ? * 6#0", "the day-of-week field is wrong: '6#0' does not end in #1 to #5"),
        ("0 0 0 ? * #2", "the day-of-week field is wrong: '' is not in 1-7 or SUN-SAT"),
        ("0 0 0 ? * 3W", "the day-of-week field is wrong: '3W' is not in 1-7 or SUN-SAT"),
        ("0 0 0 * * ? 1969", "the year field is wrong: '1969' is not in 1970-2199"),
        ("0 0 0 * * ? 2200", "the year field is wrong: '2200' is not in 1970-2199"),
        ("0 0 0 * * ? 2030-2026", "the year field is wrong: '2030-2026' ends before it starts"),
    ])
    func `What is wrong is named with its field`(_ text: String, _ message: String) {
        let error = #expect(throws: CronError.self) { try CronExpression(text) }
        #expect(error?.description == message)
    }

    @Test func `Lists as long as values can be are read into sets`() throws {
        let text = String(repeating: "L,LW,W,1W,L-3,5,", count: 600) + "1"
        #expect(try Self.days("0 0 0 \(text) * ?", year: 2026, month: 3).count == 24)
    }

    private static let fieldNames = "seconds, minutes, hours, day-of-month, month, day-of-week, year"

    /// The days of the month on which the expression matches at midnight.
    private static func days(_ cron: String, year: Int, month: Int) throws -> [Int] {
        let cron = try CronExpression(cron)
        return (1...CivilDay(year: year, month: month, day: 1).monthLength).filter { day in
            cron.matches(LocalMinute(CivilDay(year: year, month: month, day: day)))
        }
    }
}
