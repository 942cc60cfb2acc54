// swift-tools-version: 6.2
// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// A release carries Swift's own libraries: it runs where Swift is not installed, and calls into them cost less.
///
/// Of Foundation's parts these are named, since the compiler adds them by itself only to modules that are compiled with
/// `-static-stdlib`, which would be another build than that of the tests.
let selfContained: [LinkerSetting] =
    [.unsafeFlags(["-static-stdlib"], .when(platforms: [.linux], configuration: .release))]
    + ["CoreFoundation", "_FoundationICU", "_FoundationCShims", "_FoundationCollections"].map {
        .linkedLibrary($0, .when(platforms: [.linux], configuration: .release))
    }

/// A release takes its memory from jemalloc, which costs a twentieth of the server less than the C library's.
///
/// It is a shared library, so that the C library and all others that are loaded take theirs from it too: what one of
/// them has allocated another may free.
let allocator: [LinkerSetting] = [.linkedLibrary("jemalloc", .when(platforms: [.linux], configuration: .release))]

/// Products of other packages that several targets depend on.
extension Target.Dependency {
    static let grdb = product(name: "GRDB", package: "GRDB.swift")
    static let grdbSQLite = product(name: "GRDBSQLite", package: "GRDB.swift")
    static let asyncHTTPClient = product(name: "AsyncHTTPClient", package: "async-http-client")
    static let hummingbirdCore = product(name: "HummingbirdCore", package: "hummingbird")
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let orderedCollections = product(name: "OrderedCollections", package: "swift-collections")
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
    static let logging = product(name: "Logging", package: "swift-log")
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
    static let serviceLifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
}

