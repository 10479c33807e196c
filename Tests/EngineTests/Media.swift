// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC
import SwiftletWire

/// Parameters as a host would hand them down.
enum Media {
    static let mid = "urn:ietf:params:rtp-hdrext:sdes:mid"
    static let rid = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
    static let sendTime = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
    static let transportCC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
    static let audioLevel = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
    static let orientation = "urn:3gpp:video-orientation"

    static let videoFeedback = [
        RtcpFeedback(type: "nack"), RtcpFeedback(type: "nack", parameter: "pli"),
        RtcpFeedback(type: "ccm", parameter: "fir"), RtcpFeedback(type: "transport-cc"),
    ]

    static func vp8(_ payloadType: UInt8, feedback: [RtcpFeedback] = videoFeedback) -> RtpCodecParameters {
        RtpCodecParameters(mimeType: "video/VP8", payloadType: payloadType, clockRate: 90_000, rtcpFeedback: feedback)
    }

    static func rtx(_ payloadType: UInt8, apt: Int) -> RtpCodecParameters {
        RtpCodecParameters(
            mimeType: "video/rtx",
            payloadType: payloadType,
            clockRate: 90_000,
            parameters: ["apt": .integer(apt)]
        )
    }

    static func opus(_ payloadType: UInt8) -> RtpCodecParameters {
        RtpCodecParameters(
            mimeType: "audio/opus",
            payloadType: payloadType,
            clockRate: 48_000,
            channels: 2,
            parameters: ["useinbandfec": 1],
            rtcpFeedback: [RtcpFeedback(type: "transport-cc")]
        )
    }

    /// VP8 on 96 with RTX on 97.
    static func produceVideo(
        _ id: String,
        on transport: String,
        ssrc: UInt32 = 1000,
        rtx: UInt32? = 1001,
        paused: Bool = false
    ) -> ControlRequest.Produce {
        ControlRequest.Produce(
            id: id,
            transportId: transport,
            kind: .video,
            rtpParameters: RtpParameters(
                mid: "v\(ssrc)",
                codecs: [vp8(96), Media.rtx(97, apt: 96)],
                headerExtensions: [
                    .init(uri: mid, id: 1), .init(uri: transportCC, id: 3), .init(uri: orientation, id: 4),
                ],
                encodings: [.init(ssrc: ssrc, rtx: rtx.map { .init(ssrc: $0) })]
            ),
            rtpMapping: RtpMapping(
                codecs: [
                    .init(payloadType: 96, mappedPayloadType: 101), .init(payloadType: 97, mappedPayloadType: 102),
                ],
                encodings: [.init(ssrc: ssrc, mappedSsrc: ssrc + 5_000_000)]
            ),
            paused: paused
        )
    }

    /// Opus on 111.
    static func produceAudio(_ id: String, on transport: String, ssrc: UInt32 = 2000) -> ControlRequest.Produce {
        ControlRequest.Produce(
            id: id,
            transportId: transport,
            kind: .audio,
            rtpParameters: RtpParameters(
                mid: "a\(ssrc)",
                codecs: [opus(111)],
                headerExtensions: [
                    .init(uri: mid, id: 1), .init(uri: audioLevel, id: 2), .init(uri: transportCC, id: 3),
                ],
                encodings: [.init(ssrc: ssrc)]
            ),
            rtpMapping: RtpMapping(
                codecs: [.init(payloadType: 111, mappedPayloadType: 100)],
                encodings: [.init(ssrc: ssrc, mappedSsrc: ssrc + 5_000_000)]
            )
        )
    }

    /// VP8 on 120 with RTX on 121, extension ids of its own.
    static func consumeVideo(
        _ id: String,
        of producer: String,
        on transport: String,
        ssrc: UInt32 = 7000,
        rtx: UInt32? = 7001,
        mid name: String = "0",
        paused: Bool = false
    ) -> ControlRequest.Consume {
        ControlRequest.Consume(
            id: id,
            transportId: transport,
            producerId: producer,
            kind: .video,
            type: .simple,
            rtpParameters: RtpParameters(
                mid: name,
                codecs: [vp8(120)] + (rtx == nil ? [] : [Media.rtx(121, apt: 120)]),
                headerExtensions: [
                    .init(uri: Media.mid, id: 9), .init(uri: transportCC, id: 5), .init(uri: sendTime, id: 6),
                    .init(uri: orientation, id: 11),
                ],
                encodings: [.init(ssrc: ssrc, rtx: rtx.map { .init(ssrc: $0) })],
                rtcp: .init(cname: "cname")
            ),
            codecMapping: [
                .init(payloadType: 101, mappedPayloadType: 120), .init(payloadType: 102, mappedPayloadType: 121),
            ],
            consumableRtpEncodings: [.init(ssrc: 5_001_000)],
            paused: paused
        )
    }

    /// Opus on 109.
    static func consumeAudio(
        _ id: String,
        of producer: String,
        on transport: String,
        ssrc: UInt32 = 8000,
        mid name: String = "1"
    ) -> ControlRequest.Consume {
        ControlRequest.Consume(
            id: id,
            transportId: transport,
            producerId: producer,
            kind: .audio,
            type: .simple,
            rtpParameters: RtpParameters(
                mid: name,
                codecs: [opus(109)],
                headerExtensions: [.init(uri: Media.mid, id: 9), .init(uri: audioLevel, id: 10)],
                encodings: [.init(ssrc: ssrc)],
                rtcp: .init(cname: "cname")
            ),
            codecMapping: [.init(payloadType: 100, mappedPayloadType: 109)],
            consumableRtpEncodings: [.init(ssrc: 5_002_000)]
        )
    }

    /// A VP8 payload of `size` bytes; RFC 7741 §4.2 and §4.3: the inverse key-frame bit is the frame header's first.
    static func vp8Payload(key: Bool, start: Bool = true, size: Int = 100, fill: UInt8 = 0xAA) -> [UInt8] {
        [start ? 0x10 : 0x00, key ? 0x00 : 0x01] + [UInt8](repeating: fill, count: max(0, size - 2))
    }
}

extension Media {
    /// VP8 in three encodings, lowest first: SSRCs 1000, 1010 and 1020, RTX one above each.
    static func produceSimulcast(_ id: String, on transport: String) -> ControlRequest.Produce {
        var request = produceVideo(id, on: transport)
        request.rtpParameters.encodings = [1000, 1010, 1020].map { .init(ssrc: $0, rtx: .init(ssrc: $0 + 1)) }
        request.rtpMapping.encodings = [1000, 1010, 1020].map { .init(ssrc: $0, mappedSsrc: $0 + 5_000_000) }
        return request
    }
}
