// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockStore

import struct PenstockWire.CurrentRevision

extension APITestBed {
    /// A pipeline in which a source makes Code, which it has done, Work of the family makes Application from it, and
    /// Ship takes that.
    static func withArtifacts(
        _ family: WorkerFamily,
        pipeline: String = "shop",
        encryptionKey: String? = nil
    ) async throws -> TestWorker {
        let bed = try await APITestBed()
        try await bed.register(.fetcher)
        for each in WorkerFamily.allCases { try await bed.register(each) }
        var worker = TestWorker(bed: bed, family: family)
        if family == .partner { worker.token = try await bed.connect(pipeline) }
        var declaration = Self.declaration(
            [
                .stage("Source", .work("Get", type: .fetcher, outputs: ["Code"])),
                .stage(
                    "Build",
                    .work(
                        type: family.type, configuration: ["Target": "app"], inputs: ["Code"],
                        outputs: ["Application"])),
                .stage("Release", .work("Ship", inputs: ["Application"])),
            ],
            named: pipeline)
        declaration.artifactStores = [
            ArtifactStoreDeclaration(bucket: "artifacts", encryptionKeyID: encryptionKey)
        ]
        worker.execution = try await bed.createPipeline(declaration)?.description ?? ""
        let revision = CurrentRevision(revision: "abc", changeIdentifier: "1")
        try await bed.succeed(bed.takeJob("Get", of: .fetcher), revision: revision)
        return worker
    }
}
