// swift-tools-version: 6.3
// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// The settings every target shares; one that needs more says why, beside its declaration.
let strict: [SwiftSetting] =
    [.swiftLanguageMode(.v6), .strictMemorySafety()]
    + [
        "ExistentialAny", "InternalImportsByDefault", "MemberImportVisibility", "NonisolatedNonsendingByDefault",
        "InferIsolatedConformances", "ImmutableWeakCaptures",
    ].map { .enableUpcomingFeature($0) }

/// Adds `@_lifetime`, for the targets that hand out views of a buffer.
let borrowing: [SwiftSetting] = strict + [.enableExperimentalFeature("Lifetimes")]

/// One room of the house: a target named `Swiftlet<name>` in `Sources/<floor>/<name>`.
func room(
    _ floor: String,
    _ name: String,
    _ needs: [Target.Dependency] = [],
    exclude: [String] = [],
    resources: [Resource] = []
) -> Target {
    .target(
        name: target(name),
        dependencies: needs,
        path: "Sources/\(floor)/\(name)",
        exclude: exclude,
        resources: resources.isEmpty ? nil : resources,
        swiftSettings: borrowing
    )
}

/// A room's name as a dependency.
func rooms(_ names: String...) -> [Target.Dependency] { names.map { .target(name: target($0)) } }

/// The target behind a room's name: the product's prefix goes in front where it is not there yet.
func target(_ name: String) -> String {
    name.hasPrefix("Swiftlet")
        || name.hasPrefix("C") && ["CChecksum", "CNetwork", "COpenSSL", "CMultiBuffer"].contains(name)
        ? name : "Swiftlet\(name)"
}

/// The tests of one room, in `Tests/<name>Tests`.
func tests(_ name: String, _ needs: [Target.Dependency]) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: needs, swiftSettings: borrowing)
}

// Intel's multi-buffer library exists for one architecture; elsewhere OpenSSL seals everything.
#if arch(x86_64)
let multiBuffer = rooms("CMultiBuffer")
#else
let multiBuffer: [Target.Dependency] = []
#endif

