// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Names of the header extensions in use.
package enum RtpHeaderExtensionURI {
    /// RFC 9143 §15.2.
    package static let mid = "urn:ietf:params:rtp-hdrext:sdes:mid"
    /// RFC 8852 §3.3.
    package static let rtpStreamId = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
    /// RFC 8852 §3.3.
    package static let repairedRtpStreamId = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
    /// When the packet left, in 24 bits.
    package static let absSendTime = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
    /// A sequence number common to all streams of a transport.
    package static let transportWideCC =
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
    /// RFC 6464.
    package static let audioLevel = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
    /// AV1 RTP specification, appendix A.
    package static let dependencyDescriptor =
        "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
    /// 3GPP TS 26.114 §7.4.5.
    package static let videoOrientation = "urn:3gpp:video-orientation"
    /// When the frame was captured, in the sender's NTP time.
    package static let absCaptureTime = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"
    /// How long the receiver should hold a frame.
    package static let playoutDelay = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
    /// Which layers the sender makes, and how many bits it means to spend on each.
    package static let videoLayersAllocation =
        "http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00"
}

extension ORTC {
    /// Every codec and header extension that a router can be given.
    ///
    /// A codec here has a payload type only where RFC 3551 §6 fixes it. The id of an extension is the router's own;
    /// consumers get their client's.
    package static let supportedRtpCapabilities = RtpCapabilities(
        codecs: audioCodecs + videoCodecs,
        headerExtensions: headerExtensions
    )

    private static let audioCodecs: [RtpCodecCapability] = {
        let feedback = [RtcpFeedback(type: "nack"), RtcpFeedback(type: "transport-cc")]
        var codecs = [audio("opus", clockRate: 48000, channels: 2, feedback: feedback)]
        let layouts: [(channels: UInt8, mapping: String, streams: Int, coupled: Int)] = [
            (4, "0,1,2,3", 2, 2), (6, "0,4,1,2,3,5", 4, 2), (8, "0,6,1,2,3,4,5,7", 5, 3),
        ]
        for layout in layouts {
            var codec = audio("multiopus", clockRate: 48000, channels: layout.channels, feedback: feedback)
            codec.parameters = [
                "channel_mapping": .string(layout.mapping), "num_streams": .integer(layout.streams),
                "coupled_streams": .integer(layout.coupled),
            ]
            codecs.append(codec)
        }
        let transportCC = [RtcpFeedback(type: "transport-cc")]
        codecs.append(audio("red", clockRate: 48000, channels: 2, feedback: transportCC))
        codecs.append(audio("PCMU", payloadType: 0, clockRate: 8000, feedback: transportCC))
        codecs.append(audio("PCMA", payloadType: 8, clockRate: 8000, feedback: transportCC))
        // Its clock says 8000 although it samples at 16,000: RFC 3551 §4.5.2.
        codecs.append(audio("G722", payloadType: 9, clockRate: 8000, feedback: transportCC))
        codecs += [32000, 16000, 8000].map { audio("CN", payloadType: 13, clockRate: $0) }
        codecs += [48000, 32000, 16000, 8000].map { audio("telephone-event", clockRate: $0) }
        return codecs
    }()

    private static let videoCodecs: [RtpCodecCapability] = {
        let feedback = [
            RtcpFeedback(type: "nack"), RtcpFeedback(type: "nack", parameter: "pli"),
            RtcpFeedback(type: "ccm", parameter: "fir"), RtcpFeedback(type: "goog-remb"),
            RtcpFeedback(type: "transport-cc"),
        ]
        return ["VP8", "VP9", "H264", "H265", "AV1"].map { name in
            RtpCodecCapability(
                kind: .video,
                mimeType: "video/\(name)",
                clockRate: 90000,
                parameters: name == "H264" ? ["level-asymmetry-allowed": 1] : [:],
                rtcpFeedback: feedback
            )
        }
    }()

    private static func audio(
        _ name: String,
        payloadType: UInt8? = nil,
        clockRate: UInt32,
        channels: UInt8 = 1,
        feedback: [RtcpFeedback] = []
    ) -> RtpCodecCapability {
        RtpCodecCapability(
            kind: .audio,
            mimeType: "audio/\(name)",
            preferredPayloadType: payloadType,
            clockRate: clockRate,
            channels: channels,
            rtcpFeedback: feedback
        )
    }

    private static let headerExtensions: [RtpHeaderExtension] = {
        typealias URI = RtpHeaderExtensionURI
        let list: [(id: UInt8, uri: String, audio: RtpHeaderExtensionDirection?, video: RtpHeaderExtensionDirection?)] =
            [
                (1, URI.mid, .sendrecv, .sendrecv),
                (2, URI.rtpStreamId, nil, .recvonly),
                (3, URI.repairedRtpStreamId, nil, .recvonly),
                (4, URI.absSendTime, .sendrecv, .sendrecv),
                // Audio too, or the sender of sound alone gets no feedback and stays at its start bitrate.
                (5, URI.transportWideCC, .recvonly, .sendrecv),
                (6, URI.audioLevel, .sendrecv, nil),
                (7, URI.dependencyDescriptor, nil, .recvonly),
                (8, URI.videoOrientation, nil, .sendrecv),
                (10, URI.absCaptureTime, .sendrecv, .sendrecv),
                (11, URI.playoutDelay, .sendrecv, .sendrecv),
                // Not 9 and 12, which others know for the offset of transmission times and for the ids of packets.
                (13, URI.videoLayersAllocation, nil, .recvonly),
            ]
        return [MediaKind.audio, .video].flatMap { kind in
            list.compactMap { entry in
                guard let direction = kind == .audio ? entry.audio : entry.video else { return nil }
                return RtpHeaderExtension(kind: kind, uri: entry.uri, preferredId: entry.id, direction: direction)
            }
        }
    }()
}
