// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Swiftlet

/// A router on a worker of its own, through the public API.
struct Hall: Sendable {
    static let opus = RtpCodecCapability(kind: .audio, mimeType: "audio/opus", clockRate: 48_000, channels: 2)

    let worker: Worker
    let server: WebRtcServer
    let router: Router
    let port: UInt16

    init() async throws {
        worker = try await Worker.start()
        let info = TransportListenInfo(protocol: .udp, ip: "127.0.0.1")
        server = try await worker.createWebRtcServer(listenInfos: [info])
        port = server.addresses.first?.port ?? 0
        router = try await worker.createRouter(mediaCodecs: [
            Self.opus, RtpCodecCapability(kind: .video, mimeType: "video/VP8", clockRate: 90_000),
        ])
    }

    func transport() async throws -> WebRtcTransport {
        try await router.createWebRtcTransport(WebRtcTransportOptions(listen: .server(server)))
    }

    /// Sound as a browser offers it.
    func sound(_ ssrc: UInt32) -> ProducerOptions {
        ProducerOptions(
            kind: .audio,
            rtpParameters: RtpParameters(
                mid: "0",
                codecs: [
                    RtpCodecParameters(
                        mimeType: "audio/opus",
                        payloadType: MediaProbe.payloadType,
                        clockRate: 48_000,
                        channels: 2,
                        parameters: ["minptime": 10, "useinbandfec": 1],
                        rtcpFeedback: [RtcpFeedback(type: "transport-cc")]
                    )
                ],
                headerExtensions: [
                    RtpHeaderExtensionParameters(uri: "urn:ietf:params:rtp-hdrext:ssrc-audio-level", id: 1),
                    RtpHeaderExtensionParameters(
                        uri: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
                        id: 2
                    ),
                    RtpHeaderExtensionParameters(
                        uri: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
                        id: 3
                    ),
                    RtpHeaderExtensionParameters(uri: "urn:ietf:params:rtp-hdrext:sdes:mid", id: 4),
                ],
                encodings: [RtpEncodingParameters(ssrc: ssrc)],
                rtcp: RtcpParameters(cname: "peer-\(ssrc)")
            )
        )
    }

    /// Everything the router can, with its numbers: what a browser ends up with, too.
    func options(_ producer: Producer) -> ConsumerOptions {
        ConsumerOptions(producerId: producer.id, rtpCapabilities: router.rtpCapabilities, paused: true)
    }

    /// Two transports with a call between them, on a thread of its own.
    func startProbe() async throws -> MediaProbe {
        let probe = try MediaProbe()
        let (from, to) = (try await transport(), try await transport())
        let producer = try await from.produce(sound(MediaProbe.ssrc))
        try await from.connect(dtlsParameters: probe.dtlsParameters)
        try await to.connect(dtlsParameters: probe.dtlsParameters)
        let sides = [from, to].map { MediaProbe.Side(ice: $0.iceParameters, dtls: $0.dtlsParameters, port: port) }
        Thread {
            do { try probe.run(sending: sides[0], receiving: sides[1]) } catch {
                FileHandle.standardError.write(Data("the probe ended: \(error)\n".utf8))
            }
        }.start()
        var options = options(producer)
        options.paused = false
        _ = try await to.consume(options)
        for _ in 0..<500 where !probe.isConnected { try await Task.sleep(for: .milliseconds(10)) }
        guard probe.isConnected else { throw Refusal(text: "no media got through the worker") }
        return probe
    }

    /// What a counter of the worker stands at.
    func counter(_ name: String) async throws -> UInt64 { try await worker.dump().counters[name] ?? 0 }
}

/// Why nothing could be measured.
struct Refusal: Error, CustomStringConvertible {
    let text: String

    var description: String { text }
}
