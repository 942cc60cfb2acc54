// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockArtifacts
import PenstockEngineChecks
import PenstockModel
import PenstockRuntime
import PenstockStore

// Clients that make, change and delete pipelines, and put what their sources watch.
extension Simulation {
    func createPipeline() async throws {
        let names = Clients.names.filter { name in !self.models.values.contains { $0.name == name } }
        guard let name = self.random.pick(names) else { return }
        let definition = RandomDefinition.make(name, &self.random)
        let shape = definition.declaration.shape
        _ = try await self.ask("create \(name) \(shape)") { process in
            _ = try await process.pipelines.create(self.call, definition, tags: [])
        }
    }

    func updatePipeline() async throws {
        guard let model = self.pickPipeline() else { return }
        let definition = RandomDefinition.make(model.name, &self.random)
        _ = try await self.ask("update \(model.name) to \(definition.declaration.shape)") { process in
            _ = try await process.pipelines.update(self.call, definition)
        }
    }

    func deletePipeline() async throws {
        guard let model = self.pickPipeline() else { return }
        self.deleted.insert(model.id)
        _ = try await self.ask("delete \(model.name)") { process in
            try await process.pipelines.delete(self.call, name: model.name)
        }
        if self.models[model.id] != nil { self.deleted.remove(model.id) }
    }

    func pickPipeline() -> PipelineModel? { self.random.pick(self.models.values.elements) }

    // MARK: Sources

    func putRevision() async throws {
        guard let model = self.pickPipeline() else { return }
        let isOld = self.random.chance(30)
        let revision = isOld ? "r1" : self.clients.freshRevision()
        _ = try await self.ask("tell \(model.name) of revision \(revision)") { process in
            _ = try await process.pipelines.putActionRevision(
                self.call, name: model.name, stage: "S1", action: "Get", revision: SourceRevision(revisionID: revision))
        }
    }

    func putObject() async throws {
        guard let name = self.random.pick(Clients.names) else { return }
        try await self.putObject(of: name)
    }

    func putObject(of name: String) async throws {
        let version = self.clients.freshRevision()
        let now = self.world.clock.now
        _ = try await self.ask("put \(name).zip, version \(version)") { process in
            try await process.store.withArtifacts { transaction in
                let (key, bucket) = (ObjectKey("\(name).zip"), SimulatedTypes.sourceBucket)
                try transaction.insertVersion(
                    ObjectVersionRow(
                        bucket: bucket, key: key, versionID: VersionID(version), sizeBytes: 1, etag: version,
                        lastModified: now, details: ObjectDetails()))
                let change = ObjectChange(
                    scope: SimulatedTypes.scope, bucket: bucket, key: key, versionID: VersionID(version), etag: version,
                    at: now)
                try transaction.oweSourceEvent(change)
            }
        }
    }
}

extension PipelineDeclaration {
    /// `QUEUED S1 S3? S4`: the mode and the stages, a question mark for one with a condition in front.
    fileprivate var shape: String {
        let stages = self.stages.map { stage in
            let behind = [stage.onSuccess.map { _ in "+" }, stage.onFailure.map { _ in "!" }].compactMap { $0 }.joined()
            return (stage.beforeEntry == nil ? "" : "?") + stage.name + behind
        }
        return "\(self.executionMode.rawValue) \(stages.joined(separator: " "))"
    }
}
