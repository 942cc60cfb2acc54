// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import Testing

@testable import PenstockEngine
@testable import PenstockRuntime

/// Which targets are told.
struct EventFilterTests {
    @Test func `Without a filter everything is told but what is skipped`() {
        let filter = EventFilter()
        for state in StateChange.State.allCases {
            #expect(filter.selects(change(of: stage(), to: state), of: shop) == (state != .skipped))
        }
    }

    @Test func `What is skipped is told to who asks for it`() {
        let filter = EventFilter(states: [.skipped])
        #expect(filter.selects(change(of: stage(), to: .skipped), of: shop))
        #expect(!filter.selects(change(of: stage(), to: .failed), of: shop))
    }

    @Test func `Subjects, accounts and regions each leave out what they do not name`() throws {
        let change = change(of: stage(), to: .failed)
        #expect(!EventFilter(subjects: [.pipeline]).selects(change, of: shop))
        #expect(EventFilter(subjects: [.stage]).selects(change, of: shop))
        #expect(!EventFilter(accounts: [.default]).selects(change, of: shop))
        #expect(EventFilter(accounts: [shop.scope.account]).selects(change, of: shop))
        #expect(!EventFilter(regions: [.default]).selects(change, of: shop))
        #expect(EventFilter(regions: [shop.scope.region]).selects(change, of: shop))
    }

    @Test(arguments: [
        ("shop", "shop", true), ("shop", "sho", false), ("shop", "*", true), ("shop", "s*p", true),
        ("shop", "sh*", true), ("shop", "*op", true), ("shop", "s*x*p", false), ("shop", "*shop*", true),
        ("shop-eu", "shop-*", true), ("shop", "shop-*", false), ("aa", "a*a*a", false), ("abcabc", "a*c*c", true),
        ("shop", "shop*shop", false), ("", "*", true),
    ])
    func `A star stands for any text`(_ name: String, _ pattern: String, _ isMatch: Bool) {
        #expect(EventFilter.matches(name, pattern) == isMatch)
    }
}
