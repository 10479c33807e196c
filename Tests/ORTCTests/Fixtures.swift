// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletORTC
import SwiftletWire

/// Reads a value from JSON text.
func decode<Value: Decodable>(_ type: Value.Type = Value.self, _ json: String) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(json.utf8))
}

/// The members that a value writes.
func members(_ value: some Encodable) throws -> [String: JSONValue] {
    try JSONDecoder().decode([String: JSONValue].self, from: JSONEncoder().encode(value))
}

func invalid(_ message: String) -> ORTCError { ORTCError(.invalidArgument, message) }
func unsupported(_ message: String) -> ORTCError { ORTCError(.unsupported, message) }

let videoFeedback = [
    RtcpFeedback(type: "goog-remb"), RtcpFeedback(type: "transport-cc"), RtcpFeedback(type: "ccm", parameter: "fir"),
    RtcpFeedback(type: "nack"), RtcpFeedback(type: "nack", parameter: "pli"),
]

/// Reads a list such as "96 VP8 | 97 rtx apt=96": what a browser's SDP says of its video codecs.
func videoCapabilities(_ list: String) -> [RtpCodecCapability] {
    list.split(whereSeparator: { "|\n".contains($0) }).compactMap { entry in
        let words = entry.split(separator: " ")
        guard words.count >= 2, let payloadType = UInt8(words[0]) else { return nil }
        let format = words.count > 2 ? words[2].split(separator: ";") : []
        let parameters = format.map { pair in
            let parts = pair.split(separator: "=").map(String.init)
            return (parts[0], Int(parts[1]).map { .integer($0) } ?? CodecParameterValue.string(parts[1]))
        }
        return RtpCodecCapability(
            kind: .video,
            mimeType: "video/\(words[1])",
            preferredPayloadType: payloadType,
            clockRate: 90000,
            parameters: Dictionary(parameters) { $1 },
            rtcpFeedback: words[1] == "rtx" ? [] : videoFeedback
        )
    }
}

func audio(
    _ name: String,
    _ payloadType: UInt8?,
    _ clockRate: UInt32,
    channels: UInt8 = 1,
    _ parameters: [String: CodecParameterValue] = [:],
    feedback: [RtcpFeedback] = []
) -> RtpCodecCapability {
    RtpCodecCapability(
        kind: .audio,
        mimeType: "audio/\(name)",
        preferredPayloadType: payloadType,
        clockRate: clockRate,
        channels: channels,
        parameters: parameters,
        rtcpFeedback: feedback
    )
}

func extensions(_ kind: MediaKind, _ list: [(UInt8, String)]) -> [RtpHeaderExtension] {
    list.map { RtpHeaderExtension(kind: kind, uri: $0.1, preferredId: $0.0) }
}

typealias URI = RtpHeaderExtensionURI

/// What Chromium 131 offers to receive.
let chromium = RtpCapabilities(
    codecs: [
        audio(
            "opus",
            111,
            48000,
            channels: 2,
            ["minptime": 10, "useinbandfec": 1],
            feedback: [RtcpFeedback(type: "transport-cc"), RtcpFeedback(type: "nack")]
        ),
        audio("red", 63, 48000, channels: 2), audio("G722", 9, 8000), audio("PCMU", 0, 8000),
        audio("PCMA", 8, 8000), audio("CN", 13, 8000), audio("telephone-event", 110, 48000),
        audio("telephone-event", 126, 8000),
    ]
        + videoCapabilities(
            """
            96 VP8 | 97 rtx apt=96
            102 H264 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f | 103 rtx apt=102
            104 H264 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42001f | 105 rtx apt=104
            106 H264 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f | 107 rtx apt=106
            108 H264 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f | 109 rtx apt=108
            127 H264 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f | 125 rtx apt=127
            39 H264 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=4d001f | 40 rtx apt=39
            112 H264 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=640c1f | 113 rtx apt=112
            45 AV1 level-idx=5;profile=0;tier=0 | 46 rtx apt=45
            98 VP9 profile-id=0 | 99 rtx apt=98
            100 VP9 profile-id=2 | 101 rtx apt=100
            114 red | 115 rtx apt=114 | 116 ulpfec
            """
        ),
    headerExtensions: extensions(
        .audio,
        [(14, URI.audioLevel), (2, URI.absSendTime), (3, URI.transportWideCC), (4, URI.mid)]
    )
        + extensions(
            .video,
            [
                (14, "urn:ietf:params:rtp-hdrext:toffset"), (2, URI.absSendTime), (13, URI.videoOrientation),
                (3, URI.transportWideCC), (5, URI.playoutDelay), (4, URI.mid), (10, URI.rtpStreamId),
                (11, URI.repairedRtpStreamId),
            ]
        )
)

