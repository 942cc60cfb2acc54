// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockWire

// One artifact store, or one for each region that has an action.
extension PipelineRules {
    mutating func checkArtifactStores() {
        switch (self.pipeline.artifactStore, self.pipeline.artifactStores) {
        case (nil, nil):
            self.refuse(.invalidStructure, "The pipeline must declare an artifact store")
        case (.some, .some):
            let rule = "Specify either 'pipeline.artifactStore' or 'pipeline.artifactStores', not both"
            self.refuse(.invalidStructure, rule)
        case (.some, nil): self.checkSingleStore()
        case (nil, .some(let stores)): self.checkStores(of: Set(stores.keys))
        }
    }

    private mutating func checkSingleStore() {
        guard self.actionRegions != [self.region] else { return }
        self.refuse(
            .invalidStructure,
            "Your pipeline contains actions in more than one region. Use 'pipeline.artifactStores' instead of"
                + " 'pipeline.artifactStore' to declare an artifact store, such as an artifact bucket, for each region"
                + " where you have an action."
        )
    }

    private mutating func checkStores(of regions: Set<String>) {
        for region in self.actionRegions where !regions.contains(region) {
            self.refuse(
                .invalidStructure,
                "Your pipeline must have an artifact store, such as an artifact bucket, for each region where you have"
                    + " an action. The following region is missing in 'pipeline.artifactStores': \(region)."
            )
        }
        for region in regions.sorted() where Region(region) == nil {
            self.refuse(.invalidStructure, "'\(region)' in 'pipeline.artifactStores' is not the name of a region")
        }
    }

    /// The pipeline's region, then the others that actions name, in their order.
    private var actionRegions: [String] {
        var seen: Set = [self.region]
        return [self.region] + self.actions.compactMap(\.declaration.region).filter { seen.insert($0).inserted }
    }
}
