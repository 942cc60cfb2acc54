// swift-tools-version: 6.2
// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// As the server's: what is measured beside it has the same allocator.
let allocator: [LinkerSetting] = [.linkedLibrary("jemalloc", .when(platforms: [.linux], configuration: .release))]

let package = Package(
    name: "penstock-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "penstock", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
    ],
    targets: [
        .executableTarget(
            name: "wire-benchmark",
            dependencies: [.product(name: "PenstockWire", package: "penstock")]
        ),
        .systemLibrary(name: "CEpoll"),
        .executableTarget(
            name: "system-benchmark",
            dependencies: [
                "CEpoll",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "PenstockWire", package: "penstock"),
            ],
            linkerSettings: allocator
        ),
        .executableTarget(
            name: "constant-server",
            dependencies: [.product(name: "Hummingbird", package: "hummingbird")],
            linkerSettings: allocator
        ),
    ],
    swiftLanguageModes: [.v6]
)
