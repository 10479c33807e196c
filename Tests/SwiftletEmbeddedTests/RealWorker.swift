// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Swiftlet
import SwiftletEmbedded

/// The two ways to have a worker.
enum RealWorker: CaseIterable {
    case process
    case thread

    func start(_ settings: WorkerSettings = WorkerSettings()) async throws -> Worker {
        switch self {
        case .thread: return try await EmbeddedWorker.start(settings)
        case .process:
            var settings = settings
            settings.workerBinary = Self.binary
            return try await Worker.start(settings)
        }
    }

    /// The program that was built with these tests, unless `SWIFTLET_WORKER` names another.
    private static var binary: String? {
        if ProcessInfo.processInfo.environment["SWIFTLET_WORKER"] != nil { return nil }
        for argument in CommandLine.arguments where argument.contains(".xctest") {
            guard let bundle = argument.range(of: ".xctest") else { continue }
            let path = argument[..<bundle.lowerBound]
            guard let slash = path.lastIndex(of: "/") else { continue }
            return path[..<slash] + "/swiftlet-worker"
        }
        return nil
    }

    static let loopback = TransportListenInfo(protocol: .udp, ip: "127.0.0.1")

    static let codecs = [
        RtpCodecCapability(kind: .audio, mimeType: "audio/opus", clockRate: 48000, channels: 2),
        RtpCodecCapability(kind: .video, mimeType: "video/VP8", clockRate: 90000),
    ]

    static func opus(ssrc: UInt32) -> ProducerOptions {
        ProducerOptions(
            kind: .audio,
            rtpParameters: RtpParameters(
                mid: "a\(ssrc)",
                codecs: [RtpCodecParameters(mimeType: "audio/opus", payloadType: 111, clockRate: 48000, channels: 2)],
                encodings: [RtpEncodingParameters(ssrc: ssrc)]
            )
        )
    }
}

/// Everything that a sequence holds until it ends.
func all<Element: Sendable>(_ events: some AsyncSequence<Element, Never> & Sendable) async -> [Element] {
    var seen: [Element] = []
    for await event in events { seen.append(event) }
    return seen
}

/// The next thing that a sequence holds, or `nil` at its end.
func first<Element: Sendable>(_ events: some AsyncSequence<Element, Never> & Sendable) async -> Element? {
    for await event in events { return event }
    return nil
}

/// The error that `body` throws.
func failure(_ body: () async throws -> Void) async -> SwiftletError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? SwiftletError
    }
}
