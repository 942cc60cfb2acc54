// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockWire

/// What a call costs at the least: the framework answers a constant, whatever it is asked.
struct ConstantAnswer {
    let load: Measurement
    /// Of the server's processor, for each call.
    let cost: Duration

    init(_ executable: String, callers: Int, for duration: Duration) throws {
        let server = try ServerProcess(executable, [], readyPrefix: "ready")
        defer { server.stop() }
        let target = Target(port: server.port, accessKeyID: "nobody", secret: "of no importance")
        let before = server.processorTime
        self.load = try Load.steady(callers: callers, for: duration, target: target) { signer in
            signer.request(Operations.GetPipeline.self, GetPipelineInput(name: "read"))
        }
        self.cost = (server.processorTime - before) / self.load.latencies.count
    }
}

/// (b) and (h): signed calls that change nothing, their rate and what the server spends on each.
enum CallScenario {
    static func run(
        _ target: Target, server: ServerProcess, constant: ConstantAnswer, callers: Int, for duration: Duration
    ) throws {
        Report.line("(h) ceiling: the framework answers a constant", constant.load.text)
        var client = try APIClient(target)
        try client.call(
            Operations.CreatePipeline.self,
            CreatePipelineInput(pipeline: Declarations.pipeline("read", Declarations.custom, actions: 3)))
        let before = server.processorTime
        let reads = try Load.steady(callers: callers, for: duration, target: target) { signer in
            signer.request(Operations.GetPipeline.self, GetPipelineInput(name: "read"))
        }
        let readCost = (server.processorTime - before) / reads.latencies.count
        Report.line("(h) signed GetPipeline", reads.text)
        let beforePolls = server.processorTime
        let polls = try Load.steady(callers: callers, for: duration, target: target) { signer in
            signer.request(Operations.PollForJobs.self, PollForJobsInput(actionTypeID: Declarations.custom))
        }
        let pollCost = (server.processorTime - beforePolls) / polls.latencies.count
        Report.line("(h) signed empty PollForJobs", polls.text)
        Report.line("(b) server CPU per call: constant", Report.microseconds(constant.cost))
        for (call, cost) in [("GetPipeline", readCost), ("empty PollForJobs", pollCost)] {
            Report.line("    \(call)", "\(Report.microseconds(cost))   \(Report.multiple(cost / constant.cost))")
        }
    }
}

/// (e) Whether reads cost more when there are more pipelines.
enum SizeScenario {
    static func run(_ target: Target, sizes: [Int], callers: Int, for duration: Duration) throws {
        var made = 0
        var baselines: [String: Double] = [:]
        var client = try APIClient(target)
        for size in sizes {
            while made < size {
                try client.call(
                    Operations.CreatePipeline.self,
                    CreatePipelineInput(
                        pipeline: Declarations.pipeline("size-\(made)", Declarations.custom, actions: 3)))
                made += 1
            }
            let state = try Load.steady(callers: callers, for: duration, target: target) { signer in
                let name = "size-\(Int.random(in: 0..<size))"
                return signer.request(Operations.GetPipelineState.self, GetPipelineStateInput(name: name))
            }
            let list = try Load.steady(callers: callers, for: duration, target: target) { signer in
                signer.request(Operations.ListPipelines.self, ListPipelinesInput(maxResults: 100))
            }
            for (name, measurement) in [("GetPipelineState", state), ("ListPipelines, 100 a page", list)] {
                let baseline = baselines[name] ?? measurement.percentile(0.5)
                baselines[name] = baseline
                let ratio = String(format: "x %.2f", measurement.percentile(0.5) / baseline)
                Report.line("(e) \(name), \(size) pipelines", "\(measurement.text)   \(ratio)")
            }
        }
    }
}

/// (f) What the server keeps in memory.
enum MemoryScenario {
    static func run(_ target: Target, server: ServerProcess, executions: Int) throws {
        Report.line("(f) resident, idle", Report.mebibytes(server.residentBytes))
        var client = try APIClient(target)
        try Declarations.registerTypes(&client)
        for number in 0..<executions {
            try client.call(
                Operations.CreatePipeline.self,
                CreatePipelineInput(
                    pipeline: Declarations.pipeline("flight-\(number)", Declarations.approval, actions: 1)))
        }
        let passed = try Declarations.passSources(&client)
        Report.line("    resident, \(passed) executions wait for approval", Report.mebibytes(server.residentBytes))
    }
}
