// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletORTC
import Testing

@Suite("Router capabilities")
struct RouterCapabilitiesTests {
    @Test("Each video codec is followed by its RTX, audio codecs stand alone")
    func generate() throws {
        let capabilities = try ORTC.routerRtpCapabilities(mediaCodecs: [
            audio("opus", nil, 48000, channels: 2, ["useinbandfec": 1, "foo": "bar"]),
            RtpCodecCapability(
                kind: .video,
                mimeType: "video/VP8",
                preferredPayloadType: 125,
                clockRate: 90000,
                rtcpFeedback: [RtcpFeedback(type: "made-up")]
            ),
            h264("4d0032"),
        ])
        let codecs = capabilities.codecs
        #expect(codecs.map(\.mimeType) == ["audio/opus", "video/VP8", "video/rtx", "video/H264", "video/rtx"])
        #expect(codecs.map(\.preferredPayloadType) == [100, 125, 101, 102, 103])
        #expect(codecs[2].parameters == ["apt": 125] && codecs[4].parameters == ["apt": 102])
        #expect(codecs[0].parameters == ["useinbandfec": 1, "foo": "bar"])
        #expect(codecs[0].rtcpFeedback == [RtcpFeedback(type: "nack"), RtcpFeedback(type: "transport-cc")])
        #expect(codecs[1].rtcpFeedback.count == 5 && !codecs[1].rtcpFeedback.contains(RtcpFeedback(type: "made-up")))
        #expect(codecs[3].parameters["level-asymmetry-allowed"] == 1)
        #expect(codecs[3].parameters["packetization-mode"] == 1)
    }

    @Test("Fixed payload types need not be asked for, and names are read in any case")
    func staticPayloadTypes() throws {
        let capabilities = try ORTC.routerRtpCapabilities(mediaCodecs: [
            audio("pcmu", nil, 8000), audio("PCMA", nil, 8000), audio("g722", nil, 8000), audio("CN", nil, 16000),
            audio("Telephone-Event", nil, 8000),
        ])
        #expect(capabilities.codecs.map(\.preferredPayloadType) == [0, 8, 9, 13, 100])
        #expect(capabilities.codecs[0].mimeType == "audio/PCMU")
    }

    @Test("All issue codecs are there", arguments: ["VP8", "VP9", "H264", "H265", "AV1"])
    func videoCodecs(name: String) throws {
        let capabilities = try router(video(name.lowercased()))
        #expect(capabilities.codecs.map(\.mimeType) == ["audio/opus", "video/\(name)", "video/rtx"])
    }

