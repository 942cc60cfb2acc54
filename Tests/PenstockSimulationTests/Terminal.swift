// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What is told to whoever runs the simulation, and where it runs.
enum Terminal {
    static let processorCount = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))

    /// Tells a line at once, also where the output is a file.
    static func say(_ line: String) {
        print(line)
        fflush(nil)
    }
}
