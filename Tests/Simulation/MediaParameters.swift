// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC
import SwiftletRTP
import SwiftletSyntheticMedia

/// Requests as a host would make them for the peers of a ``MediaWorld``.
enum MediaParameters {
    private static let routerVideo: UInt8 = 101
    private static let routerAudio: UInt8 = 100
    private static let mapped: UInt32 = 5_000_000

    private static let feedback = [
        RtcpFeedback(type: "nack"), RtcpFeedback(type: "nack", parameter: "pli"),
        RtcpFeedback(type: "ccm", parameter: "fir"), RtcpFeedback(type: "transport-cc"),
    ]

    private static func video(_ codec: SyntheticCodec, _ media: UInt8, _ rtx: UInt8) -> [RtpCodecParameters] {
        var main = RtpCodecParameters(
            mimeType: codec.mimeType,
            payloadType: media,
            clockRate: 90_000,
            rtcpFeedback: feedback
        )
        switch codec {
        case .h264: main.parameters = ["packetization-mode": 1, "profile-level-id": "42e01f"]
        case .vp9: main.parameters = ["profile-id": 0]
        case .vp8, .av1: break
        }
        let repair = RtpCodecParameters(
            mimeType: "video/rtx",
            payloadType: rtx,
            clockRate: 90_000,
            parameters: ["apt": .integer(Int(media))]
        )
        return [main, repair]
    }

    private static func opus(_ payloadType: UInt8) -> [RtpCodecParameters] {
        [
            RtpCodecParameters(
                mimeType: "audio/opus",
                payloadType: payloadType,
                clockRate: 48_000,
                channels: 2,
                rtcpFeedback: [RtcpFeedback(type: "transport-cc")]
            )
        ]
    }

    private static func extensions(_ ids: [(RTPExtensionKind, UInt8)]) -> [RtpHeaderExtensionParameters] {
        ids.map { RtpHeaderExtensionParameters(uri: $0.0.uri, id: $0.1) }
    }

    static func produceVideo(_ publisher: Publisher) -> ControlRequest.Produce {
        let options = publisher.options
        let mode = options.structure.mode
        let encodings = publisher.encodings.indices.map { index in
            let encoding = publisher.encodings[index]
            return options.usesRIDs
                ? RtpEncodingParameters(rid: "r\(index)", scalabilityMode: mode)
                : RtpEncodingParameters(ssrc: encoding.ssrc, rtx: .init(ssrc: encoding.ssrc + 1), scalabilityMode: mode)
        }
        let mapping = publisher.encodings.indices.map { index in
            RtpEncodingMapping(
                ssrc: options.usesRIDs ? nil : publisher.encodings[index].ssrc,
                rid: options.usesRIDs ? "r\(index)" : nil,
                scalabilityMode: mode,
                mappedSsrc: mapped + publisher.firstSSRC + UInt32(index)
            )
        }
        return ControlRequest.Produce(
            id: publisher.videoID,
            transportId: publisher.name,
            kind: .video,
            rtpParameters: RtpParameters(
                mid: "v",
                codecs: video(options.codec, Publisher.videoType, Publisher.rtxType),
                headerExtensions: extensions([
                    (.mid, Extensions.mid), (.rid, Extensions.rid), (.repairedRID, Extensions.repairedRID),
                    (.absoluteSendTime, Extensions.sendTime),
                    (.transportSequenceNumber, Extensions.transportSequence),
                    (.dependencyDescriptor, Extensions.dependencies),
                ]),
                encodings: encodings
            ),
            rtpMapping: RtpMapping(
                codecs: [.init(payloadType: Publisher.videoType, mappedPayloadType: routerVideo)],
                encodings: mapping
            )
        )
    }

    static func produceAudio(_ publisher: Publisher) -> ControlRequest.Produce {
        ControlRequest.Produce(
            id: publisher.audioID,
            transportId: publisher.name,
            kind: .audio,
            rtpParameters: RtpParameters(
                mid: "a",
                codecs: opus(Publisher.audioType),
                headerExtensions: extensions([
                    (.mid, Extensions.mid), (.absoluteSendTime, Extensions.sendTime),
                    (.transportSequenceNumber, Extensions.transportSequence), (.audioLevel, Extensions.audioLevel),
                ]),
                encodings: [.init(ssrc: publisher.audioSSRC)]
            ),
            rtpMapping: RtpMapping(
                codecs: [.init(payloadType: Publisher.audioType, mappedPayloadType: routerAudio)],
                encodings: [.init(ssrc: publisher.audioSSRC, mappedSsrc: mapped + publisher.audioSSRC)]
            )
        )
    }

    static func consumeVideo(
        _ video: Viewer.Video,
        of publisher: Publisher,
        on viewer: Viewer,
        mid: String,
        _ preferred: ConsumerLayers?,
        paused: Bool
    ) -> ControlRequest.Consume {
        let options = publisher.options
        let count = publisher.encodings.count
        let mode = count > 1 ? "L\(count)T\(options.structure.temporal)" : options.structure.mode
        let type: ConsumerType =
            count > 1 ? .simulcast : options.structure.spatial * options.structure.temporal > 1 ? .svc : .simple
        return ControlRequest.Consume(
            id: video.id,
            transportId: viewer.name,
            producerId: publisher.videoID,
            kind: .video,
            type: type,
            rtpParameters: RtpParameters(
                mid: mid,
                codecs: Self.video(options.codec, Viewer.videoType, Viewer.rtxType),
                headerExtensions: extensions([
                    (.mid, Viewer.mid), (.absoluteSendTime, Viewer.sendTime),
                    (.transportSequenceNumber, Viewer.transportSequence),
                ]),
                encodings: [.init(ssrc: video.ssrc, rtx: .init(ssrc: video.ssrc + 1), scalabilityMode: mode)],
                rtcp: .init(cname: publisher.name)
            ),
            codecMapping: [.init(payloadType: routerVideo, mappedPayloadType: Viewer.videoType)],
            consumableRtpEncodings: publisher.encodings.indices.map { index in
                RtpEncodingParameters(
                    ssrc: mapped + publisher.firstSSRC + UInt32(index),
                    scalabilityMode: options.structure.mode
                )
            },
            paused: paused,
            preferredLayers: preferred
        )
    }

    static func consumeAudio(
        _ audio: Viewer.Audio,
        of publisher: Publisher,
        on viewer: Viewer
    ) -> ControlRequest.Consume {
        ControlRequest.Consume(
            id: "\(viewer.name)<\(publisher.audioID)",
            transportId: viewer.name,
            producerId: publisher.audioID,
            kind: .audio,
            type: .simple,
            rtpParameters: RtpParameters(
                mid: "a",
                codecs: opus(Viewer.audioType),
                headerExtensions: extensions([
                    (.mid, Viewer.mid), (.absoluteSendTime, Viewer.sendTime),
                    (.transportSequenceNumber, Viewer.transportSequence), (.audioLevel, Viewer.audioLevel),
                ]),
                encodings: [.init(ssrc: audio.ssrc)],
                rtcp: .init(cname: publisher.name)
            ),
            codecMapping: [.init(payloadType: routerAudio, mappedPayloadType: Viewer.audioType)],
            consumableRtpEncodings: [.init(ssrc: mapped + publisher.audioSSRC)]
        )
    }
}
