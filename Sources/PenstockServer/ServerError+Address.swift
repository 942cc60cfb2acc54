// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension ServerError {
    /// `nil` unless the address is what the error is about.
    init?(listeningOn configuration: ServerConfiguration, failed error: any Error) {
        let reason: String
        switch error {
        // Their own descriptions speak of calls inside of a library.
        case let error as IOError: reason = String(cString: strerror(error.errnoCode))
        case let error as SocketAddressError.UnknownHost: reason = error.errorDescription
        case let error as SocketAddressError: reason = "\(error)"
        default: return nil
        }
        self.init(.address, "Cannot listen on \(configuration.host), port \(configuration.port): \(reason).")
    }
}
