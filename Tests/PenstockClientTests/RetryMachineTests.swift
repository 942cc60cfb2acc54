// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PenstockClient

@Suite struct RetryMachineTests {
    @Test func `A call is sent three times at most, with waits whose bound doubles`() {
        var budget = RetryBudget()
        var machine = RetryMachine(policy: RetryPolicy())
        #expect(machine.wait(after: .transient, requestedWait: nil, chance: 0.5, budget: &budget) == .seconds(0.5))
        #expect(machine.wait(after: .transient, requestedWait: nil, chance: 0.5, budget: &budget) == .seconds(1))
        #expect(machine.wait(after: .transient, requestedWait: nil, chance: 0.5, budget: &budget) == nil)
        #expect(budget.tokens == 490)
    }

    @Test func `A retry that succeeds gives back its price, a first success earns one token`() {
        var budget = RetryBudget()
        var machine = RetryMachine(policy: RetryPolicy())
        _ = machine.wait(after: .timeout, requestedWait: nil, chance: 0, budget: &budget)
        #expect(budget.tokens == 490)
        machine.settle(into: &budget)
        #expect(budget.tokens == 500)
        _ = budget.withdraw(100)
        RetryMachine(policy: RetryPolicy()).settle(into: &budget)
        #expect(budget.tokens == 401)
    }

    @Test func `An empty budget ends the call`() {
        var budget = RetryBudget()
        _ = budget.withdraw(498)
        var machine = RetryMachine(policy: RetryPolicy())
        #expect(machine.wait(after: .transient, requestedWait: nil, chance: 0, budget: &budget) == nil)
        #expect(budget.tokens == 2)
    }

    @Test func `What a service asks for is the least wait, and too much of it ends the call`() {
        var budget = RetryBudget()
        var machine = RetryMachine(policy: RetryPolicy())
        let asked = machine.wait(after: .throttled, requestedWait: .seconds(7), chance: 0.5, budget: &budget)
        #expect(asked == .seconds(7))
        #expect(machine.wait(after: .throttled, requestedWait: .seconds(61), chance: 0.5, budget: &budget) == nil)
    }

    @Test func `The clock is corrected once per call and without a wait`() {
        var budget = RetryBudget()
        var machine = RetryMachine(policy: RetryPolicy())
        #expect(machine.wait(after: .clockSkew, requestedWait: nil, chance: 0.9, budget: &budget) == .zero)
        #expect(machine.wait(after: .clockSkew, requestedWait: nil, chance: 0.9, budget: &budget) == nil)
    }

    @Test func `The longest wait is twenty seconds, however often a call is sent`() {
        var policy = RetryPolicy()
        policy.maximumAttempts = 50
        var budget = RetryBudget()
        var machine = RetryMachine(policy: policy)
        for _ in 1..<49 {
            let wait = machine.wait(after: .transient, requestedWait: nil, chance: 1, budget: &budget)
            #expect(wait.map { $0 <= .seconds(20) } == true)
        }
    }
}
