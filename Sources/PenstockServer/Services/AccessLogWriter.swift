// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOPosix
import PenstockArtifacts
import PenstockHTTP
import PenstockModel
import ServiceLifecycle

/// Where lines about requests go.
package enum AccessLogDestination: Sendable, Hashable {
    case standardOutput
    /// Lines are added to the file, which is made when it is not there. It is opened for each batch of lines, so it may
    /// be moved away at any time.
    case file(String)

    func open() throws(FileError) -> OpenFile {
        switch self {
        case .standardOutput: try OpenFile.standardOutput()
        case .file(let path): try OpenFile.appending(path)
        }
    }
}

/// Writes the access log, and ends when the last line is written.
struct AccessLogWriter: Service {
    /// From one batch to the next, so that a busy server writes many lines at once.
    static let interval = Duration.milliseconds(100)

    let log: AccessLog
    let destination: AccessLogDestination
    let logger: Logger

    func run() async throws {
        await withGracefulShutdownHandler {
            var isFailing = false
            for await _ in self.log.arrivals {
                isFailing = await self.writeBatch(isFailing)
                try? await Task.sleep(for: Self.interval)
            }
            _ = await self.writeBatch(isFailing)
        } onGracefulShutdown: {
            self.log.finish()
        }
    }

    /// Writes what waits. What cannot be written is counted, and told with the next batch that can.
    ///
    /// - Parameter wasFailing: Whether the batch before could not be written, of which the operator knows then.
    /// - Returns: Whether this one could not.
    private func writeBatch(_ wasFailing: Bool) async -> Bool {
        let (entries, dropped) = self.log.take()
        guard !entries.isEmpty || dropped > 0 else { return wasFailing }
        let destination = self.destination
        do {
            // Writing blocks, so it is done on a thread for that.
            try await NIOThreadPool.singleton.runIfActive {
                var lines = ByteBuffer()
                for entry in entries { entry.write(to: &lines) }
                if dropped > 0 { AccessLogEntry.write(dropped: dropped, at: SystemServiceClock.now, to: &lines) }
                try lines.withUnsafeReadableBytes { try destination.open().write($0) }
            }
            return false
        } catch {
            self.log.lose(entries.count + dropped)
            if !wasFailing {
                self.logger.error("the access log cannot be written", metadata: ["error": "\(error)"])
            }
            return true
        }
    }
}

extension ServerConfiguration {
    /// What writes the access log, if there is to be one.
    ///
    /// - Throws: ``ServerError`` with code `.configuration`.
    func accessLogWriter(logger: Logger) throws(ServerError) -> AccessLogWriter? {
        guard let destination = self.accessLog else { return nil }
        do throws(FileError) {
            _ = try destination.open()
        } catch {
            throw ServerError(.configuration, "The access log cannot be written: \(error).")
        }
        let start = ContinuousClock.now
        let log = AccessLog(
            realTime: { SystemServiceClock.now },
            uptime: { start.duration(to: .now) }
        )
        return AccessLogWriter(log: log, destination: destination, logger: logger)
    }
}
