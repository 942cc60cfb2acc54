// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import PenstockClient
internal import PenstockWire

/// The clock of a server that was started with `--clock manual`, as a client of the service.
struct ClockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clock",
        abstract: "Tell and move the time of a server that was started with --clock manual.",
        subcommands: [Now.self, Advance.self, Set.self]
    )

    /// What is due in years of a busy server takes its time.
    private static let patience = Duration.seconds(3600)

    struct Now: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The service's time; real time where the clock goes by itself.")

        @OptionGroup var service: ServiceOptions

        func run() async throws {
            let reading = try await self.service.withClient {
                try await $0.administer(Administration.GetClock.self, GetClockInput())
            }
            self.service.show(reading) { reading.now.text }
        }
    }

    struct Advance: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Moves the clock ahead, and returns when all has happened that is due by then.",
            discussion: """
                What is due happens at its own time and in its order: an approval that expires after 7 days, a window \
                that opens tomorrow, a job that nobody acknowledged for a minute. Workers and commands outside of the \
                service are not waited for. An advance by 0s waits for what goes on, and leaves the clock where it is.

                penstock clock advance 7d
                penstock clock advance 1h30m
                """
        )

        @Argument(help: "How far: days, hours, minutes and seconds, as in 7d, 90m or 1h30m.")
        var duration: TimeSpan

        @OptionGroup var service: ServiceOptions

        func run() async throws {
            let input = AdvanceClockInput(seconds: self.duration.seconds)
            let reading = try await self.service.withClient(patience: ClockCommand.patience) {
                try await $0.administer(Administration.AdvanceClock.self, input)
            }
            self.service.show(reading) { reading.now.text }
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Moves the clock ahead to an instant, as advance does; never backwards.")

        @Argument(help: "The instant, as in 2026-12-01T00:00:00Z.", transform: ClockCommand.instant)
        var instant: WireTimestamp

        @OptionGroup var service: ServiceOptions

        func run() async throws {
            let reading = try await self.service.withClient(patience: ClockCommand.patience) {
                try await $0.administer(Administration.SetClock.self, SetClockInput(now: self.instant))
            }
            self.service.show(reading) { reading.now.text }
        }
    }

    private static func instant(_ text: String) throws -> WireTimestamp {
        guard let instant = WireTimestamp(text: text) else {
            throw ValidationError("'\(text)' is not an instant such as 2026-12-01T00:00:00Z.")
        }
        return instant
    }
}
