// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import Dispatch

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Tells what happens, one numbered step after the other: what it is, the commands that do the same, what came of it
/// and how long it took.
struct Narrator: Sendable {
    /// What a step has to say.
    struct Telling: Sendable {
        var commands: [ShellLine]
        var facts: [String]

        init(_ commands: ShellLine..., facts: [String]) {
            self.commands = commands
            self.facts = facts
        }
    }

    /// How wide a line may be; what users and workers wrote may exceed it.
    static let width = 100
    private static let indentation = "    "

    let pause: Pause?
    private let isStyled = isatty(STDOUT_FILENO) == 1
    private var number = 0
    /// How long all steps so far took, pauses left out.
    private(set) var total = Duration.zero

    init(pause: Pause? = nil) { self.pause = pause }

    /// Does something and tells of it.
    mutating func step<Result: Sendable>(
        _ title: String,
        _ body: () async throws -> (Result, Telling)
    ) async throws -> Result {
        let start = ContinuousClock.now
        let (result, telling) = try await body()
        await self.tell(title, took: ContinuousClock.now - start, telling)
        return result
    }

    /// Tells of what was done.
    mutating func tell(_ title: String, took time: Duration, _ telling: Telling) async {
        self.number += 1
        self.total += time
        let heading = "\(self.number < 10 ? " " : "")\(self.number). \(title)"
        let gap = String(repeating: " ", count: max(2, Self.width - heading.count - time.text.count))
        Terminal.show("\(self.bold(heading))\(gap)\(time.text)")
        for command in telling.commands {
            let text = command.text(
                width: Self.width - Self.indentation.count, indentation: Self.indentation + Self.indentation)
            Terminal.show(Self.indentation + text)
        }
        for line in telling.facts.flatMap({ $0.split(separator: "\n") }) { Terminal.show(Self.indentation + line) }
        Terminal.show("")
        await self.pause?.wait()
    }

    func bold(_ text: String) -> String { self.isStyled ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
}

/// Waits for the return key. At the end of the input it waits no more.
final class Pause: Sendable {
    private let lines: AsyncStream<Void>

    init() {
        let (lines, feed) = AsyncStream.makeStream(of: Void.self)
        self.lines = lines
        // Reading blocks, so it has a thread of its own; it ends with the input or the process. The library's streams
        // are left alone: one that waits for input is locked, and flushing all streams would wait for it.
        DispatchQueue(label: "penstock.demo.input").async {
            var byte: UInt8 = 0
            while read(STDIN_FILENO, &byte, 1) == 1 {
                if byte == UInt8(ascii: "\n") { feed.yield() }
            }
            feed.finish()
        }
    }

    func wait() async {
        Terminal.show("    Press Return to go on.")
        var iterator = self.lines.makeAsyncIterator()
        await iterator.next()
    }
}

extension Duration {
    /// As people read it: `12 ms`, `1.4 s`.
    var text: String {
        let milliseconds = self.components.seconds * 1000 + self.components.attoseconds / 1_000_000_000_000_000
        if milliseconds < 1 { return "< 1 ms" }
        if milliseconds < 1000 { return "\(milliseconds) ms" }
        return "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
    }
}