    @Test("Multi-channel Opus is told apart by its streams", arguments: [(4, 2, 2), (6, 4, 2), (8, 5, 3)])
    func multiopus(channels: UInt8, streams: Int, coupled: Int) throws {
        let parameters: [String: CodecParameterValue] = [
            "num_streams": .string("\(streams)"), "coupled_streams": .integer(coupled),
        ]
        let asked = audio("multiopus", nil, 48000, channels: channels, parameters)
        let codec = try #require(try ORTC.routerRtpCapabilities(mediaCodecs: [asked]).codecs.first)
        #expect(codec.channels == channels && codec.parameters["channel_mapping"] != nil)
        #expect(throws: unsupported("media codec not supported [mimeType:audio/multiopus]")) {
            try ORTC.routerRtpCapabilities(mediaCodecs: [audio("multiopus", nil, 48000, channels: channels)])
        }
    }

    @Test("A codec that is not supported is refused by name")
    func unsupportedCodecs() {
        for codec in [
            audio("chicken", nil, 8000, channels: 4), audio("opus", nil, 48000), audio("opus", nil, 44100, channels: 2),
            video("rtx", ["apt": 96]),
        ] {
            #expect(throws: unsupported("media codec not supported [mimeType:\(codec.mimeType)]")) {
                try ORTC.routerRtpCapabilities(mediaCodecs: [codec])
            }
        }
    }

    @Test("Two codecs cannot ask for one payload type, nor two rates of CN have the fixed one")
    func duplicates() {
        let opus = audio("opus", 100, 48000, channels: 2)
        #expect(throws: invalid("duplicated codec.preferredPayloadType 100 [mimeType:audio/opus]")) {
            try ORTC.routerRtpCapabilities(mediaCodecs: [opus, opus])
        }
        #expect(throws: invalid("duplicated codec.preferredPayloadType 13 [mimeType:audio/CN]")) {
            try ORTC.routerRtpCapabilities(mediaCodecs: [audio("CN", nil, 8000), audio("CN", nil, 16000)])
        }
    }

    @Test("A payload type asked for later is not handed out before")
    func explicitFirst() throws {
        var late = video("VP9")
        late.preferredPayloadType = 102
        let capabilities = try router(video("VP8"), late)
        #expect(capabilities.codecs.map(\.preferredPayloadType) == [100, 101, 103, 102, 104])
    }

    @Test("Payload types that RTCP or probing could be mistaken for are refused", arguments: [64, 72, 95, 127])
    func reserved(payloadType: UInt8) {
        #expect(throws: invalid("reserved codec.preferredPayloadType \(payloadType) [mimeType:audio/opus]")) {
            try ORTC.routerRtpCapabilities(mediaCodecs: [audio("opus", payloadType, 48000, channels: 2)])
        }
    }

    @Test("60 dynamic payload types are handed out, none twice, none reserved, and the next one is refused")
    func exhaustion() throws {
        let full = try ORTC.routerRtpCapabilities(mediaCodecs: Array(repeating: video("VP8"), count: 30))
        let payloadTypes = full.codecs.compactMap(\.preferredPayloadType)
        #expect(payloadTypes.count == 60 && Set(payloadTypes).count == 60)
        #expect(payloadTypes.allSatisfy { (96...126).contains($0) || (35...63).contains($0) })
        #expect(Array(payloadTypes.prefix(31)) == Array(100...126) + Array(96...99))
        #expect(throws: ORTCError(.invalidState, "cannot allocate more dynamic codec payload types")) {
            try ORTC.routerRtpCapabilities(mediaCodecs: Array(repeating: video("VP8"), count: 31))
        }
    }

    @Test("All header extensions are there whatever the codecs, ids unique within a kind")
    func headerExtensions() throws {
        let capabilities = try ORTC.routerRtpCapabilities(mediaCodecs: [])
        #expect(capabilities.codecs.isEmpty)
        for kind in MediaKind.allCases {
            let list = capabilities.headerExtensions.filter { $0.kind == kind }
            #expect(Set(list.map(\.preferredId)).count == list.count)
            #expect(list.allSatisfy { (1...14).contains($0.preferredId) })
        }
        func direction(_ uri: String, _ kind: MediaKind) -> RtpHeaderExtensionDirection? {
            capabilities.headerExtensions.first { $0.uri == uri && $0.kind == kind }?.direction
        }
        #expect(direction(URI.dependencyDescriptor, .video) == .recvonly)
        #expect(direction(URI.rtpStreamId, .video) == .recvonly)
        #expect(direction(URI.audioLevel, .video) == nil)
    }

    @Test("Header extensions have the ids and directions that clients know them by")
    func extensionTable() throws {
        let list = try router().headerExtensions.map { ext in
            "\(ext.kind.rawValue) \(ext.preferredId) \(ext.uri.split(separator: "/").last ?? "") \(ext.direction.rawValue)"
        }
        let dependencyDescriptor = "#dependency-descriptor-rtp-header-extension"
        #expect(
            list == [
                "audio 1 urn:ietf:params:rtp-hdrext:sdes:mid sendrecv", "audio 4 abs-send-time sendrecv",
                "audio 5 draft-holmer-rmcat-transport-wide-cc-extensions-01 recvonly",
                "audio 6 urn:ietf:params:rtp-hdrext:ssrc-audio-level sendrecv", "audio 10 abs-capture-time sendrecv",
                "audio 11 playout-delay sendrecv", "video 1 urn:ietf:params:rtp-hdrext:sdes:mid sendrecv",
                "video 2 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id recvonly",
                "video 3 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id recvonly",
                "video 4 abs-send-time sendrecv",
                "video 5 draft-holmer-rmcat-transport-wide-cc-extensions-01 sendrecv",
                "video 7 \(dependencyDescriptor) recvonly", "video 8 urn:3gpp:video-orientation sendrecv",
                "video 10 abs-capture-time sendrecv", "video 11 playout-delay sendrecv",
                "video 13 video-layers-allocation00 recvonly",
            ]
        )
    }

    @Test("Transport feedback is read from audio too, so that a sender of sound alone gets it")
    func audioTransportFeedback() throws {
        let list = try router().headerExtensions.filter { $0.uri == URI.transportWideCC }
        #expect(list.map(\.kind) == [.audio, .video])
        #expect(list.map(\.direction) == [.recvonly, .sendrecv])
        #expect(try router().codecs[0].rtcpFeedback.contains(RtcpFeedback(type: "transport-cc")))
    }
}
