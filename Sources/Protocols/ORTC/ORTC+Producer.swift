// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

extension ORTC {
    /// How a producer's streams relate to each other.
    ///
    /// - Throws: ``ORTCError`` when the codec cannot have the streams or layers that the encodings announce.
    package static func producerType(_ parameters: RtpParameters) throws(ORTCError) -> ProducerType {
        guard let first = parameters.encodings.first else { throw .invalid("empty params.encodings") }
        let codec = parameters.codecs.first { codec in
            first.codecPayloadType.map { codec.payloadType == $0 } ?? !codec.isFeature
        }
        guard let name = codec?.normalizedMimeType else { throw .invalid("no media codecs found") }
        let hasSVC = ["video/vp9", "video/av1"].contains(name)
        let hasSimulcast = hasSVC || ["video/vp8", "video/h264", "video/h265"].contains(name)
        let layers = ScalabilityMode(parsing: first.scalabilityMode)
        let hasLayers = layers.spatialLayers > 1 || layers.temporalLayers > 1
        if parameters.encodings.count == 1 {
            if !hasLayers { return .simple }
            if hasSVC { return .svc }
        }
        guard hasSimulcast else { throw .invalid("invalid RTP parameters: \(name) has no simulcast and no layers") }
        return .simulcast
    }

    /// The payload types and streams of a producer in its router.
    ///
    /// - Parameters:
    ///   - parameters: What the producer sends; checked by ``validatedProducer(_:kind:)``.
    ///   - capabilities: The router's, from ``routerRtpCapabilities(mediaCodecs:)``.
    ///   - taken: Synchronisation sources in use in the router.
    ///   - random: Where new ones come from.
    /// - Returns: An entry for each codec and each encoding of the producer.
    /// - Throws: ``ORTCError`` when the router lacks one of the codecs, or its RTX.
    package static func producerRtpMapping(
        _ parameters: RtpParameters,
        routerCapabilities capabilities: RtpCapabilities,
        avoiding taken: Set<UInt32> = [],
        using random: inout some RandomNumberGenerator
    ) throws(ORTCError) -> RtpMapping {
        var mapping = RtpMapping()
        var routed: [UInt8: UInt8] = [:]
        for codec in parameters.codecs where !codec.isRtx {
            guard let routerCodec = capabilities.codecs.first(where: { !$0.isRtx && matches(codec, $0) }),
                let payloadType = routerCodec.preferredPayloadType
            else {
                throw .unsupported("unsupported codec [mimeType:\(codec.mimeType), payloadType:\(codec.payloadType)]")
            }
            routed[codec.payloadType] = payloadType
        }
        for codec in parameters.codecs {
            var payloadType = routed[codec.payloadType]
            if codec.isRtx {
                guard let media = codec.associatedPayloadType.flatMap({ routed[$0] }) else {
                    throw .invalid("missing media codec found for RTX PT \(codec.payloadType)")
                }
                payloadType = rtxCodec(for: media, in: capabilities)?.preferredPayloadType
                guard payloadType != nil else { throw .unsupported("no RTX codec for capability codec PT \(media)") }
            }
            guard let payloadType else { continue }
            mapping.codecs.append(RtpCodecMapping(payloadType: codec.payloadType, mappedPayloadType: payloadType))
        }
        let encodings = parameters.encodings.isEmpty ? [RtpEncodingParameters()] : parameters.encodings
        var ssrc = randomSsrc(count: encodings.count, avoiding: taken, using: &random)
        for encoding in encodings {
            mapping.encodings.append(
                RtpEncodingMapping(
                    ssrc: encoding.ssrc,
                    rid: encoding.rid,
                    scalabilityMode: encoding.scalabilityMode,
                    mappedSsrc: ssrc
                )
            )
            ssrc &+= 1
        }
        return mapping
    }

    /// A producer's parameters as its router sees them, from which every consumer's are made: the router's payload
    /// types, feedback and extensions, the producer's format parameters and streams.
    ///
    /// RTX is there wherever the router has it, whether or not the producer itself retransmits. Redundant audio comes
    /// last, wherever the producer has it, so that the first codec is one of media.
    package static func consumableRtpParameters(
        _ parameters: RtpParameters,
        kind: MediaKind,
        routerCapabilities capabilities: RtpCapabilities,
        mapping: RtpMapping
    ) throws(ORTCError) -> RtpParameters {
        var consumable = RtpParameters(rtcp: RtcpParameters(cname: parameters.rtcp.cname), msid: parameters.msid)
        var seen = Set<UInt8>()
        var redundancy: [RtpCodecParameters] = []
        for codec in parameters.codecs where !codec.isRtx {
            guard let mapped = mapping.codecs.first(where: { $0.payloadType == codec.payloadType })?.mappedPayloadType,
                let routerCodec = capabilities.codecs.first(where: { $0.preferredPayloadType == mapped })
            else { throw .invalid("wrong mapping: no payload type for \(codec.payloadType)") }
            guard seen.insert(mapped).inserted else { continue }
            let resolved = RtpCodecParameters(
                mimeType: routerCodec.mimeType,
                payloadType: mapped,
                clockRate: routerCodec.clockRate,
                channels: routerCodec.channels,
                parameters: answerParameters(local: codec, remote: routerCodec),
                rtcpFeedback: routerCodec.rtcpFeedback
            )
            guard !resolved.isRed else {
                redundancy.append(resolved)
                continue
            }
            consumable.codecs.append(resolved)
            guard let rtx = rtxCodec(for: mapped, in: capabilities), let payloadType = rtx.preferredPayloadType else {
                continue
            }
            consumable.codecs.append(
                RtpCodecParameters(
                    mimeType: rtx.mimeType,
                    payloadType: payloadType,
                    clockRate: rtx.clockRate,
                    parameters: rtx.parameters,
                    rtcpFeedback: rtx.rtcpFeedback
                )
            )
        }
        for var red in redundancy {
            guard let inside = codec(inside: red, among: consumable.codecs) else { continue }
            red.parameters = redParameters(red.parameters, carrying: inside.payloadType)
            consumable.codecs.append(red)
        }
        for ext in capabilities.headerExtensions where ext.kind == kind && ext.direction.sends {
            consumable.headerExtensions.append(
                RtpHeaderExtensionParameters(uri: ext.uri, id: ext.preferredId, encrypt: ext.preferredEncrypt)
            )
        }
        let encodings = parameters.encodings.isEmpty ? [RtpEncodingParameters()] : parameters.encodings
        try require(encodings.count == mapping.encodings.count, "wrong mapping: sizes of encodings differ")
        for (encoding, mapped) in zip(encodings, mapping.encodings) {
            var encoding = encoding
            (encoding.rid, encoding.rtx, encoding.codecPayloadType) = (nil, nil, nil)
            encoding.ssrc = mapped.mappedSsrc
            consumable.encodings.append(encoding)
        }
        return consumable
    }

    /// The RTX codec of the media codec with this payload type.
    static func rtxCodec(for payloadType: UInt8, in capabilities: RtpCapabilities) -> RtpCodecCapability? {
        capabilities.codecs.first { $0.isRtx && $0.associatedPayloadType == payloadType }
    }
}
