// swift-tools-version: 6.2
// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// A release carries Swift's own libraries: it runs where Swift is not installed, and calls into them cost less.
///
/// The compiler names the parts of Foundation by itself only where the tests, too, are compiled for this.
let selfContained: [LinkerSetting] =
    [.unsafeFlags(["-static-stdlib"], .when(platforms: [.linux], configuration: .release))]
    + ["CoreFoundation", "_FoundationICU", "_FoundationCShims", "_FoundationCollections"].map {
        .linkedLibrary($0, .when(platforms: [.linux], configuration: .release))
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
            dependencies: [
                "PenstockModel",
                .product(name: "OrderedCollections", package: "swift-collections"),
            ]
        ),
        .target(name: "PenstockWire"),
        .target(
            name: "PenstockSigning",
            dependencies: [
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]
        ),
        .target(
            name: "PenstockAccess",
            dependencies: [
                "PenstockModel", "PenstockSigning",
                .product(name: "Crypto", package: "swift-crypto"),
            ]
        ),

        // MARK: Storage

        .target(
            name: "PenstockArtifacts",
            dependencies: [
                "PenstockModel",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .target(
            name: "PenstockStore",
            dependencies: [
                "PenstockArtifacts", "PenstockEngine", "PenstockModel",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HashTreeCollections", package: "swift-collections"),
            ]
        ),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(
            name: "PenstockSQLite",
            dependencies: [
                "PenstockStore",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(
            name: "PenstockPostgres",
            dependencies: [
                "CLibPQ", "PenstockStore",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),

        // MARK: Shell

        .target(
            name: "PenstockRuntime",
            dependencies: [
                "PenstockAccess", "PenstockArtifacts", "PenstockEngine", "PenstockModel", "PenstockStore",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "OrderedCollections", package: "swift-collections"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .target(
            name: "PenstockOutbound",
            dependencies: [
                "PenstockSigning", .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .target(
            name: "PenstockForeign",
            dependencies: [
                "PenstockArtifacts", "PenstockOutbound", .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
            ]
        ),
        .target(
            name: "PenstockRunners",
            dependencies: [
                "PenstockArtifacts", "PenstockModel", "PenstockOutbound", "PenstockRuntime", "PenstockSigning",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
            ]
        ),
        .target(
            name: "PenstockEvents",
            dependencies: [
                "PenstockEngine", "PenstockModel", "PenstockOutbound", "PenstockRuntime", "PenstockSigning",
                "PenstockStore", .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]
        ),
        .target(
            name: "PenstockHTTP",
            dependencies: [
                "PenstockAccess", "PenstockModel", "PenstockSigning",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .target(
            name: "PenstockAPI",
            dependencies: [
                "PenstockHTTP", "PenstockRuntime", "PenstockWire",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ]
        ),
        .target(
            name: "PenstockS3",
            dependencies: [
                "PenstockArtifacts", "PenstockHTTP",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
            ]
        ),
        .target(
            name: "PenstockServer",
            dependencies: [
                "PenstockAPI", "PenstockEvents", "PenstockForeign", "PenstockOutbound", "PenstockPostgres",
                "PenstockRunners", "PenstockS3", "PenstockSQLite",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),

        .target(
            name: "PenstockUpkeep",
            dependencies: [
                "PenstockServer", .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),

        // MARK: Client side

        .target(
            name: "PenstockClient",
            dependencies: [
                "PenstockSigning", "PenstockWire",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .target(
            name: "PenstockWorker",
            dependencies: [
                "PenstockClient", "PenstockSigning",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .target(
            name: "PenstockCommands",
            dependencies: [
                "PenstockClient", "PenstockModel", "PenstockRuntime", "PenstockServer", "PenstockSigning",
                "PenstockUpkeep", "PenstockWorker",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]
        ),

        // MARK: Executables

        .executableTarget(
            name: "penstock",
            dependencies: ["PenstockCommands", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            linkerSettings: selfContained
        ),
        .executableTarget(
            name: "wiregen",
            dependencies: [.product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Tools/wiregen"
        ),

        .executableTarget(
            name: "store-benchmark",
            dependencies: [
                "PenstockModel", "PenstockSQLite", "PenstockStore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tools/store-benchmark"
        ),
        .executableTarget(
            name: "engine-benchmark",
            dependencies: [
                "CAllocationCount", "PenstockEngine", "PenstockModel",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "OrderedCollections", package: "swift-collections"),
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
                "PenstockClient", "PenstockServer", "PenstockWorker",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),

        // What the tests of the engine and the simulation both hold it to.
        .target(
            name: "PenstockEngineChecks",
            dependencies: [
                "PenstockEngine", "PenstockModel", .product(name: "OrderedCollections", package: "swift-collections"),
            ],
            path: "Tests/PenstockEngineChecks"
        ),
        // A server that tests of what calls others may let answer.
        .target(
            name: "LoopbackHTTP",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Tests/LoopbackHTTP"
        ),

        .executableTarget(
            name: "penstock-simulation",
            dependencies: [
                "PenstockAccess", "PenstockArtifacts", "PenstockEngine", "PenstockEngineChecks", "PenstockModel",
                "PenstockRuntime", "PenstockStore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "OrderedCollections", package: "swift-collections"),
            ],
            path: "Tests/PenstockSimulationTests"
        ),

        // The worker of the README, as the package of a user has it.
        .executableTarget(
            name: "ship",
            dependencies: [
                "PenstockWorker", .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            path: "Tests/Ship"
        ),

        // MARK: Tests

        .testTarget(name: "PenstockModelTests", dependencies: ["PenstockModel"]),
        .testTarget(
            name: "PenstockEngineTests",
            dependencies: [
                "PenstockEngine", "PenstockEngineChecks",
                .product(name: "OrderedCollections", package: "swift-collections"),
            ],
            exclude: ["Golden"]
        ),
        .testTarget(name: "PenstockWireTests", dependencies: ["PenstockWire"]),
        .testTarget(
            name: "PenstockSigningTests",
            dependencies: ["PenstockSigning", .product(name: "HTTPTypes", package: "swift-http-types")]
        ),
        .testTarget(name: "PenstockAccessTests", dependencies: ["PenstockAccess"]),
        .testTarget(
            name: "PenstockArtifactsTests",
            dependencies: ["PenstockArtifacts", .product(name: "NIOPosix", package: "swift-nio")]
        ),
        .testTarget(
            name: "PenstockStoreTests",
            dependencies: [
                "PenstockPostgres", "PenstockSQLite", "PenstockStore",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(
            name: "PenstockRuntimeTests",
            dependencies: [
                "PenstockRuntime",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .testTarget(
            name: "PenstockRunnersTests",
            dependencies: [
                "PenstockRunners",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .testTarget(
            name: "PenstockEventsTests",
            dependencies: [
                "LoopbackHTTP", "PenstockClient", "PenstockEvents", "PenstockOutbound", "PenstockServer",
                "PenstockSigning", "PenstockTesting", "PenstockWire",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]
        ),
        .testTarget(name: "PenstockOutboundTests", dependencies: ["PenstockOutbound"]),
        .testTarget(
            name: "PenstockForeignTests",
            dependencies: [
                "LoopbackHTTP", "PenstockForeign", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "PenstockHTTPTests",
            dependencies: [
                "PenstockHTTP",
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .testTarget(
            name: "PenstockAPITests",
            dependencies: [
                "PenstockAPI", "PenstockSQLite", "PenstockTesting",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle"),
            ]
        ),
        .testTarget(
            name: "PenstockS3Tests",
            dependencies: [
                "PenstockS3",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "PenstockClientTests",
            dependencies: [
                "PenstockClient", "PenstockSigning", "PenstockTesting",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "PenstockWorkerTests",
            dependencies: [
                "PenstockClient", "PenstockSigning", "PenstockTesting", "PenstockWorker",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .testTarget(
            name: "PenstockEndToEndTests",
            dependencies: [
                "PenstockTesting", "PenstockWorker",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .testTarget(
            name: "SnippetTests",
            dependencies: [
                "PenstockClient", "PenstockTesting", "PenstockWorker",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]
        ),
        .testTarget(
            name: "RepositoryTests",
            dependencies: [
                "PenstockAPI", "PenstockAccess", "PenstockArtifacts", "PenstockCommands", "PenstockModel",
                "PenstockRunners", "PenstockRuntime", "PenstockStore", "PenstockWire",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOPosix", package: "swift-nio"),
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
