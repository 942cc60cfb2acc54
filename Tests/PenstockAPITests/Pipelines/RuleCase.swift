// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockWire
import Testing

@testable import PenstockAPI

/// A declaration that breaks one rule, what is said about it, and one beside it that keeps the rule.
struct RuleCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let code: Rejection.Code
    let message: String
    let broken: WirePipeline
    let kept: WirePipeline

    init(
        _ description: String,
        _ code: Rejection.Code,
        _ message: String,
        broken: WirePipeline,
        kept: WirePipeline = Sample.pipeline()
    ) {
        self.testDescription = description
        self.code = code
        self.message = message
        self.broken = broken
        self.kept = kept
    }

    /// Compares the first report about either declaration; what this version cannot do is another matter.
    func verify(_ location: SourceLocation = #_sourceLocation) {
        #expect(
            Sample.problems(of: self.broken).first == Rejection(self.code, self.message),
            sourceLocation: location
        )
        let problems = Sample.problems(of: self.kept).filter { !$0.isAvailability }
        #expect(problems == [], sourceLocation: location)
    }
}

extension Rejection {
    /// Whether it is about something valid that is not carried out yet.
    var isAvailability: Bool { self.message.contains("not available in this version") }
}
