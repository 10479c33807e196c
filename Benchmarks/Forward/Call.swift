// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletORTC
import SwiftletWire
import SwiftletControl

/// The call of one publisher of VP8 and its consumers, each with keys of its own.
///
/// The publisher announces three encodings of three temporal layers and sends the first: numbers, times, picture ids and
/// layers are looked at and rewritten for every consumer, and all is kept for retransmission.
enum Call {
    static let suite = SRTPProfile.gcm128
    static let ssrc: UInt32 = 1000
    static let payloadType: UInt8 = 96
    /// Id of the transport-wide sequence number on the publisher's packets.
    static let transportSequenceID: UInt8 = 3
    /// Where the first receiver stands; the others stand behind it.
    static let firstReceiver: UInt32 = 0x7F01_0001

    private static let mid = "urn:ietf:params:rtp-hdrext:sdes:mid"
    private static let sendTime = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
    private static let transportCC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
    private static let orientation = "urn:3gpp:video-orientation"

    /// What publishers send, and what consumers get under ids of their own.
    static let sentExtensions: [RtpHeaderExtensionParameters] = [
        .init(uri: mid, id: 1), .init(uri: transportCC, id: transportSequenceID), .init(uri: orientation, id: 4),
    ]
    static let receivedExtensions: [RtpHeaderExtensionParameters] = [
        .init(uri: mid, id: 9), .init(uri: transportCC, id: 5), .init(uri: sendTime, id: 6),
        .init(uri: orientation, id: 11),
    ]

    private static let encodings: [UInt32] = [ssrc, ssrc + 10, ssrc + 20]

    /// The worker's keys of its link to peer `index`.
    static func keys(_ index: Int, _ suite: SRTPProfile = suite) -> SRTPKeyingMaterial {
        let bytes = { (salt: Int, count: Int) in
            (0..<count).map { UInt8(truncatingIfNeeded: index &* 31 &+ salt &* 7 &+ $0 &* 13) }
        }
        return SRTPKeyingMaterial(
            profile: suite,
            localKey: bytes(1, suite.keyLength),
            localSalt: bytes(2, suite.saltLength),
            remoteKey: bytes(3, suite.keyLength),
            remoteSalt: bytes(4, suite.saltLength)
        )
    }

    static func codecs(_ payloadType: UInt8) -> [RtpCodecParameters] {
        let feedback = [
            RtcpFeedback(type: "nack"), RtcpFeedback(type: "nack", parameter: "pli"),
            RtcpFeedback(type: "ccm", parameter: "fir"), RtcpFeedback(type: "transport-cc"),
        ]
        return [
            RtpCodecParameters(
                mimeType: "video/VP8",
                payloadType: payloadType,
                clockRate: 90_000,
                rtcpFeedback: feedback
            ),
            RtpCodecParameters(
                mimeType: "video/rtx",
                payloadType: payloadType + 1,
                clockRate: 90_000,
                parameters: ["apt": .integer(Int(payloadType))]
            ),
        ]
    }

    /// The publisher's stream as a browser would offer it.
    static func produce(on transport: String) -> ControlRequest.Produce {
        ControlRequest.Produce(
            id: "producer",
            transportId: transport,
            kind: .video,
            rtpParameters: RtpParameters(
                mid: "0",
                codecs: codecs(payloadType),
                headerExtensions: sentExtensions,
                encodings: encodings.map {
                    .init(ssrc: $0, rtx: .init(ssrc: $0 + 1), scalabilityMode: "L1T3")
                }
            ),
            rtpMapping: RtpMapping(
                codecs: [
                    .init(payloadType: 96, mappedPayloadType: 101), .init(payloadType: 97, mappedPayloadType: 102),
                ],
                encodings: encodings.map { .init(ssrc: $0, mappedSsrc: $0 + 4000) }
            )
        )
    }

    /// Consumer `index` of it, with the payload types and extensions that a browser would have chosen.
    static func consume(_ index: Int, on transport: String) -> ControlRequest.Consume {
        let own = UInt32(10_000 + 2 * index)
        return ControlRequest.Consume(
            id: "consumer\(index)",
            transportId: transport,
            producerId: "producer",
            kind: .video,
            type: .simulcast,
            rtpParameters: RtpParameters(
                mid: "0",
                codecs: codecs(120),
                headerExtensions: receivedExtensions,
                encodings: [.init(ssrc: own, rtx: .init(ssrc: own + 1))],
                rtcp: .init(cname: "bench")
            ),
            codecMapping: [
                .init(payloadType: 101, mappedPayloadType: 120), .init(payloadType: 102, mappedPayloadType: 121),
            ],
            consumableRtpEncodings: encodings.map { .init(ssrc: $0 + 4000, scalabilityMode: "L1T3") }
        )
    }

    /// Makes the server, the router, the publisher and its consumers by requests, and says where the server listens.
    static func setUp(
        consumers: Int,
        publisher: SocketAddress,
        receiverPort: UInt16,
        ask: (ControlRequest) throws -> ControlReply,
        start: (String, SRTPKeyingMaterial, SocketAddress) -> Bool
    ) throws -> [ListenAddress] {
        let info = TransportListenInfo(protocol: .udp, ip: "127.0.0.1")
        guard case .webRtcServer(let addresses) = try ask(.createWebRtcServer(.init(id: "server", listenInfos: [info])))
        else { throw Refusal(text: "no server") }
        _ = try ask(.createRouter(id: "router"))
        func join(_ id: String, _ index: Int, _ address: SocketAddress) throws {
            _ = try ask(.createWebRtcTransport(.init(id: id, routerId: "router", listen: .server(id: "server"))))
            guard start(id, keys(index), address) else { throw Refusal(text: "no socket") }
        }
        try join("publisher", 0, publisher)
        _ = try ask(.produce(produce(on: "publisher")))
        for index in 1...consumers {
            let address = firstReceiver + UInt32(index - 1)
            try join("peer\(index)", index, SocketAddress(ipv4: address, port: receiverPort))
            _ = try ask(.consume(consume(index, on: "peer\(index)")))
        }
        return addresses
    }
}