let package = Package(
    name: "swiftlet",
    products: [
        .library(name: "Swiftlet", targets: ["Swiftlet"]),
        .library(name: "SwiftletEmbedded", targets: ["SwiftletEmbedded"]),
        .library(name: "SwiftletClient", targets: ["SwiftletClient"]),
        .executable(name: "swiftlet", targets: ["SwiftletCommand"]),
        .executable(name: "swiftlet-worker", targets: ["swiftlet-worker"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(
            url: "https://github.com/apple/swift-configuration",
            from: "1.4.0",
            traits: [.defaults, "YAML", "CommandLineArguments"]
        ),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        // Without its traits, which would link all of Foundation, with ICU, into the worker.
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
        // The paths and descriptors in swift-subprocess's API.
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    ],
    targets: [
        // Ground
        .target(name: "CChecksum", path: "Sources/Ground/CChecksum"),
        room("Ground", "Wire", rooms("CChecksum")),
        .target(name: "CNetwork", path: "Sources/Ground/CNetwork"),
        .systemLibrary(name: "COpenSSL", path: "Sources/Ground/COpenSSL", providers: [.apt(["libssl-dev"])]),
        room("Ground", "Crypto", rooms("Wire", "COpenSSL") + multiBuffer),

        // Protocols
        room("Protocols", "RTP", rooms("Wire")),
        room("Protocols", "STUN", rooms("Wire", "Crypto")),
        room("Protocols", "ICE", rooms("STUN", "Wire", "Crypto")),
        room("Protocols", "DTLS", rooms("Wire", "Crypto", "COpenSSL")),
        room("Protocols", "SRTP", rooms("Wire", "RTP", "Crypto")),
        room("Protocols", "Congestion", rooms("Wire", "RTP")),
        room("Protocols", "SCTP", rooms("Wire", "Crypto")),
        room("Protocols", "ORTC"),
        room("Protocols", "Control", rooms("Wire", "ORTC")),

        // Media
        room("Media", "Streams", rooms("Wire", "RTP")),
        room("Media", "PeerLink", rooms("Wire", "RTP", "STUN", "ICE", "DTLS", "SRTP", "Crypto")),
        room(
            "Media",
            "WorkerProtocol",
            rooms("Control", "ORTC", "Wire") + [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
            exclude: ["worker.proto"]
        ),
        room(
            "Media",
            "Engine",
            rooms(
                "Streams",
                "PeerLink",
                "Congestion",
                "ICE",
                "DTLS",
                "SRTP",
                "SCTP",
                "RTP",
                "Crypto",
                "ORTC",
                "Control",
                "Wire"
            )
        ),
        room("Media", "EventLoop", rooms("Wire", "CNetwork")),
        room("Media", "SyntheticMedia", rooms("Wire")),
        room("Media", "Worker", rooms("Engine", "EventLoop", "Control", "WorkerProtocol", "Crypto", "ORTC", "Wire")),

        // Product
        room(
            "Product",
            "Swiftlet",
            rooms("ORTC", "Control", "WorkerProtocol") + [
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        room("Product", "SwiftletEmbedded", rooms("Swiftlet", "Worker")),
        room(
            "Product",
            "WebSockets",
            rooms("Crypto") + [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ]
        ),
        room("Product", "Signaling", rooms("ORTC")),
        room(
            "Product",
            "SwiftletServer",
            rooms("Swiftlet", "Signaling", "WebSockets", "Web", "Crypto", "ORTC") + [
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),

        room(
            "Product",
            "SwiftletClient",
            rooms(
                "PeerLink",
                "Streams",
                "Congestion",
                "EventLoop",
                "SyntheticMedia",
                "Signaling",
                "WebSockets",
                "ICE",
                "DTLS",
                "SRTP",
                "SCTP",
                "RTP",
                "Crypto",
                "ORTC",
                "Wire"
            ) + [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]
        ),

        room(
            "Product",
            "SwiftletLoad",
            rooms("SwiftletClient", "ORTC") + [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),

        // The browser's side: ES modules, the page, and the accessor the server reads them by.
        .target(
            name: "SwiftletWeb",
            path: "Web",
            resources: [.copy("client"), .copy("app")],
            swiftSettings: strict
        ),

        // Commands
        .executableTarget(
            name: "SwiftletCommand",
            dependencies: rooms("SwiftletServer", "SwiftletLoad", "SwiftletClient") + [
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            path: "Sources/Commands/SwiftletCommand",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "swiftlet-worker",
            dependencies: rooms("Worker"),
            path: "Sources/Commands/swiftlet-worker",
            swiftSettings: strict
        ),

        tests("Wire", rooms("Wire")),
        tests("ORTC", rooms("ORTC", "Wire")),
        tests("RTP", rooms("RTP", "Wire")),
        tests("Congestion", rooms("Congestion", "RTP", "Wire")),
        tests("WorkerProtocol", rooms("WorkerProtocol", "Control", "ORTC", "Wire")),
        tests("Swiftlet", rooms("Swiftlet", "WorkerProtocol", "Control", "ORTC", "Wire")),
        tests("SwiftletEmbedded", rooms("SwiftletEmbedded", "Swiftlet", "Control", "ORTC") + ["swiftlet-worker"]),
        tests("Signaling", rooms("Signaling", "ORTC")),
        // A WebSocket client that can break every rule.
        .target(
            name: "RawWebSocket",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            path: "Tests/Support/RawWebSocket",
            swiftSettings: strict
        ),
        tests(
            "WebSockets",
            rooms("WebSockets") + [
                "RawWebSocket", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        tests(
            "SwiftletServer",
            rooms("SwiftletServer", "Swiftlet", "Signaling", "WebSockets", "ORTC") + [
                "RawWebSocket", "swiftlet-worker", .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"), .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        tests(
            "SwiftletClient",
            rooms(
                "SwiftletClient",
                "SwiftletServer",
                "Engine",
                "Streams",
                "Control",
                "ORTC",
                "ICE",
                "DTLS",
                "RTP",
                "Crypto",
                "Wire"
            ) + [
                "swiftlet-worker", .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        tests(
            "SwiftletLoad",
            rooms("SwiftletLoad", "SwiftletClient", "SwiftletServer", "SwiftletCommand") + [
                "swiftlet-worker", .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        tests("Streams", rooms("Streams", "RTP", "Wire")),
        tests("STUN", rooms("STUN", "Crypto", "Wire")),
        tests("ICE", rooms("ICE", "STUN", "Crypto", "Wire")),
        tests("Crypto", rooms("Crypto", "Wire")),
        tests("EventLoop", rooms("EventLoop", "Wire")),
        tests("Worker", rooms("Worker", "EventLoop", "Wire")),
        tests("PeerLink", rooms("PeerLink", "ICE", "DTLS", "SRTP", "Crypto", "Wire")),
        tests(
            "Engine",
            rooms(
                "Engine",
                "PeerLink",
                "ICE",
                "Control",
                "ORTC",
                "Streams",
                "SRTP",
                "RTP",
                "DTLS",
                "Crypto",
                "Wire"
            )
        ),
        tests("SyntheticMedia", rooms("SyntheticMedia", "Streams", "RTP", "Wire")),
        .testTarget(
            name: "Simulation",
            dependencies: rooms(
                "Engine",
                "PeerLink",
                "Streams",
                "Control",
                "ORTC",
                "ICE",
                "SCTP",
                "DTLS",
                "SRTP",
                "RTP",
                "Crypto",
                "SyntheticMedia",
                "Wire"
            ),
            swiftSettings: borrowing
        ),
        // A path between two associations that loses, delays and reorders, and the clock of both.
        .target(
            name: "SCTPLink",
            dependencies: rooms("SCTP", "Wire"),
            path: "Tests/Support/SCTPLink",
            swiftSettings: borrowing
        ),
        tests("SCTP", rooms("SCTP", "Crypto", "Wire") + ["SCTPLink"]),
        tests("DTLS", rooms("DTLS", "Crypto", "COpenSSL", "Wire")),
        // Stands in front of malloc in the test process, and counts.
        .target(name: "CAllocationCounter", path: "Tests/Support/CAllocationCounter"),
        // An engine with many transports and consumers, to see what they take of memory.
        .target(
            name: "Crowd",
            dependencies: rooms(
                "Engine",
                "PeerLink",
                "ICE",
                "SCTP",
                "DTLS",
                "SRTP",
                "Crypto",
                "Control",
                "ORTC",
                "Wire"
            ),
            path: "Tests/Support/Crowd",
            swiftSettings: borrowing
        ),
        tests(
            "Allocation",
            rooms("Engine", "Control", "ORTC", "SRTP", "RTP", "Crypto", "Wire") + ["CAllocationCounter", "Crowd"]
        ),
        // The SRTP implementation to agree with, byte for byte.
        .systemLibrary(name: "CSRTP", path: "Tests/Support/CSRTP", providers: [.apt(["libsrtp2-dev"])]),
        tests("SRTP", rooms("SRTP", "Crypto", "Wire") + ["CSRTP"]),
        // The SCTP implementation to agree with: libusrsctp in virtual time, behind our association's interface.
        .target(
            name: "CUsrsctp",
            path: "Tests/Support/CUsrsctp",
            linkerSettings: [.linkedLibrary("usrsctp")]
        ),
        .target(
            name: "Usrsctp",
            dependencies: rooms("SCTP", "Wire") + ["CUsrsctp", "SCTPLink"],
            path: "Tests/Support/Usrsctp",
            swiftSettings: borrowing
        ),
        tests("SCTPInterop", rooms("SCTP", "Wire") + ["Usrsctp", "SCTPLink"]),
        // Echoes the data channels of raw peers, for the browser tests.
        .executableTarget(
            name: "DataEcho",
            dependencies: rooms("Swiftlet"),
            path: "Tests/Support/DataEcho",
            swiftSettings: strict
        ),
        // What `make fuzz` and the tests beside it feed.
        .target(
            name: "FuzzTargets",
            dependencies: rooms("Streams", "SRTP", "SCTP", "ICE", "STUN", "Congestion", "RTP", "Crypto", "Wire"),
            path: "Fuzz/Targets",
            swiftSettings: borrowing
        ),
        tests("Fuzz", rooms("Wire") + ["FuzzTargets"]),
    ]
)

// The benchmarks stand here and not in a package of their own, which would not see `package` symbols.
if Context.environment["SWIFTLET_BENCH"] != nil {
    package.products.append(.executable(name: "swiftlet-bench", targets: ["swiftlet-bench"]))
    package.products.append(.executable(name: "swiftlet-bench-join", targets: ["swiftlet-bench-join"]))
    package.targets += [
        .target(
            name: "CForward",
            path: "Benchmarks/CForward",
            linkerSettings: [.linkedLibrary("crypto")]
        ),
        .executableTarget(
            name: "swiftlet-bench",
            dependencies: rooms(
                "Worker",
                "WorkerProtocol",
                "EventLoop",
                "Engine",
                "PeerLink",
                "Control",
                "ORTC",
                "SCTP",
                "ICE",
                "DTLS",
                "SRTP",
                "STUN",
                "Crypto",
                "Wire"
            ) + ["CForward", "Crowd", "Usrsctp", "swiftlet-worker"],
            path: "Benchmarks",
            exclude: ["CForward", "Join", "Peers/janus.py", "Peers/any_interface.c"],
            sources: ["Forward", "Data", "Peers"],
            swiftSettings: borrowing
        ),
        // By the public API, so it links the host's side, which the others do without.
        .executableTarget(
            name: "swiftlet-bench-join",
            dependencies: rooms("Swiftlet", "EventLoop", "PeerLink", "ICE", "DTLS", "SRTP", "Crypto", "Wire"),
            path: "Benchmarks/Join",
            swiftSettings: borrowing
        ),
    ]
}

#if arch(x86_64)
package.targets.append(
    .systemLibrary(name: "CMultiBuffer", path: "Sources/Ground/CMultiBuffer", providers: [.apt(["libipsec-mb-dev"])])
)
#endif

// The fuzzers are built apart from all else, with coverage counters in every room that they reach and nothing from outside.
if Context.environment["SWIFTLET_FUZZ"] != nil {
    let reached = [
        "CChecksum", "Wire", "COpenSSL", "CMultiBuffer", "Crypto", "RTP", "STUN", "ICE", "SRTP", "SCTP", "Congestion",
        "Streams",
    ].map(target)
    package.targets.removeAll { !reached.contains($0.name) && $0.name != "FuzzTargets" }
    package.targets += [
        .executableTarget(
            name: "swiftlet-fuzz",
            dependencies: ["FuzzTargets"],
            path: "Fuzz/Driver",
            swiftSettings: strict
        )
    ]
    package.products = [.executable(name: "swiftlet-fuzz", targets: ["swiftlet-fuzz"])]
    package.dependencies = []
}

if Context.environment["SWIFTLET_DOCS"] != nil {
    // `make docs` alone needs it.
    package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}

for target in package.targets where Context.environment["CI"] != nil && target.type != .system {
    if ["CChecksum", "CNetwork", "CForward", "CAllocationCounter", "CUsrsctp"].contains(target.name) {
        target.cSettings = (target.cSettings ?? []) + [.treatAllWarnings(as: .error)]
    } else {
        target.swiftSettings = (target.swiftSettings ?? []) + [.treatAllWarnings(as: .error)]
    }
}
