// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import PenstockStore
import Synchronization
import Testing

@testable import PenstockPostgres

/// A PostgreSQL of the tests' own, started when the first test asks for it.
///
/// It lives in a temporary directory and ends with the test process, however that ends: a shell holds it, which waits
/// for the end of a pipe. Other clusters of the machine are never touched.
final class PostgresCluster: Sendable {
    /// Whether tests on PostgreSQL run. Where it is not installed they are skipped, but not on CI, which is to have it.
    static let isExpected =
        PostgresCluster.binaries != nil || ProcessInfo.processInfo.environment["CI"] != nil

    /// The cluster of this process, or why there is none.
    static let shared = Result { try PostgresCluster() }

    struct Unavailable: Error, CustomStringConvertible {
        var description: String
    }

    /// The newest installed version's programs.
    private static let binaries: URL? = {
        let root = URL(fileURLWithPath: "/usr/lib/postgresql", isDirectory: true)
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        let newest = versions.compactMap { Int($0) }.max()
        return newest.map { root.appendingPathComponent("\($0)/bin", isDirectory: true) }
    }()

    private let directory: URL
    private let port = Int.random(in: 20_000..<30_000)
    private let lastDatabase = Mutex(0)
    /// Held open as long as the process lives.
    private let lifeline = Pipe()

    private init() throws {
        guard let binaries = Self.binaries else {
            throw Unavailable(description: "PostgreSQL is not installed")
        }
        // Short, since the path of a socket is.
        self.directory = URL(fileURLWithPath: "/tmp/penstock-pg-\(UInt32.random(in: 0...UInt32.max))")
        let isRoot = getuid() == 0
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [
            "-c", Self.script, "sh", binaries.path, self.directory.path, "\(self.port)",
            isRoot ? "setpriv --reuid=postgres --regid=postgres --clear-groups --" : "",
        ]
        process.standardInput = self.lifeline
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        try self.waitUntilReady(process)
    }

    /// Makes the cluster with an order of text that is not that of bytes, serves it, and stops it when the input ends.
    private static let script = """
        bin="$1" dir="$2" port="$3" as="$4"
        umask 077
        mkdir "$dir" && cd "$dir" || exit 1
        [ -z "$as" ] || chown postgres:postgres "$dir"
        $as "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --no-sync \
            --locale-provider=icu --icu-locale=en --locale=C.UTF-8 \
            || { rm -rf "$dir/data"; $as "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --no-sync; } || exit 1
        $as "$bin/postgres" -D "$dir/data" -k "$dir" -p "$port" -c listen_addresses=127.0.0.1 -c fsync=off \
            -c max_connections=600 -c shared_buffers=32MB -c deadlock_timeout=20ms </dev/null &
        server=$!
        cat >/dev/null
        kill -INT "$server"
        wait "$server"
        rm -rf "$dir"
        """

    /// Blocks until a connection succeeds.
    private func waitUntilReady(_ process: Process) throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            if (try? PostgresSession(self.configuration(of: "postgres"))) != nil { return }
            guard process.isRunning, .now < deadline else {
                throw Unavailable(description: "PostgreSQL did not start in \(self.directory.path)")
            }
            usleep(50_000)
        }
    }

    /// Where the cluster listens on this machine.
    var socketPath: String { "\(self.directory.path)/.s.PGSQL.\(self.port)" }

    /// Settings for a database of the cluster, reached through its socket.
    func configuration(of database: String) -> PostgresConfiguration {
        PostgresConfiguration(
            connectionString:
                "host=\(self.directory.path) port=\(self.port) user=postgres dbname=\(database)",
            maximumConnections: 4
        )
    }

    /// Makes an empty database.
    func makeDatabase() throws -> PostgresConfiguration {
        let number = self.lastDatabase.withLock { last in
            last += 1
            return last
        }
        try PostgresSession(self.configuration(of: "postgres")).run("CREATE DATABASE test\(number)")
        return self.configuration(of: "test\(number)")
    }
}

/// Runs the body with the settings of an empty database.
func withPostgresDatabase(_ body: (PostgresConfiguration) async throws -> Void) async throws {
    try await body(try PostgresCluster.shared.get().makeDatabase())
}

extension PostgresStore {
    /// A store that logs nothing.
    convenience init(testing configuration: PostgresConfiguration) async throws {
        try await self.init(
            configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }
}
