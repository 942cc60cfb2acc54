// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import PenstockClient
internal import PenstockServer
internal import UnixSignals

/// `penstock demo`: the main job, end to end, in one process.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Watch a partner's worker fail and pass a pipeline, step by step.",
        discussion: """
            Runs a service with a temporary data directory on this machine, and on it a customer, a partner and their \
            workers: everything is real, nothing has to be prepared, and nothing is left behind. Each step shows the \
            command that does the same; with --pause they can be tried in another terminal.
            """
    )

    @Flag(help: "Wait for the return key after each step.")
    var pause = false

    /// How a run ends.
    private enum Ending: Sendable {
        case told
        case failed(any Error)
        case interrupted(UnixSignal)
    }

    func run() async throws {
        switch await self.ending() {
        case .told: break
        case .failed(let error as ServerError): throw Terminal.fail(error)
        case .failed(let error):
            Terminal.warn("penstock demo: \(CommandFailure(explaining: error).description)")
            throw ExitCode.failure
        case .interrupted(let signal):
            Terminal.warn("\nStopped; nothing is left behind.")
            throw ExitCode(128 + signal.number)
        }
    }

    /// Tells the story until its end or a signal; what it made is gone when this returns.
    private func ending() async -> Ending {
        let narrator = Narrator(pause: self.pause ? Pause() : nil)
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
        return await withTaskGroup(of: Ending?.self) { group in
            group.addTask {
                do {
                    try await Demo.tell(narrator)
                    return .told
                } catch {
                    return .failed(error)
                }
            }
            group.addTask { await signals.first { _ in true }.map { .interrupted($0) } }
            var ending = Ending.told
            for await each in group {
                guard let each else { continue }
                ending = each
                break
            }
            group.cancelAll()
            await group.waitForAll()
            return ending
        }
    }
}

extension UnixSignal {
    /// Source: POSIX, signal.h.
    fileprivate var number: Int32 {
        switch self {
        case .sighup: 1
        case .sigint: 2
        case _: 15
        }
    }
}
