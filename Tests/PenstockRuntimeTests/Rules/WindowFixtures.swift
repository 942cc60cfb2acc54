// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockModel
import Testing

@testable import PenstockRuntime

extension Timestamp {
    /// An instant as ``Timestamp/text`` writes it.
    static func at(_ text: String) throws -> Self {
        let date = try Date(text, strategy: .iso8601)
        return Self(millisecondsSinceEpoch: Int64(date.timeIntervalSince1970) * 1000)
    }
}

extension DeploymentWindow {
    init(_ cron: String, _ zone: String = "UTC") throws {
        self.init(cron: try CronExpression(cron), zone: try #require(WindowTimeZone(zone)))
    }

    /// `open`, `closed`, or when it opens.
    func state(at now: String) throws -> String {
        switch self.state(at: try Timestamp.at(now)) {
        case .open: "open"
        case .opens(let opening): opening.text
        case .closed: "closed"
        }
    }
}
