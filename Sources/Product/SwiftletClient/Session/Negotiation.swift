// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletORTC
import SwiftletRTP
import SwiftletSignaling
import SwiftletSyntheticMedia
package import SwiftletWire

/// What a client says it can do, and how it reads what it is offered: pure functions.
package enum Negotiation {
    /// The member of a producer's `appData` by which our clients tell each other that the media is synthetic.
    package static let syntheticMember = "swiftletSynthetic"

    /// Our own capabilities in a room: all of the codecs that we can send or check, under the room's payload types.
    package static func capabilities(of room: RtpCapabilities) -> RtpCapabilities {
        var own = room
        let kept = room.codecs.filter { codec in
            let name = codec.normalizedName
            return name == "opus" || VideoCodec(rawValue: name) != nil
        }
        let types = Set(kept.compactMap(\.preferredPayloadType))
        own.codecs = room.codecs.filter { codec in
            if let type = codec.preferredPayloadType, types.contains(type) { return true }
            guard codec.isRtx, let associated = codec.associatedPayloadType else { return false }
            return types.contains(associated)
        }
        // The room says for each extension what it does; we do the other half.
        own.headerExtensions = room.headerExtensions.map { element in
            var element = element
            element.direction = .sendrecv
            return element
        }
        return own
    }

    // MARK: Sending

    /// What is to be published, in signalling's words and in the session's.
    package struct Offer: Sendable {
        package var parameters: RtpParameters
        package var plan: PublicationPlan
        package var appData: JSONValue
    }

    /// Finds codec, payload types and ids for something to publish.
    ///
    /// - Parameters:
    ///   - media: What.
    ///   - sources: A source for each encoding, the smallest first.
    ///   - codec: What the sources' payloads are, for video.
    ///   - mid: A name that no other publication of the client has.
    ///   - room: The room's capabilities.
    ///   - cname: Common to all publications of the client.
    ///   - random: Where SSRCs come from.
    /// - Returns: What to say, and what to send.
    /// - Throws: ``SwiftletClientError/Code/unsupported`` when the room does not carry the codec.
    package static func offer(
        _ media: OutgoingMedia,
        sources: [any PacketSource],
        codec: VideoCodec?,
        mid: String,
        room: RtpCapabilities,
        cname: String,
        using random: inout SeededRandom
    ) throws(SwiftletClientError) -> Offer {
        let mime = codec?.mimeType ?? "audio/opus"
        guard
            let main = room.codecs.first(where: { $0.normalizedMimeType == mime.lowercased() }),
            let type = main.preferredPayloadType, let name = StreamIdentifier(mid)
        else { throw SwiftletClientError(.unsupported, "the room does not carry \(mime)") }
        let repair = room.codecs.first { $0.isRtx && $0.kind == main.kind && $0.associatedPayloadType == type }
        let rtxType = media.kind == .video ? repair?.preferredPayloadType : nil
        var parameters = RtpParameters(mid: mid, rtcp: RtcpParameters(cname: cname))
        parameters.codecs = [parameter(main, type)]
        if let repair, let rtxType { parameters.codecs.append(parameter(repair, rtxType)) }
        var ids = RTPExtensionIDs()
        for element in room.headerExtensions where element.kind == media.kind && element.direction.receives {
            guard let kind = RTPExtensionKind(uri: element.uri), sent.contains(kind) else { continue }
            ids[kind] = element.preferredId
            parameters.headerExtensions.append(.init(uri: element.uri, id: element.preferredId))
        }
        let layers = layers(of: media)
        // As browsers do it: several streams are told apart by RID, a single one by SSRC.
        let usesRIDs = sources.count > 1
        var plan = PublicationPlan(mid: name, kind: media.kind, extensions: ids, streams: [])
        for (index, source) in sources.enumerated() {
            let ssrc = UInt32.random(in: 1...UInt32.max, using: &random)
            let rtx = rtxType.map { (ssrc: UInt32.random(in: 1...UInt32.max, using: &random), payloadType: $0) }
            let rid = usesRIDs ? "r\(index)" : nil
            plan.streams.append(
                OutgoingPlan(
                    ssrc: ssrc,
                    rtx: rtx,
                    payloadType: type,
                    clockRate: main.clockRate,
                    rid: rid.flatMap { StreamIdentifier($0) },
                    source: source
                )
            )
            parameters.encodings.append(
                RtpEncodingParameters(
                    ssrc: usesRIDs ? nil : ssrc,
                    rid: rid,
                    rtx: usesRIDs ? nil : rtx.map { .init(ssrc: $0.ssrc) },
                    scalabilityMode: media.kind == .video ? layers.mode : nil
                )
            )
        }
        return Offer(parameters: parameters, plan: plan, appData: appData(media))
    }

    /// What we write into packets.
    private static let sent: Set<RTPExtensionKind> = [
        .mid, .rid, .repairedRID, .absoluteSendTime, .transportSequenceNumber, .audioLevel, .dependencyDescriptor,
    ]

    private static func parameter(_ codec: RtpCodecCapability, _ type: UInt8) -> RtpCodecParameters {
        RtpCodecParameters(
            mimeType: codec.mimeType,
            payloadType: type,
            clockRate: codec.clockRate,
            channels: codec.channels,
            parameters: codec.parameters,
            rtcpFeedback: codec.rtcpFeedback
        )
    }

    private static func layers(of media: OutgoingMedia) -> LayerStructure {
        guard case .video(_, _, let layers) = media.content else { return LayerStructure() }
        return layers.structure
    }

    private static func appData(_ media: OutgoingMedia) -> JSONValue {
        switch media.content {
        case .audio(let source):
            guard case .synthetic = source.kind else { return ["source": "microphone"] }
            return .object(["source": "microphone", syntheticMember: .object([:])])
        case .video(let source, _, let layers):
            guard case .synthetic(_, let frameRate, _) = source.kind else { return ["source": "camera"] }
            let about: JSONValue = .object([
                "frameRate": .double(frameRate), "independentLayers": .bool(layers.prediction == .none),
            ])
            return .object(["source": "camera", syntheticMember: about])
        }
    }

    // MARK: Receiving

    /// How to receive what is offered.
    ///
    /// - Parameters:
    ///   - kind: Sound or video.
    ///   - type: How its sizes and layers travel.
    ///   - parameters: Its stream and codecs.
    ///   - appData: What its sender said of it.
    ///   - isChecked: Whether synthetic video is checked frame by frame.
    ///   - isRepaired: Whether lost packets of video are asked for.
    /// - Returns: The plan.
    /// - Throws: ``SwiftletClientError/Code/unsupported`` when it has no stream or codec that we understand.
    package static func subscription(
        _ kind: MediaKind,
        _ type: ConsumerType,
        _ parameters: RtpParameters,
        appData: JSONValue,
        isChecked: Bool = true,
        isRepaired: Bool = true
    ) throws(SwiftletClientError) -> SubscriptionPlan {
        guard let encoding = parameters.encodings.first, let ssrc = encoding.ssrc,
            let codec = parameters.codecs.first(where: { !$0.isFeature })
        else { throw SwiftletClientError(.unsupported, "an offer without a stream or codec") }
        let transportCC = parameters.headerExtensions.first { $0.uri == RTPExtensionKind.transportSequenceNumber.uri }
        return SubscriptionPlan(
            kind: kind,
            codec: SwiftletRTP.VideoCodec(subtype: codec.normalizedName),
            ssrc: ssrc,
            rtxSSRC: encoding.rtx?.ssrc,
            payloadType: codec.payloadType,
            clockRate: codec.clockRate,
            usesNack: isRepaired && codec.rtcpFeedback.contains(RtcpFeedback(type: "nack")) && kind == .video,
            usesKeyFrameRequests: kind == .video,
            transportSequence: transportCC?.id ?? 0,
            check: check(kind, type, codec, encoding, appData, isChecked)
        )
    }

    private static func check(
        _ kind: MediaKind,
        _ type: ConsumerType,
        _ codec: RtpCodecParameters,
        _ encoding: RtpEncodingParameters,
        _ appData: JSONValue,
        _ isChecked: Bool
    ) -> SubscriptionPlan.Check {
        guard let about = appData[syntheticMember] else { return .none }
        guard kind == .video else { return .syntheticAudio }
        guard let synthetic = SyntheticCodec(rawValue: codec.normalizedName) else { return .none }
        guard isChecked else { return .timedVideo(synthetic) }
        let isSVC = type == .svc && ScalabilityMode(parsing: encoding.scalabilityMode).spatialLayers > 1
        var rules = StreamChecker.Rules(synthetic, isSVC: isSVC)
        var frameRate = 30.0
        if case .double(let rate)? = about["frameRate"] { frameRate = rate }
        if case .integer(let rate)? = about["frameRate"] { frameRate = Double(rate) }
        rules.frameInterval = .nanoseconds(Int64(1e9 / min(max(frameRate, 1), 240)))
        rules.mayGrow = isSVC
        if case .bool(let independent)? = about["independentLayers"] { rules.hasIndependentLayers = independent }
        return .syntheticVideo(rules)
    }
}

extension VideoLayers {
    /// The same as synthetic sources know it.
    var structure: LayerStructure {
        let prediction: LayerStructure.Prediction =
            switch prediction {
            case .full: .full
            case .keyPictures: spatial > 1 ? .keyPictures : .full
            case .none: spatial > 1 ? .none : .full
            }
        return LayerStructure(spatial: spatial, temporal: temporal, prediction: prediction)
    }
}