/// What Firefox 133 offers to receive.
let firefox = RtpCapabilities(
    codecs: [
        audio("opus", 109, 48000, channels: 2, ["maxplaybackrate": 48000, "stereo": 1, "useinbandfec": 1]),
        audio("G722", 9, 8000), audio("PCMU", 0, 8000), audio("PCMA", 8, 8000),
        audio("telephone-event", 101, 8000),
    ]
        + videoCapabilities(
            """
            120 VP8 max-fs=12288;max-fr=60 | 124 rtx apt=120
            121 VP9 max-fs=12288;max-fr=60 | 125 rtx apt=121
            126 H264 profile-level-id=42e01f;level-asymmetry-allowed=1;packetization-mode=1 | 127 rtx apt=126
            97 H264 profile-level-id=42e01f;level-asymmetry-allowed=1 | 98 rtx apt=97
            105 H264 profile-level-id=42001f;level-asymmetry-allowed=1;packetization-mode=1 | 106 rtx apt=105
            103 H264 profile-level-id=42001f;level-asymmetry-allowed=1 | 104 rtx apt=103
            99 AV1 | 100 rtx apt=99
            123 ulpfec | 122 red | 119 rtx apt=122
            """
        ),
    headerExtensions: [
        RtpHeaderExtension(kind: .audio, uri: URI.audioLevel, preferredId: 1),
        RtpHeaderExtension(
            kind: .audio,
            uri: "urn:ietf:params:rtp-hdrext:csrc-audio-level",
            preferredId: 2,
            direction: .recvonly
        ),
        RtpHeaderExtension(kind: .audio, uri: URI.mid, preferredId: 3),
        RtpHeaderExtension(kind: .video, uri: URI.mid, preferredId: 3),
        RtpHeaderExtension(kind: .video, uri: URI.absSendTime, preferredId: 4),
        RtpHeaderExtension(kind: .video, uri: URI.playoutDelay, preferredId: 6, direction: .recvonly),
        RtpHeaderExtension(kind: .video, uri: URI.transportWideCC, preferredId: 7),
    ]
)

func video(_ name: String, _ parameters: [String: CodecParameterValue] = [:]) -> RtpCodecCapability {
    RtpCodecCapability(kind: .video, mimeType: "video/\(name)", clockRate: 90000, parameters: parameters)
}

func h264(_ profileLevelId: String, mode: Int = 1) -> RtpCodecCapability {
    video(
        "H264",
        [
            "profile-level-id": .string(profileLevelId), "packetization-mode": .integer(mode),
            "level-asymmetry-allowed": 1,
        ]
    )
}

/// A router of Opus and the given video codecs.
func router(_ codecs: RtpCodecCapability...) throws -> RtpCapabilities {
    try ORTC.routerRtpCapabilities(mediaCodecs: [audio("opus", nil, 48000, channels: 2)] + codecs)
}

/// A producer that sends the entries of `browser` with these payload types, as a browser's client would say it.
func producer(
    _ browser: RtpCapabilities,
    _ payloadTypes: UInt8...,
    mid: String? = "0",
    encodings: [RtpEncodingParameters] = [
        RtpEncodingParameters(ssrc: 11_111_111, rtx: RtpEncodingParameters.Rtx(ssrc: 11_111_112))
    ]
) -> RtpParameters {
    let codecs = payloadTypes.flatMap { payloadType in
        browser.codecs.filter { $0.preferredPayloadType == payloadType || $0.associatedPayloadType == payloadType }
    }
    let kind = codecs.first?.kind ?? .video
    return RtpParameters(
        mid: mid,
        codecs: codecs.map {
            RtpCodecParameters(
                mimeType: $0.mimeType,
                payloadType: $0.preferredPayloadType ?? 0,
                clockRate: $0.clockRate,
                channels: $0.channels,
                parameters: $0.parameters,
                rtcpFeedback: $0.rtcpFeedback
            )
        },
        headerExtensions: browser.headerExtensions.filter { $0.kind == kind && $0.direction.sends }.map {
            RtpHeaderExtensionParameters(uri: $0.uri, id: $0.preferredId)
        },
        encodings: encodings,
        rtcp: RtcpParameters(cname: "swift")
    )
}

func kind(of parameters: RtpParameters) -> MediaKind {
    parameters.codecs.first.flatMap { MediaKind(mimeType: $0.mimeType) } ?? .video
}

/// Takes a producer's parameters the whole way to what its router offers on.
func consumable(_ parameters: RtpParameters, in router: RtpCapabilities, seed: UInt64 = 1) throws -> RtpParameters {
    var random = SeededRandom(seed: seed)
    let kind = kind(of: parameters)
    let valid = try ORTC.validatedProducer(parameters, kind: kind)
    let mapping = try ORTC.producerRtpMapping(valid, routerCapabilities: router, using: &random)
    return try ORTC.consumableRtpParameters(valid, kind: kind, routerCapabilities: router, mapping: mapping)
}

/// What a consumer with these capabilities is sent of it.
func consumer(
    _ consumable: RtpParameters,
    _ capabilities: RtpCapabilities,
    mid: String? = "0",
    pipe: Bool = false,
    enableRtx: Bool? = nil,
    seed: UInt64 = 2
) throws -> ConsumerRtpParameters {
    var random = SeededRandom(seed: seed)
    return try ORTC.consumerRtpParameters(
        consumable,
        capabilities: capabilities,
        mid: mid,
        pipe: pipe,
        enableRtx: enableRtx,
        using: &random
    )
}

/// The codecs as "payload type name", "payload type rtx apt".
func summary(_ codecs: [RtpCodecParameters]) -> [String] {
    codecs.map { codec in
        let name = codec.mimeType.split(separator: "/").last.map(String.init) ?? ""
        let apt = codec.parameters["apt"].map { " \($0.text)" } ?? ""
        return "\(codec.payloadType) \(name)\(apt)"
    }
}
