// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Synchronization

/// (j) Creating, getting, listing and updating pipelines: what another server of the same API does as well, so that the
/// same client calls both in the same way.
enum PeerScenario {
    /// Pipelines that a listing shows.
    private static let listed = 100

    static func run(_ name: String, _ target: Target, callers: Int, for duration: Duration) throws -> [String: Double] {
        var client = try APIClient(target)
        for number in 0..<self.listed {
            try client.call(Operations.CreatePipeline.self, self.create("listed-\(number)"))
        }
        let made = Atomic(0)
        let get = try Load.steady(callers: callers, for: duration, target: target) { signer in
            signer.request(Operations.GetPipeline.self, GetPipelineInput(name: self.anyName))
        }
        let list = try Load.steady(callers: callers, for: duration, target: target) { signer in
            signer.request(Operations.ListPipelines.self, ListPipelinesInput())
        }
        let update = try Load.steady(callers: callers, for: duration, target: target) { signer in
            let declaration = Declarations.pipeline(self.anyName, Declarations.custom, actions: 3)
            return signer.request(Operations.UpdatePipeline.self, UpdatePipelineInput(pipeline: declaration))
        }
        // Last, since every pipeline makes the listing of a peer longer.
        let create = try Load.steady(callers: callers, for: duration, target: target) { signer in
            let number = made.add(1, ordering: .relaxed).newValue
            return signer.request(Operations.CreatePipeline.self, self.create("made-\(number)"))
        }
        var rates: [String: Double] = [:]
        for (call, measured) in [
            ("CreatePipeline", create), ("GetPipeline", get), ("ListPipelines", list), ("UpdatePipeline", update),
        ] {
            Report.line("(j) \(name): \(call), \(callers) callers", measured.text)
            rates[call] = measured.perSecond
        }
        return rates
    }

    static func compare(_ ours: [String: Double], with theirs: [String: Double]) {
        for (call, rate) in ours.sorted(by: { $0.key < $1.key }) {
            guard let peer = theirs[call], peer > 0 else { continue }
            Report.line("    \(call)", "x \((rate / peer * 10).rounded() / 10) of the peer's rate")
        }
    }

    private static var anyName: String { "listed-\(Int.random(in: 0..<self.listed))" }

    private static func create(_ name: String) -> CreatePipelineInput {
        CreatePipelineInput(pipeline: Declarations.pipeline(name, Declarations.custom, actions: 3))
    }
}
