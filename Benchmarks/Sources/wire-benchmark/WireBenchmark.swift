// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockWire

/// Reads, checks and writes a declaration of 100 actions, beside what Foundation does with the same bytes.
///
/// Each line is the best of five rounds of at least 0.4 s, so that a busy machine disturbs the comparison little. An
/// argument limits the lines to those that begin with it, which is of use under a profiler.
@main
struct WireBenchmark {
    static func main() throws {
        let body = Operations.CreatePipeline.encodeInput(.sample(stages: 10, actionsPerStage: 10))
        let data = Data(body)
        let input = try Operations.CreatePipeline.decodeInput(body)
        let codable = try JSONDecoder().decode(CodableInput.self, from: data)
        let encoder = JSONEncoder()
        print("CreatePipeline with 100 actions, \(body.count) bytes")

        try measure("PenstockWire    decode + validate + encode", bytes: body.count) {
            Operations.CreatePipeline.encodeInput(try Operations.CreatePipeline.decodeInput(body)).count
        }
        try measure("PenstockWire    decode + validate", bytes: body.count) {
            try Operations.CreatePipeline.decodeInput(body).pipeline.stages.count
        }
        try measure("PenstockWire    decode", bytes: body.count) {
            try WireReader.read(CreatePipelineInput.self, from: body, checkingConstraints: false).pipeline.stages.count
        }
        measure("PenstockWire    encode", bytes: body.count) {
            Operations.CreatePipeline.encodeInput(input).count
        }
        try measure("JSONDecoder     decode + encode", bytes: body.count) {
            try encoder.encode(try JSONDecoder().decode(CodableInput.self, from: data)).count
        }
        try measure("JSONDecoder     decode", bytes: body.count) {
            try JSONDecoder().decode(CodableInput.self, from: data).pipeline.stages.count
        }
        try measure("JSONEncoder     encode", bytes: body.count) {
            try encoder.encode(codable).count
        }
        try measure("JSONSerialization decode, untyped", bytes: body.count) {
            (try JSONSerialization.jsonObject(with: data) as? [String: Any])?.count ?? 0
        }
    }
}

/// Prints how often the work was done per second, and how many bytes of the body that makes.
func measure(_ name: String, bytes: Int, _ work: () throws -> Int) rethrows {
    guard name.hasPrefix(CommandLine.arguments.dropFirst().first ?? "") else {
        return
    }
    let clock = ContinuousClock()
    var best = 0.0
    var total = 0
    for _ in 0..<5 {
        let start = clock.now
        var count = 0
        var elapsed = Duration.zero
        while elapsed < .milliseconds(400) {
            for _ in 0..<20 {
                total &+= try work()
            }
            count += 20
            elapsed = clock.now - start
        }
        best = max(best, Double(count) / (elapsed / .seconds(1)))
    }
    precondition(total > 0, "the work has a result")
    let label = name.padding(toLength: 44, withPad: " ", startingAt: 0)
    print("\(label)\(String(format: "%10.0f /s %8.1f MB/s", best, best * Double(bytes) / 1e6))")
}
