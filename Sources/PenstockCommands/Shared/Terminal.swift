// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PenstockServer

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What commands tell people and scripts.
enum Terminal {
    /// Writes a line to standard output, at once also where that is a file or a pipe.
    static func show(_ line: String) {
        print(line)
        fflush(nil)
    }

    /// Writes a line to standard error.
    static func warn(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// Tells why a command fails, and returns what it ends with.
    static func fail(_ error: ServerError) -> ExitCode {
        self.warn("penstock: \(error.message)")
        return ExitCode(error.code.exitStatus)
    }
}

extension ServerError.Code {
    /// Source: the exit statuses of BSD's sysexits.h, which service managers know.
    var exitStatus: Int32 {
        switch self {
        case .inUse: 75
        case .unusable: 74
        case .address: 69
        case .configuration: 78
        default: 70
        }
    }
}
