// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet

/// A router on a scripted worker, with one peer that sends and one that receives.
struct Call {
    let worker: Worker
    let channel: ScriptedChannel
    let server: WebRtcServer
    let router: Router
    let sending: WebRtcTransport
    let receiving: WebRtcTransport

    static let codecs = [
        RtpCodecCapability(kind: .audio, mimeType: "audio/opus", clockRate: 48000, channels: 2),
        RtpCodecCapability(kind: .video, mimeType: "video/VP8", clockRate: 90000),
    ]

    init() async throws {
        (worker, channel) = try await ScriptedChannel.worker()
        server = try await worker.createWebRtcServer(
            listenInfos: [TransportListenInfo(protocol: .udp, ip: "127.0.0.1", port: 44444)])
        router = try await worker.createRouter(mediaCodecs: Self.codecs)
        sending = try await router.createWebRtcTransport(.init(listen: .server(server)))
        receiving = try await router.createWebRtcTransport(.init(listen: .server(server)))
    }

    static func opus(ssrc: UInt32 = 1111, mid: String? = nil) -> ProducerOptions {
        ProducerOptions(
            kind: .audio,
            rtpParameters: RtpParameters(
                mid: mid,
                codecs: [RtpCodecParameters(mimeType: "audio/opus", payloadType: 111, clockRate: 48000, channels: 2)],
                encodings: [RtpEncodingParameters(ssrc: ssrc)]
            )
        )
    }

    static func vp8(ssrc: UInt32 = 2222) -> ProducerOptions {
        ProducerOptions(
            kind: .video,
            rtpParameters: RtpParameters(
                codecs: [RtpCodecParameters(mimeType: "video/VP8", payloadType: 96, clockRate: 90000)],
                encodings: [RtpEncodingParameters(ssrc: ssrc)]
            )
        )
    }

    /// What a peer can receive that takes over the router's numbers.
    var everything: RtpCapabilities { router.rtpCapabilities }

    func consume(_ producer: Producer, preferredLayers: ConsumerLayers?) async throws -> Consumer {
        try await receiving.consume(
            .init(producerId: producer.id, rtpCapabilities: everything, preferredLayers: preferredLayers)
        )
    }

    func consume(_ producer: Producer, mid: String? = nil) async throws -> Consumer {
        try await receiving.consume(.init(producerId: producer.id, rtpCapabilities: everything, mid: mid))
    }
}

/// Everything that a sequence which has ended, or is about to, still holds.
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
