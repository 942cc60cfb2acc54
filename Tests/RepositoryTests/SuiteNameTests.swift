// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

struct SuiteNameTests {
    @Test func `A suite that a page names is there`() throws {
        let suites = Set(
            Repository.files("Tests.swift").compactMap { $0.split(separator: "/").last?.dropLast(".swift".count) })
        var count = 0
        for page in Repository.files(".md") {
            for match in try Repository.text(page).matches(of: /`([A-Z]\w*Tests)`/) {
                count += 1
                let isTarget = Repository.files.contains { $0.hasPrefix("Tests/\(match.output.1)/") }
                #expect(suites.contains(match.output.1) || isTarget, "\(page) names \(match.output.1)")
            }
        }
        #expect(count > 0)
    }
}
