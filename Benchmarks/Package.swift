// swift-tools-version: 6.2
// What `make bench` and `make instructions` run; nested, so that users of skipd never resolve it.
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "Benchmarks",
    dependencies: [.package(name: "skipd", path: "..")],
    targets: [
        // What the machine can do: the measure of what we do.
        .target(name: "CMachine"),
        // The peer in C: a GRU step on OpenBLAS.
        .target(
            name: "COpenBLASStep", dependencies: [.product(name: "CSkipKernels", package: "skipd")],
            linkerSettings: [.linkedLibrary("openblas")]),
        // Models and messages, made up from a seed.
        .target(
            name: "Made", dependencies: [.product(name: "SkipRNN", package: "skipd"), .product(name: "SkipStream", package: "skipd")],
            swiftSettings: strict),
        .executableTarget(
            name: "measure",
            dependencies: [
                "CMachine", "COpenBLASStep", "Made", .product(name: "CSkipKernels", package: "skipd"),
                .product(name: "SkipRNN", package: "skipd"), .product(name: "SkipStream", package: "skipd"),
            ],
            swiftSettings: strict),
        // A fixed amount of work, whose instructions callgrind counts.
        .executableTarget(
            name: "workload",
            dependencies: ["Made", .product(name: "SkipRNN", package: "skipd"), .product(name: "SkipStream", package: "skipd")],
            swiftSettings: strict),

        // The other ends and the peers of the network measurements, in C on libzmq.
        .target(name: "CTraffic", linkerSettings: [.linkedLibrary("zmq")]),
        .executableTarget(
            name: "loops", dependencies: ["CTraffic", "Made", .product(name: "SkipStream", package: "skipd")], swiftSettings: strict),
        .executableTarget(name: "send-samples", dependencies: ["CTraffic"]),
        .executableTarget(name: "receive-and-drop", dependencies: ["CTraffic"]),
        .executableTarget(name: "echo", dependencies: ["CTraffic"]),
        .executableTarget(name: "time-results", dependencies: ["CTraffic"]),
    ]
)
