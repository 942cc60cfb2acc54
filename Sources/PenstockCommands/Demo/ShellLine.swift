// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// A command as one types it into a POSIX shell.
struct ShellLine: Sendable, Hashable {
    /// What is not separated when the line is broken: the command, and each option with its value.
    private let parts: [String]

    /// - Parameters:
    ///   - command: The command with its subcommands.
    ///   - options: By name, with their values; an empty value is a flag's.
    init(_ command: String, _ options: KeyValuePairs<String, String> = [:]) {
        self.parts =
            [command]
            + options.map { name, value in value.isEmpty ? name : "\(name) \(Self.word(value))" }
    }

    /// The line, broken where it would be wider than `width`.
    ///
    /// - Parameter indentation: What the lines after the first begin with.
    func text(width: Int, indentation: String) -> String {
        var lines: [String] = []
        var line = "$"
        for part in self.parts {
            if line.count + 1 + part.count > width - 2, line != "$" {
                lines.append(line + " \\")
                line = indentation + part
            } else {
                line += " " + part
            }
        }
        return (lines + [line]).joined(separator: "\n")
    }

    private static func word(_ text: String) -> String {
        let isPlain = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./:,=@%+".contains($0)) }
        return isPlain ? text : EnvironmentCommand.quoted(text)
    }
}
