// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockAccess
import PenstockArtifacts
import PenstockEngineChecks
import PenstockModel
import PenstockRuntime
import PenstockStore
import Synchronization

/// What outlives every process: the store, the time, and what was noted at the engine's boundary.
struct World {
    let base = MemoryStore()
    let clock = ManualServiceClock()
    let recorder = EngineRecorder()
    /// The engine of this run: the real one, or one that is broken on purpose.
    let engine: PipelineEngine
    let mutation: Mutation?
    /// Whether several processes work on the store at once.
    let isShared: Bool
    private let entropy: Entropy
    private let key: MasterKey

    init(seed: UInt64, isShared: Bool, mutation: Mutation?) {
        guard let key = MasterKey(bytes: Array(repeating: 7, count: MasterKey.byteCount)) else {
            preconditionFailure("a master key has \(MasterKey.byteCount) bytes")
        }
        self.key = key
        self.isShared = isShared
        self.mutation = mutation
        self.engine = mutation?.engine ?? .direct
        let generator = EntropySource(seed: seed)
        self.entropy = Entropy { generator.next() }
    }

    /// Registers action types and makes the bucket of sources.
    func furnish() async throws {
        let now = self.clock.now
        try await self.base.write { transaction in
            for row in SimulatedTypes.rows(at: now) { try transaction.putActionType(row) }
            let bucket = BucketRow(
                name: SimulatedTypes.sourceBucket, scope: SimulatedTypes.scope, created: now, versioning: .enabled)
            _ = try transaction.insertBucket(bucket)
        }
    }

    /// A process that starts, and knows nothing but what the store tells it.
    func startProcess(
        _ number: Int,
        runner: SourceRunner,
        onPause: @escaping @Sendable () async -> Void
    ) async throws -> SimulatedProcess {
        let store = ProcessStore(
            base: self.base,
            isShared: self.isShared,
            recorder: self.recorder,
            sabotage: self.mutation?.sabotage,
            onPause: onPause
        )
        let context = RuntimeContext(
            store: store,
            clock: self.clock,
            pollClock: ContinuousClock(),
            masterKey: self.key,
            engine: self.recorder.noting(self.engine),
            entropy: self.entropy,
            logger: Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }
        )
        if self.mutation?.forgetsQueues != true { try await context.prepare() }
        return SimulatedProcess(number: number, store: store, context: context, runner: runner)
    }
}

/// Numbers from a seed, drawn by all processes in turn.
private final class EntropySource: Sendable {
    private let generator: Mutex<SeededGenerator>

    init(seed: UInt64) { self.generator = Mutex(SeededGenerator(seed: seed ^ 0x5EED)) }

    func next() -> UInt64 { self.generator.withLock { $0.next() } }
}
