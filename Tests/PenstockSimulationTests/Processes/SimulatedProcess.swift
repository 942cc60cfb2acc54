// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockRuntime

/// The services of one server, as far as they work on pipelines, without the tasks that would run them.
struct SimulatedProcess {
    let number: Int
    let store: ProcessStore
    let pipelines: PipelineService
    let jobs: JobService
    let connections: ConnectionService
    let timers: TimerService
    let effects: EffectService
    let runners: RunnerService

    init(number: Int, store: ProcessStore, context: RuntimeContext, runner: SourceRunner) {
        self.number = number
        self.store = store
        self.pipelines = PipelineService(context: context)
        self.jobs = JobService(context: context)
        self.connections = ConnectionService(context: context)
        self.timers = TimerService(context: context)
        self.effects = EffectService(context: context)
        self.runners = RunnerService(context: context, runners: [runner])
    }
}
