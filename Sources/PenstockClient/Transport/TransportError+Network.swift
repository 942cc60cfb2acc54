// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension TransportError {
    /// Sorts the errors of the network by what a caller can do about them.
    ///
    /// - Parameter address: Where the request went, for the text.
    package init(translating error: any Error, address: String) {
        switch error {
        case let error as TransportError:
            self = error
        case is CancellationError:
            self.init(.cancelled, "the call was cancelled")
        case let error as HTTPClientError where error == .cancelled && Task.isCancelled:
            self.init(.cancelled, "the call was cancelled")
        case let error as HTTPClientError where [.deadlineExceeded, .readTimeout, .writeTimeout].contains(error):
            self.init(.timedOut, "\(address) did not answer in time", underlying: error)
        default:
            self.init(
                .connectionFailed, "the connection to \(address) failed: \(Self.reason(error))", underlying: error)
        }
    }

    /// What the system says, without what libraries write around it.
    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as IOError:
            return String(cString: strerror(error.errnoCode))
        case let error as SocketAddressError.UnknownHost:
            return error.errorDescription
        case let error as NIOConnectionError:
            guard error.connectionErrors.isEmpty else {
                // A name may have several addresses, which mostly fail alike.
                var reasons: [String] = []
                for each in error.connectionErrors.map({ Self.reason($0.error) }) where !reasons.contains(each) {
                    reasons.append(each)
                }
                return reasons.joined(separator: ", ")
            }
            return (error.dnsAError ?? error.dnsAAAAError).map { Self.reason($0) } ?? "no address was found"
        case let error as HTTPClientError where error == .connectTimeout:
            return "it was not made in time"
        case is NIOSSLExtraError:
            return "its certificate is of another host"
        case let error as NIOSSLError:
            // The library tells this by its own number alone.
            return "\(error)".contains("CERTIFICATE_VERIFY_FAILED")
                ? "no authority that is believed has signed its certificate" : "TLS: \(error)"
        default:
            return "\(error)"
        }
    }
}
