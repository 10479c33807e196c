// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletCrypto
import SwiftletORTC
import SwiftletSRTP
import SwiftletWire

/// One publisher's VP8 and what its viewers ask for, as browsers would.
enum CrowdMedia {
    static let (publisher, viewer) = ("publisher", "viewer")
    private static let mid = "urn:ietf:params:rtp-hdrext:sdes:mid"
    private static let transportCC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

    static func keys(_ seed: UInt8) -> SRTPKeyingMaterial {
        let profile = SRTPProfile.gcm128
        let bytes = { (salt: UInt8, count: Int) in (0..<count).map { seed &* 31 &+ salt &+ UInt8(clamping: $0) } }
        return SRTPKeyingMaterial(
            profile: profile,
            localKey: bytes(1, profile.keyLength),
            localSalt: bytes(2, profile.saltLength),
            remoteKey: bytes(3, profile.keyLength),
            remoteSalt: bytes(4, profile.saltLength)
        )
    }

    private static func codecs(_ type: UInt8) -> [RtpCodecParameters] {
        let feedback = [
            RtcpFeedback(type: "nack"), RtcpFeedback(type: "nack", parameter: "pli"),
            RtcpFeedback(type: "transport-cc"),
        ]
        return [
            RtpCodecParameters(mimeType: "video/VP8", payloadType: type, clockRate: 90_000, rtcpFeedback: feedback),
            RtpCodecParameters(
                mimeType: "video/rtx",
                payloadType: type + 1,
                clockRate: 90_000,
                parameters: ["apt": .integer(Int(type))]
            ),
        ]
    }

    static var produce: ControlRequest.Produce {
        ControlRequest.Produce(
            id: "producer",
            transportId: publisher,
            kind: .video,
            rtpParameters: RtpParameters(
                mid: "0",
                codecs: codecs(96),
                headerExtensions: [.init(uri: mid, id: 1), .init(uri: transportCC, id: 3)],
                encodings: [.init(ssrc: 1000, rtx: .init(ssrc: 1001), scalabilityMode: "L1T3")]
            ),
            rtpMapping: RtpMapping(
                codecs: [
                    .init(payloadType: 96, mappedPayloadType: 101), .init(payloadType: 97, mappedPayloadType: 102),
                ],
                encodings: [.init(ssrc: 1000, mappedSsrc: 5000)]
            )
        )
    }

    static func consume(_ number: Int, on transport: String) -> ControlRequest.Consume {
        let ssrc = UInt32(10_000 + 2 * number)
        return ControlRequest.Consume(
            id: "consumer\(number)",
            transportId: transport,
            producerId: "producer",
            kind: .video,
            type: .simulcast,
            rtpParameters: RtpParameters(
                mid: "0",
                codecs: codecs(120),
                headerExtensions: [.init(uri: mid, id: 9), .init(uri: transportCC, id: 5)],
                encodings: [.init(ssrc: ssrc, rtx: .init(ssrc: ssrc + 1))],
                rtcp: .init(cname: "crowd")
            ),
            codecMapping: [
                .init(payloadType: 101, mappedPayloadType: 120), .init(payloadType: 102, mappedPayloadType: 121),
            ],
            consumableRtpEncodings: [.init(ssrc: 5000, scalabilityMode: "L1T3")]
        )
    }

    /// A packet of 1200 bytes; each two hundred and fiftieth is a key frame's, with picture numbers as VP8 has them, RFC 7741 §4.2.
    static func packet(_ number: UInt64, sealedBy sender: SRTPSender) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 1300)
        var span = bytes.mutableSpan
        let head: [UInt8] = [0x90, 96]
        span.store(head.span, at: 0)
        span.store(UInt16(truncatingIfNeeded: number), at: 2)
        span.store(UInt32(truncatingIfNeeded: number &* 3000), at: 4)
        span.store(UInt32(1000), at: 8)
        span.store(UInt32(0xBEDE_0001), at: 12)
        span[16] = 0x31
        span.store(UInt16(truncatingIfNeeded: number), at: 17)
        var payload = [UInt8](repeating: 0xAA, count: 1160)
        let isKey = number % 250 == 0
        let layer: UInt8 = isKey ? 0 : [0, 2, 1, 2][Int(number % 4)]
        let picture = UInt16(truncatingIfNeeded: number) & 0x7FFF
        payload.replaceSubrange(
            0..<7,
            with: [
                0x90, 0xE0, 0x80 | UInt8(picture >> 8), UInt8(picture & 0xFF), UInt8(number / 4 & 0xFF),
                layer << 6 | 0x20, isKey ? 0 : 1,
            ]
        )
        let length = sender.seal(
            into: &span,
            at: 0,
            headerLength: 20,
            prefix: Span(),
            body: payload.span,
            padding: 0,
            ssrc: 1000,
            index: number
        )
        return Array(bytes.prefix(length))
    }
}
