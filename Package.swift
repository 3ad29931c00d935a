// swift-tools-version: 6.2
// skipd: a streaming sensor event processor on Skip RNNs.
import PackageDescription

/// Every Swift target: Swift 6 language mode (the tools version's default), explicit existentials, imports that say what they leak.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "skipd",
    products: [
        .library(name: "SkipRNN", targets: ["SkipRNN"]),
        // For Benchmarks/.
        .library(name: "SkipStream", targets: ["SkipStream"]),
        .library(name: "CSkipKernels", targets: ["CSkipKernels"]),
        .executable(name: "skipd", targets: ["skipd"]),
        .executable(name: "skipctl", targets: ["skipctl"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        // skipd.toml: line and column in syntax errors.
        .package(url: "https://github.com/LebJe/TOMLKit", exact: "0.6.0"),
        // Metrics and dashboard, in skipd only. Without its traits it needs FoundationEssentials, not Foundation.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    ],
    targets: [
        // The inner loops in C.
        .target(name: "CSkipKernels"),
        .target(name: "SkipRNN", dependencies: ["CSkipKernels"], swiftSettings: strict),
        .testTarget(name: "SkipRNNTests", dependencies: ["SkipRNN", "CSkipKernels", "CAllocationCounter", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "CSkipKernelsTests", dependencies: ["CSkipKernels", "TestSupport"], swiftSettings: strict),

        .target(name: "SkipStream", dependencies: ["SkipRNN", "CSkipKernels"], swiftSettings: strict),
        .testTarget(name: "SkipStreamTests", dependencies: ["SkipStream", "SkipRNN", "CAllocationCounter", "TestSupport"], swiftSettings: strict),
        // For tests only: random numbers from a printed seed.
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        // For tests only: a malloc that counts.
        .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),

        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        // Streams' states on disk.
        .target(name: "SkipStore", dependencies: ["SkipStream", "CSQLite"], swiftSettings: strict),
        .testTarget(name: "SkipStoreTests", dependencies: ["SkipStore", "SkipStream", "TestSupport"], swiftSettings: strict),

        .target(
            name: "SkipConfiguration",
            dependencies: ["SkipStream", "SkipRNN", .product(name: "TOMLKit", package: "TOMLKit")], swiftSettings: strict),
        .testTarget(name: "SkipConfigurationTests", dependencies: ["SkipConfiguration", "SkipStream"], swiftSettings: strict),

        .systemLibrary(name: "CZeroMQ", pkgConfig: "libzmq", providers: [.apt(["libzmq3-dev"])]),
        .target(name: "ZeroMQ", dependencies: ["CZeroMQ"], swiftSettings: strict),
        .testTarget(name: "ZeroMQTests", dependencies: ["ZeroMQ"], swiftSettings: strict),

        // libnats, opened when a configuration asks for it.
        .target(name: "CNATS"),
        .target(name: "NATS", dependencies: ["CNATS"], swiftSettings: strict),
        .testTarget(name: "NATSTests", dependencies: ["NATS", "NATSServer"], swiftSettings: strict),
        // For tests only: a nats-server of one's own.
        .target(name: "NATSServer", dependencies: ["NATS"], path: "Tests/NATSServer", swiftSettings: strict),

        .executableTarget(
            name: "skipd",
            dependencies: [
                "CSkipKernels", "SkipRNN", "SkipStream", "SkipStore", "SkipConfiguration", "ZeroMQ", "NATS",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Hummingbird", package: "hummingbird"),
            ],
            // The dashboard is served from within the binary.
            resources: [
                .embedInCode("HTTP/Dashboard/dashboard.html"), .embedInCode("HTTP/Dashboard/dashboard.css"), .embedInCode("HTTP/Dashboard/dashboard.js"),
            ],
            swiftSettings: strict),

        // Starts the programs as they are and talks to them through their sockets.
        .testTarget(
            name: "skipdTests",
            dependencies: ["skipd", "SkipRNN", "SkipStream", "ZeroMQ", "NATS", "NATSServer", "TestSupport", .product(name: "Logging", package: "swift-log")], swiftSettings: strict),

        .executableTarget(
            name: "skipctl",
            dependencies: ["SkipRNN", "SkipRNNTraining", "SkipStream", "SkipConfiguration", "NATS", "ZeroMQ", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            swiftSettings: strict),
        // The tests run the real program.
        .testTarget(name: "skipctlTests", dependencies: ["skipctl", "skipd", "SkipRNN", "ZeroMQ"], swiftSettings: strict),
        // The installed unit under a real systemd.
        .testTarget(name: "SystemTests", dependencies: ["skipd", "skipctl"], swiftSettings: strict),

        // The inner loops of training in C.
        .target(name: "CSkipTraining"),
        .target(name: "SkipRNNTraining", dependencies: ["SkipRNN", "CSkipTraining"], swiftSettings: strict),
        .testTarget(name: "SkipRNNTrainingTests", dependencies: ["SkipRNN", "SkipRNNTraining", "CSkipTraining", "TestSupport"], swiftSettings: strict),

        // For tests only: whatever reads what others wrote, as `make fuzz` feeds it with made-up inputs and a test with those that are kept.
        .target(name: "FuzzTargets", dependencies: ["SkipRNN", "SkipStream", "SkipStore", "SkipConfiguration"], path: "Fuzzing/Targets", swiftSettings: strict),
        .testTarget(name: "FuzzTargetsTests", dependencies: ["FuzzTargets"], swiftSettings: strict),
    ]
)

// `make fuzz` alone: whoever builds skipd gets no fuzzer. It reaches what is visible in the package only, so it is no package of its own.
if Context.environment["SKIPD_FUZZ"] != nil {
    package.targets += [
        .target(name: "CLibFuzzer", path: "Fuzzing/CLibFuzzer"),
        .executableTarget(
            name: "skipd-fuzz", dependencies: ["CLibFuzzer", "FuzzTargets"], path: "Fuzzing/Program",
            swiftSettings: strict, linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]),
    ]
}
