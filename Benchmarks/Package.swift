// swift-tools-version: 6.2
// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "penstock-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "penstock", path: "..")],
    targets: [
        .executableTarget(
            name: "wire-benchmark",
            dependencies: [.product(name: "PenstockWire", package: "penstock")]
        )
    ],
    swiftLanguageModes: [.v6]
)
