// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockWire
import Synchronization

/// (j) Creating, getting, listing and updating pipelines: what another server of the same API does as well, so that the
/// same client calls both in the same way.
struct PeerScenario {
    /// Pipelines that a listing shows.
    private static let listed = 100

    let callers: Int
    /// Of each measurement.
    let duration: Duration
    let turns: Int

    /// Each call is measured of all servers in turns, so that a slow moment of the machine falls on no one alone; the
    /// first server is compared to each other one.
    func run(_ servers: [(name: String, target: Target)]) throws {
        for server in servers {
            var client = try APIClient(server.target)
            for number in 0..<Self.listed {
                try client.call(Operations.CreatePipeline.self, Self.create("listed-\(number)"))
            }
        }
        try self.compare("GetPipeline", servers) { signer in
            signer.request(Operations.GetPipeline.self, GetPipelineInput(name: Self.anyName))
        }
        try self.compare("ListPipelines", servers) { signer in
            signer.request(Operations.ListPipelines.self, ListPipelinesInput())
        }
        try self.compare("UpdatePipeline", servers) { signer in
            let declaration = Declarations.pipeline(Self.anyName, Declarations.custom, actions: 3)
            return signer.request(Operations.UpdatePipeline.self, UpdatePipelineInput(pipeline: declaration))
        }
        let made = Atomic(0)
        // Last, since every pipeline makes the listing of a peer longer.
        try self.compare("CreatePipeline", servers) { signer in
            let number = made.add(1, ordering: .relaxed).newValue
            return signer.request(Operations.CreatePipeline.self, Self.create("made-\(number)"))
        }
    }

    private func compare(
        _ call: String, _ servers: [(name: String, target: Target)],
        _ request: @escaping @Sendable (inout RequestSigner) -> [UInt8]
    ) throws {
        var rates = servers.map { _ in [Double]() }
        for _ in 0..<self.turns {
            for (index, server) in servers.enumerated() {
                let measured = try Load.steady(
                    callers: self.callers, for: self.duration, target: server.target, makeRequest: request)
                Report.line("(j) \(server.name): \(call), \(self.callers) callers", measured.text)
                rates[index].append(measured.perSecond)
            }
        }
        for (server, theirs) in zip(servers, rates).dropFirst() {
            // A turn in which nothing was answered has no ratio.
            let ratios = zip(rates[0], theirs).filter { $1 > 0 }.map { $0 / $1 }
            guard let least = ratios.min(), let most = ratios.max() else { continue }
            Report.line(
                "    \(call), medians",
                "\(Report.rate(rates[0].median))   \(server.name) \(Report.rate(theirs.median))   of the ratios "
                    + String(format: "x %.1f (%.1f to %.1f)", ratios.median, least, most))
        }
    }

    private static var anyName: String { "listed-\(Int.random(in: 0..<self.listed))" }

    private static func create(_ name: String) -> CreatePipelineInput {
        CreatePipelineInput(pipeline: Declarations.pipeline(name, Declarations.custom, actions: 3))
    }
}