let package = Package(
    name: "penstock",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "PenstockClient", targets: ["PenstockClient"]),
        .library(name: "PenstockWorker", targets: ["PenstockWorker"]),
        .library(name: "PenstockTesting", targets: ["PenstockTesting"]),
        .library(name: "PenstockWire", targets: ["PenstockWire"]),
        .executable(name: "penstock", targets: ["penstock"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.34.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.2"),
    ],
    targets: [
        // MARK: Core: pure values and functions

        .target(name: "PenstockModel"),
        .target(
            name: "PenstockEngine",
            dependencies: ["PenstockModel", .orderedCollections]
        ),
        .target(name: "PenstockWire"),
        .target(
            name: "PenstockSigning",
            dependencies: [.crypto, .httpTypes]
        ),
        .target(
            name: "PenstockAccess",
            dependencies: ["PenstockModel", "PenstockSigning", .crypto]
        ),

        // MARK: Storage

        .target(
            name: "PenstockArtifacts",
            dependencies: ["PenstockModel", .crypto, .nioCore, .nioPosix]
        ),
        .target(
            name: "PenstockStore",
            dependencies: [
                "PenstockArtifacts", "PenstockEngine", "PenstockModel", .crypto,
                .product(name: "HashTreeCollections", package: "swift-collections"),
            ]
        ),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CSQLiteSettings", providers: [.apt(["libsqlite3-dev"])]),
        .target(
            name: "PenstockSQLite",
            dependencies: ["CSQLiteSettings", "PenstockStore", .grdb, .grdbSQLite, .logging]
        ),
        .target(
            name: "PenstockPostgres",
            dependencies: [
                "CLibPQ", "PenstockStore", .product(name: "DequeModule", package: "swift-collections"), .logging,
            ]
        ),

        // MARK: Shell

        .target(
            name: "PenstockRuntime",
            dependencies: [
                "PenstockAccess", "PenstockArtifacts", "PenstockEngine", "PenstockModel", "PenstockStore", .crypto,
                .logging, .orderedCollections, .product(name: "Metrics", package: "swift-metrics"), .serviceLifecycle,
            ]
        ),
        .target(
            name: "PenstockOutbound",
            dependencies: ["PenstockSigning", .asyncHTTPClient, .httpTypes, .nioCore, .nioHTTP1, .nioPosix]
        ),
        .target(
            name: "PenstockForeign",
            dependencies: ["PenstockArtifacts", "PenstockOutbound", .crypto, .asyncHTTPClient, .nioCore, .nioHTTP1]
        ),
        .target(
            name: "PenstockRunners",
            dependencies: [
                "PenstockArtifacts", "PenstockModel", "PenstockOutbound", "PenstockRuntime", "PenstockSigning",
                .asyncHTTPClient, .nioCore, .nioHTTP1,
            ]
        ),
        .target(
            name: "PenstockEvents",
            dependencies: [
                "PenstockEngine", "PenstockModel", "PenstockOutbound", "PenstockRuntime", "PenstockSigning",
                "PenstockStore", .asyncHTTPClient, .crypto, .httpTypes, .nioCore, .nioHTTP1, .nioPosix,
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]
        ),
        .target(
            name: "PenstockHTTP",
            dependencies: [
                "PenstockAccess", "PenstockModel", "PenstockSigning", .httpTypes, .hummingbirdCore, .logging, .nioCore,
                .nioHTTP1, .product(name: "NIOHTTPTypes", package: "swift-nio-extras"), .nioPosix, .serviceLifecycle,
            ]
        ),
        .target(
            name: "PenstockAPI",
            dependencies: [
                "PenstockHTTP", "PenstockRuntime", "PenstockWire", .httpTypes,
                .product(name: "Hummingbird", package: "hummingbird"), .hummingbirdCore, .logging, .nioCore,
            ]
        ),
        .target(
            name: "PenstockS3",
            dependencies: [
                "PenstockArtifacts", "PenstockHTTP", .httpTypes, .hummingbirdCore, .logging, .nioCore, .nioHTTP1,
            ]
        ),
        .target(
            name: "PenstockServer",
            dependencies: [
                "PenstockAPI", "PenstockEvents", "PenstockForeign", "PenstockOutbound", "PenstockPostgres",
                "PenstockRunners", "PenstockS3", "PenstockSQLite", .httpTypes, .hummingbirdCore,
                .product(name: "HummingbirdTLS", package: "hummingbird"), .nioCore, .nioPosix, .logging, .nioSSL,
                .serviceLifecycle,
            ]
        ),

        .target(
            name: "PenstockUpkeep",
            dependencies: ["PenstockServer", .crypto, .nioCore, .nioPosix]
        ),

        // MARK: Client side

        .target(
            name: "PenstockClient",
            dependencies: [
                "PenstockSigning", "PenstockWire", .asyncHTTPClient, .crypto, .httpTypes, .nioCore, .nioHTTP1,
                .nioPosix, .nioSSL,
            ]
        ),
        .target(
            name: "PenstockWorker",
            dependencies: ["PenstockClient", "PenstockSigning", .httpTypes, .logging, .nioPosix, .serviceLifecycle]
        ),
        .target(
            name: "PenstockCommands",
            dependencies: [
                "PenstockClient", "PenstockModel", "PenstockRuntime", "PenstockServer", "PenstockSigning",
                "PenstockUpkeep", "PenstockWorker", .argumentParser, .httpTypes, .logging, .serviceLifecycle,
                .unixSignals,
            ]
        ),

        // MARK: Executables

        .executableTarget(
            name: "penstock",
            dependencies: ["PenstockCommands", .argumentParser],
            linkerSettings: selfContained + allocator
        ),
        .executableTarget(
            name: "wiregen",
            dependencies: [.argumentParser],
            path: "Tools/wiregen"
        ),

        .executableTarget(
            name: "store-benchmark",
            dependencies: ["PenstockModel", "PenstockSQLite", "PenstockStore", .argumentParser, .grdbSQLite, .logging],
            path: "Tools/store-benchmark"
        ),
        .executableTarget(
            name: "engine-benchmark",
            dependencies: [
                "CAllocationCount", "PenstockEngine", "PenstockModel", .argumentParser, .orderedCollections,
            ],
            path: "Tools/engine-benchmark",
            exclude: ["thresholds.json"]
        ),
        // Counts what the executable that has it allocates.
        .target(name: "CAllocationCount", path: "Tools/CAllocationCount"),

        // MARK: Test support

        .target(
            name: "PenstockTesting",
            dependencies: [
                "PenstockClient", "PenstockServer", "PenstockWorker", .httpTypes, .logging, .serviceLifecycle,
            ]
        ),

        // What the tests of the engine and the simulation both hold it to.
        .target(
            name: "PenstockEngineChecks",
            dependencies: ["PenstockEngine", "PenstockModel", .orderedCollections],
            path: "Tests/PenstockEngineChecks"
        ),
        // A server that tests of what calls others may let answer.
        .target(
            name: "LoopbackHTTP",
            dependencies: [.nioCore, .nioHTTP1, .nioPosix],
            path: "Tests/LoopbackHTTP"
        ),

        .executableTarget(
            name: "penstock-simulation",
            dependencies: [
                "PenstockAccess", "PenstockArtifacts", "PenstockEngine", "PenstockEngineChecks", "PenstockModel",
                "PenstockRuntime", "PenstockStore", .argumentParser, .logging, .orderedCollections,
            ],
            path: "Tests/PenstockSimulationTests"
        ),

        // The worker of the README, as the package of a user has it.
        .executableTarget(
            name: "ship",
            dependencies: ["PenstockWorker", .logging, .serviceLifecycle, .unixSignals],
            path: "Tests/Ship"
        ),

        // MARK: Tests

        .testTarget(name: "PenstockModelTests", dependencies: ["PenstockModel"]),
        .testTarget(
            name: "PenstockEngineTests",
            dependencies: ["PenstockEngine", "PenstockEngineChecks", .orderedCollections],
            exclude: ["Golden"]
        ),
        .testTarget(name: "PenstockWireTests", dependencies: ["PenstockWire"]),
        .testTarget(
            name: "PenstockSigningTests",
            dependencies: ["PenstockSigning", .httpTypes]
        ),
        .testTarget(name: "PenstockAccessTests", dependencies: ["PenstockAccess"]),
        .testTarget(
            name: "PenstockArtifactsTests",
            dependencies: ["PenstockArtifacts", .nioPosix]
        ),
        .testTarget(
            name: "PenstockStoreTests",
            dependencies: ["PenstockPostgres", "PenstockSQLite", "PenstockStore", .grdb, .grdbSQLite, .logging]
        ),
        .testTarget(
            name: "PenstockRuntimeTests",
            dependencies: ["PenstockRuntime", .logging, .serviceLifecycle]
        ),
        .testTarget(
            name: "PenstockRunnersTests",
            dependencies: ["PenstockRunners", .logging, .nioCore, .nioPosix, .serviceLifecycle]
        ),
        .testTarget(
            name: "PenstockEventsTests",
            dependencies: [
                "LoopbackHTTP", "PenstockClient", "PenstockEvents", "PenstockOutbound", "PenstockServer",
                "PenstockSigning", "PenstockTesting", "PenstockWire", .httpTypes,
            ]
        ),
        .testTarget(name: "PenstockOutboundTests", dependencies: ["PenstockOutbound"]),
        .testTarget(
            name: "PenstockForeignTests",
            dependencies: ["LoopbackHTTP", "PenstockForeign", .nioCore, .nioPosix]
        ),
        .testTarget(
            name: "PenstockHTTPTests",
            dependencies: [
                "PenstockHTTP", .httpTypes, .hummingbirdCore, .logging, .nioCore, .nioPosix, .serviceLifecycle,
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "PenstockAPITests",
            dependencies: [
                "PenstockAPI", "PenstockSQLite", "PenstockTesting", .httpTypes, .hummingbirdCore, .logging, .nioCore,
                .serviceLifecycle, .product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle"),
            ]
        ),
        .testTarget(
            name: "PenstockS3Tests",
            dependencies: ["PenstockS3", .httpTypes, .hummingbirdCore, .logging, .nioCore, .nioPosix]
        ),
        .testTarget(
            name: "PenstockClientTests",
            dependencies: ["PenstockClient", "PenstockSigning", "PenstockTesting", .httpTypes, .nioCore, .nioPosix]
        ),
        .testTarget(
            name: "PenstockWorkerTests",
            dependencies: [
                "PenstockClient", "PenstockSigning", "PenstockTesting", "PenstockWorker", .httpTypes, .logging,
                .serviceLifecycle,
            ]
        ),
        .testTarget(
            name: "PenstockEndToEndTests",
            dependencies: [
                "PenstockTesting", "PenstockWorker", .asyncHTTPClient, .httpTypes, .logging, .nioCore, .nioHTTP1,
                .nioPosix, .nioSSL, .serviceLifecycle,
            ]
        ),
        .testTarget(
            name: "SnippetTests",
            dependencies: [
                "PenstockClient", "PenstockTesting", "PenstockWorker", .logging, .serviceLifecycle, .unixSignals,
            ]
        ),
        .testTarget(
            name: "RepositoryTests",
            dependencies: [
                "PenstockAPI", "PenstockAccess", "PenstockArtifacts", "PenstockCommands", "PenstockModel",
                "PenstockRunners", "PenstockRuntime", "PenstockStore", "PenstockWire", .argumentParser, .logging,
                .nioPosix,
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)

// `scripts/test` builds once, optimised, for the tests as well as for what they run; everybody else's release builds, and
// the products that other packages use, know nothing of tests.
let isForTests = Context.environment["PENSTOCK_TESTS"] != nil

// The worker of the README is built without any of this, as the package of a user is.
for target in package.targets where target.type != .system && target.name != "ship" {
    if isForTests {
        // To optimise the tests themselves takes longer than they run.
        let flag = target.type == .test ? "-Onone" : "-enable-testing"
        target.swiftSettings = (target.swiftSettings ?? []) + [.unsafeFlags([flag])]
    }
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("ImmutableWeakCaptures"),
            .enableUpcomingFeature("InferIsolatedConformances"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
            .treatAllWarnings(as: .error),
        ]
}
