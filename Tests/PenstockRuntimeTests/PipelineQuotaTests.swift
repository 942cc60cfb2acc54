// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import Testing

@testable import PenstockRuntime

struct PipelineQuotaTests {
    private static let scope = Scope(account: .default, region: .default)

    /// Asks for one more, and whether the pipelines were counted for it.
    private static func ask(
        _ quota: PipelineQuota, limit: Int, of count: Int, in scope: Scope = scope
    ) -> (hasRoom: Bool, isCounted: Bool) {
        var isCounted = false
        let hasRoom = quota.takeRoom(in: scope, limit: limit) {
            isCounted = true
            return count
        }
        return (hasRoom, isCounted)
    }

    @Test func `Pipelines are counted at first, and again where the limit may be reached`() {
        let quota = PipelineQuota(isShared: false)
        #expect(Self.ask(quota, limit: 4, of: 2) == (true, true))
        #expect(Self.ask(quota, limit: 4, of: 3) == (true, false))
        #expect(Self.ask(quota, limit: 4, of: 4) == (false, true))
        #expect(Self.ask(quota, limit: 4, of: 4) == (false, true))
    }

    @Test func `What was deleted, or was never committed, makes room when it is counted`() {
        let quota = PipelineQuota(isShared: false)
        for count in 0..<4 { #expect(Self.ask(quota, limit: 4, of: count).hasRoom) }
        #expect(Self.ask(quota, limit: 4, of: 1) == (true, true))
        #expect(Self.ask(quota, limit: 4, of: 2) == (true, false))
    }

    @Test func `After a transaction that failed they are counted again`() {
        let quota = PipelineQuota(isShared: false)
        // It saw two deletions that were undone with it.
        #expect(Self.ask(quota, limit: 4, of: 2) == (true, true))
        quota.forget(Self.scope)
        #expect(Self.ask(quota, limit: 4, of: 4) == (false, true))
    }

    @Test func `Each account's region has its own count`() throws {
        let quota = PipelineQuota(isShared: false)
        #expect(Self.ask(quota, limit: 2, of: 1).hasRoom)
        let other = Scope(account: .default, region: try #require(Region("eu-west-2")))
        #expect(Self.ask(quota, limit: 2, of: 0, in: other) == (true, true))
        #expect(Self.ask(quota, limit: 2, of: 2) == (false, true))
    }

    @Test func `Where others write too they are counted each time`() {
        let quota = PipelineQuota(isShared: true)
        #expect(Self.ask(quota, limit: 4, of: 1) == (true, true))
        #expect(Self.ask(quota, limit: 4, of: 2) == (true, true))
        #expect(Self.ask(quota, limit: 4, of: 4) == (false, true))
    }

    @Test func `Beyond so many accounts' regions all are counted anew`() throws {
        let quota = PipelineQuota(isShared: false)
        for number in 0...PipelineQuota.capacity {
            let account = try #require(AccountID(String(100_000_000_000 + number)))
            let scope = Scope(account: account, region: .default)
            #expect(Self.ask(quota, limit: 9, of: 0, in: scope) == (true, true))
        }
        let first = try #require(AccountID("100000000000"))
        #expect(Self.ask(quota, limit: 9, of: 1, in: Scope(account: first, region: .default)) == (true, true))
    }
}
