// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngineChecks

/// What may happen next, and how often it does in comparison.
enum StepKind: CaseIterable {
    case create, delete, update, start, stop, retry, rollBack, override, setTransition, answer, putRevision, putObject
    case connect, disconnect
    case poll, acknowledge, report, work
    case fireTimers, performEffects, runSources
    case passTime, die

    private var weight: Int {
        switch self {
        case .delete, .disconnect: 1
        case .create, .die, .putRevision: 2
        case .update, .override, .performEffects, .connect: 3
        case .stop, .rollBack, .putObject: 4
        case .retry, .fireTimers: 6
        case .setTransition: 7
        case .start, .answer, .passTime: 9
        case .runSources: 12
        case .acknowledge: 16
        case .poll: 17
        case .report: 22
        case .work: 30
        }
    }

    static func random(_ random: inout SeededGenerator) -> Self {
        var number = Int.random(in: 0..<Self.allCases.reduce(0) { $0 + $1.weight }, using: &random)
        for kind in Self.allCases {
            number -= kind.weight
            if number < 0 { return kind }
        }
        preconditionFailure("the weights add up to their sum")
    }
}

extension Simulation {
    func takeStep() async throws {
        self.tally.count("steps")
        switch StepKind.random(&self.random) {
        case .create: try await self.createPipeline()
        case .delete: try await self.deletePipeline()
        case .update: try await self.updatePipeline()
        case .start: try await self.startExecution()
        case .stop: try await self.stopExecution()
        case .retry: try await self.retryStage()
        case .rollBack: try await self.rollBackStage()
        case .override: try await self.overrideCondition()
        case .setTransition: try await self.setTransition()
        case .answer: try await self.answerApproval()
        case .putRevision: try await self.putRevision()
        case .putObject: try await self.putObject()
        case .connect: try await self.connect()
        case .disconnect: try await self.disconnect()
        case .poll: try await self.poll()
        case .acknowledge: try await self.acknowledge()
        case .report: try await self.reportResult()
        case .work: try await self.doJob()
        case .fireTimers: try await self.fireTimers()
        case .performEffects: try await self.performEffects()
        case .runSources: try await self.runSources()
        case .passTime: self.passTime()
        case .die: try await self.killProcess()
        }
    }
}
