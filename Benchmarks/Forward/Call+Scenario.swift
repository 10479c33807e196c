// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletCrypto
import SwiftletORTC
import SwiftletWire

/// The calls of a scenario: all that a worker is asked for before packets flow.
extension Call {
    static let audioPayloadType: UInt8 = 111
    /// The top layer's place among a peer's streams in a room, and its audio's.
    static let (topStream, audioStream) = (20, 30)

    /// Makes everything by requests, and says where the server listens.
    static func setUp(
        _ scenario: Scenario,
        ask: (ControlRequest) throws -> ControlReply,
        start: (String, SRTPKeyingMaterial, SocketAddress) -> Bool
    ) throws -> [ListenAddress] {
        guard let profile = scenario.suite.profile else {
            throw Refusal(text: "WebRTC has no transport without cipher")
        }
        let info = TransportListenInfo(protocol: .udp, ip: "127.0.0.1")
        guard case .webRtcServer(let addresses) = try ask(.createWebRtcServer(.init(id: "server", listenInfos: [info])))
        else { throw Refusal(text: "no server") }
        func join(_ peer: Int, _ router: String) throws {
            let id = "peer\(peer)"
            _ = try ask(.createWebRtcTransport(.init(id: id, routerId: router, listen: .server(id: "server"))))
            guard start(id, keys(peer, profile), scenario.address(of: peer)) else { throw Refusal(text: "no socket") }
        }
        for group in 0..<scenario.groups {
            let router = "router\(group)"
            _ = try ask(.createRouter(id: router))
            let first = scenario.firstReceiver(of: group)
            let receivers = first..<first + scenario.members
            for peer in receivers { try join(peer, router) }
            if scenario.shape == .fan {
                try join(group, router)
                _ = try ask(.produce(produceVideo(of: group)))
                for peer in receivers { _ = try ask(.consume(consumeVideo(of: group, by: peer, mid: 0))) }
                continue
            }
            for peer in receivers {
                _ = try ask(.produce(produceVideo(of: peer)))
                _ = try ask(.produce(produceAudio(of: peer)))
            }
            for peer in receivers {
                for (place, other) in receivers.enumerated() where other != peer {
                    _ = try ask(.consume(consumeAudio(of: other, by: peer, mid: 2 * place)))
                    _ = try ask(.consume(consumeVideo(of: other, by: peer, mid: 2 * place + 1)))
                }
            }
        }
        return addresses
    }

    /// What an SSRC is called between producer and consumers.
    private static func mapped(_ ssrc: UInt32) -> UInt32 { ssrc + 10_000_000 }

    /// The SSRC of what `peer` gets as its section `mid`.
    private static func received(_ peer: Int, _ mid: Int) -> UInt32 { 100_000_000 + UInt32(peer * 1000 + mid * 2) }

    private static func layers(of peer: Int) -> [UInt32] { [0, 10, topStream].map { Scenario.ssrc(of: peer, $0) } }

    private static func produceVideo(of peer: Int) -> ControlRequest.Produce {
        ControlRequest.Produce(
            id: "video\(peer)",
            transportId: "peer\(peer)",
            kind: .video,
            rtpParameters: RtpParameters(
                mid: "0",
                codecs: codecs(payloadType),
                headerExtensions: sentExtensions,
                encodings: layers(of: peer).map { .init(ssrc: $0, rtx: .init(ssrc: $0 + 1), scalabilityMode: "L1T3") }
            ),
            rtpMapping: RtpMapping(
                codecs: [
                    .init(payloadType: 96, mappedPayloadType: 101), .init(payloadType: 97, mappedPayloadType: 102),
                ],
                encodings: layers(of: peer).map { .init(ssrc: $0, mappedSsrc: mapped($0)) }
            )
        )
    }

    private static func consumeVideo(of publisher: Int, by peer: Int, mid: Int) -> ControlRequest.Consume {
        let own = received(peer, mid)
        return ControlRequest.Consume(
            id: "video\(publisher)-\(peer)",
            transportId: "peer\(peer)",
            producerId: "video\(publisher)",
            kind: .video,
            type: .simulcast,
            rtpParameters: RtpParameters(
                mid: String(mid),
                codecs: codecs(120),
                headerExtensions: receivedExtensions,
                encodings: [.init(ssrc: own, rtx: .init(ssrc: own + 1))],
                rtcp: .init(cname: "bench")
            ),
            codecMapping: [
                .init(payloadType: 101, mappedPayloadType: 120), .init(payloadType: 102, mappedPayloadType: 121),
            ],
            consumableRtpEncodings: layers(of: publisher).map { .init(ssrc: mapped($0), scalabilityMode: "L1T3") }
        )
    }

    private static func opus(_ payloadType: UInt8) -> RtpCodecParameters {
        RtpCodecParameters(
            mimeType: "audio/opus",
            payloadType: payloadType,
            clockRate: 48_000,
            channels: 2,
            rtcpFeedback: [RtcpFeedback(type: "transport-cc")]
        )
    }

    private static func produceAudio(of peer: Int) -> ControlRequest.Produce {
        let ssrc = Scenario.ssrc(of: peer, audioStream)
        return ControlRequest.Produce(
            id: "audio\(peer)",
            transportId: "peer\(peer)",
            kind: .audio,
            rtpParameters: RtpParameters(
                mid: "1",
                codecs: [opus(audioPayloadType)],
                headerExtensions: sentExtensions,
                encodings: [.init(ssrc: ssrc)]
            ),
            rtpMapping: RtpMapping(
                codecs: [.init(payloadType: audioPayloadType, mappedPayloadType: 100)],
                encodings: [.init(ssrc: ssrc, mappedSsrc: mapped(ssrc))]
            )
        )
    }

    private static func consumeAudio(of publisher: Int, by peer: Int, mid: Int) -> ControlRequest.Consume {
        ControlRequest.Consume(
            id: "audio\(publisher)-\(peer)",
            transportId: "peer\(peer)",
            producerId: "audio\(publisher)",
            kind: .audio,
            type: .simple,
            rtpParameters: RtpParameters(
                mid: String(mid),
                codecs: [opus(110)],
                headerExtensions: receivedExtensions,
                encodings: [.init(ssrc: received(peer, mid))],
                rtcp: .init(cname: "bench")
            ),
            codecMapping: [.init(payloadType: 100, mappedPayloadType: 110)],
            consumableRtpEncodings: [.init(ssrc: mapped(Scenario.ssrc(of: publisher, audioStream)))]
        )
    }
}
