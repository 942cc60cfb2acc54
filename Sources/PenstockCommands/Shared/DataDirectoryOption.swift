// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Which data directory a command is about.
struct DataDirectoryOption: ParsableArguments {
    @Option(
        name: .customLong("data-dir"),
        help: ArgumentHelp(
            "The directory that holds everything. (default: PENSTOCK_DATA_DIR, or else ~/.penstock)",
            valueName: "directory"
        )
    )
    var directory: String?

    func validate() throws {
        guard self.directory?.isEmpty != true else { throw ValidationError("--data-dir names no directory.") }
    }

    /// The directory that is meant.
    var path: String {
        self.directory ?? Self.environment("PENSTOCK_DATA_DIR") ?? (Self.environment("HOME") ?? ".") + "/.penstock"
    }

    /// `nil` for a variable that is not set, or set to nothing.
    private static func environment(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }
}
