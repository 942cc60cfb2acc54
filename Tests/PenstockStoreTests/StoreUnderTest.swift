// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import PenstockStore
import Testing

@testable import PenstockPostgres
@testable import PenstockSQLite

/// The stores that must answer alike.
enum StoreUnderTest: String, CaseIterable, CustomTestStringConvertible {
    case memory, sqlite, postgres

    /// Without PostgreSQL on this machine its part is left out; `PostgresStoreTests` says so.
    static var allCases: [StoreUnderTest] {
        PostgresCluster.isExpected ? [.memory, .sqlite, .postgres] : [.memory, .sqlite]
    }

    /// Those whose rows are bytes, which may be damaged.
    static var databases: [StoreUnderTest] { self.allCases.filter { $0 != .memory } }

    var testDescription: String { self.rawValue }

    /// Runs the body with one empty store.
    func withStore(_ body: (any Store) async throws -> Void) async throws {
        try await self.withHandles { store, _ in try await body(store) }
    }

    /// Runs the body with two handles on the same empty store, as independent of each other as its kind allows.
    func withHandles(_ body: (any Store, any Store) async throws -> Void) async throws {
        switch self {
        case .memory:
            let store = MemoryStore()
            try await body(store, store)
            await store.close()
        case .sqlite:
            try await withTemporaryDirectory { directory in
                let path = directory.appendingPathComponent("store.sqlite").path
                let store = try SQLiteStore(path: path)
                // One alone writes to a file, and sees what it wrote.
                try await body(store, store)
                await store.close()
            }
        case .postgres:
            try await withPostgresDatabase { configuration in
                let first = try await PostgresStore(testing: configuration)
                let second = try await PostgresStore(testing: configuration)
                try await body(first, second)
                await first.close()
                await second.close()
            }
        }
    }
}

extension StoreUnderTest {
    /// Puts bytes that nobody wrote into a column of every row of a table.
    typealias Damage = (_ column: String, _ table: String) async throws -> Void

    /// Runs the body with one empty database, whose rows it can damage.
    func withDamage(_ body: (any Store, Damage) async throws -> Void) async throws {
        switch self {
        case .memory: preconditionFailure("memory has no bytes")
        case .sqlite:
            try await withTemporaryDirectory { directory in
                let store = try SQLiteStore(path: directory.appendingPathComponent("store.sqlite").path)
                try await body(store) { column, table in
                    try await store.write { transaction in
                        let connection = (transaction as? SQLiteTransaction)?.connection
                        try #require(connection).run("UPDATE \(table) SET \(column) = x'ff'", [])
                    }
                }
                await store.close()
            }
        case .postgres:
            try await withPostgresDatabase { configuration in
                let store = try await PostgresStore(testing: configuration)
                try await body(store) { column, table in
                    try PostgresSession(configuration).run("UPDATE \(table) SET \(column) = '\\xff'")
                }
                await store.close()
            }
        }
    }
}

/// Runs the body with a new directory, which is gone afterwards.
func withTemporaryDirectory(_ body: (URL) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory
        .appendingPathComponent("penstock-store-\(UUID().uuidString)", isDirectory: true)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try await body(directory)
}
