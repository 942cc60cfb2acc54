// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockEngine
internal import PenstockModel

// The window as the check of a rule. Source: AWS CodePipeline User Guide, DeploymentWindow rule.
extension DeploymentWindow {
    init(_ settings: RuleSettings) throws(RuleSettingError) {
        self.cron = try Self.cron(settings.required(Self.cronKey))
        self.zone = try Self.zone(settings)
    }

    func evaluation(at now: Timestamp) -> RuleEvaluation {
        switch self.state(at: now) {
        case .open:
            .verdict(RuleVerdict(.satisfied, summary: "The window is open at \(self.localTime(at: now))"))
        case .opens(let opening):
            .opens(at: opening, summary: "The window opens at \(self.localTime(at: opening))")
        case .closed: .never(summary: "The window never opens up to the end of \(CronExpression.lastDay.year)")
        }
    }

    /// What will keep the window from being evaluated, or from being open when its author thinks it is.
    static func warnings(about settings: RuleSettings) -> [String] {
        var warnings: [String] = []
        if !settings.isUnresolved(Self.cronKey) {
            do throws(RuleSettingError) {
                let text = try settings.required(Self.cronKey)
                if let warning = try Self.shortOpenings(of: Self.cron(text), text) { warnings.append(warning) }
            } catch {
                warnings.append("\(error.description).")
            }
        }
        do throws(RuleSettingError) {
            _ = try Self.zone(settings)
        } catch {
            warnings.append("\(error.description).")
        }
        return warnings
    }

    private static let cronKey = "Cron"
    private static let zoneKey = "TimeZone"

    private static func cron(_ text: String) throws(RuleSettingError) -> CronExpression {
        do throws(CronError) {
            return try CronExpression(text)
        } catch {
            throw RuleSettingError("'\(Self.cronKey)' is \(text.quoted): \(error.description)")
        }
    }

    private static func zone(_ settings: RuleSettings) throws(RuleSettingError) -> WindowTimeZone {
        guard let name = try settings.value(Self.zoneKey) else { return .utc }
        guard let zone = WindowTimeZone(name) else {
            throw RuleSettingError("'\(Self.zoneKey)' is \(name.quoted), which is no known time zone")
        }
        return zone
    }

    /// A range of hours with a single minute looks like whole hours but is a minute of each.
    private static func shortOpenings(of cron: CronExpression, _ text: String) -> String? {
        let fields = text.split { $0 == " " || $0 == "\t" }
        let hours = fields[CronField.hours.rawValue]
        guard cron.minutes.count == 1, let minute = cron.minutes.first(from: 0), hours.contains("-") else { return nil }
        return
            "'\(Self.cronKey)' opens the window for minute \(minute) of the hours \(hours) alone, not for whole hours;"
            + " if those are meant, the minutes field is '*'."
    }
}
