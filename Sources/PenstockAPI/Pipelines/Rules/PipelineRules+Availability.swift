// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockWire

// What is valid but would not be carried out: refused, so that nobody relies on what does not happen.
extension PipelineRules {
    mutating func checkAvailability() {
        if self.pipeline.executionMode == .parallel {
            self.refuseUnavailable("The execution mode PARALLEL is", at: "pipeline.executionMode")
        }
        if self.pipeline.triggers?.isEmpty == false { self.refuseUnavailable("Triggers are", at: "pipeline.triggers") }
        for stage in self.pipeline.stages {
            if stage.beforeEntry != nil { self.refuseUnavailable("Entry conditions are", at: "beforeEntry", of: stage) }
            if stage.onSuccess != nil { self.refuseUnavailable("Success conditions are", at: "onSuccess", of: stage) }
            if let gate = stage.onFailure {
                let what = gate.result == .retry ? "Automatic stage retry is" : "Failure conditions are"
                self.refuseUnavailable(what, at: "onFailure", of: stage)
            }
        }
    }

    private mutating func refuseUnavailable(_ what: String, at member: String, of stage: WireStage? = nil) {
        let place = stage.map { "'\(member)' of stage '\($0.name)'" } ?? "'\(member)'"
        self.refuse(.invalidStructure, "\(what) not available in this version of Penstock; remove \(place)")
    }
}
