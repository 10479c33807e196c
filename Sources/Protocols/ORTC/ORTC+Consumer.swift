// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What a consumer is sent, and how the router's payload types become its own.
package struct ConsumerRtpParameters: Hashable, Sendable {
    /// What the consumer's client is told.
    package var rtpParameters: RtpParameters
    /// From the consumable's payload types to those of ``rtpParameters``; several of the former may share one.
    ///
    /// What the consumer does not get has no entry. Where that is redundant audio, it gets what is inside.
    package var codecMapping: [RtpCodecMapping]

    package init(rtpParameters: RtpParameters, codecMapping: [RtpCodecMapping]) {
        (self.rtpParameters, self.codecMapping) = (rtpParameters, codecMapping)
    }
}

/// What a peer gets of all producers that are alike: everything but the numbers of each stream.
package struct ConsumerTemplate: Hashable, Sendable {
    fileprivate var codecs: [RtpCodecParameters]
    fileprivate var headerExtensions: [RtpHeaderExtensionParameters]
    fileprivate var codecMapping: [RtpCodecMapping]
}

extension ORTC {
    /// Whether
    /// ``consumerRtpParameters(_:capabilities:mid:pipe:enableRtx:forwardDependencyDescriptor:avoiding:using:)`` would
    /// succeed; bad capabilities can consume nothing.
    package static func canConsume(_ consumable: RtpParameters, capabilities: RtpCapabilities) -> Bool {
        guard let capabilities = try? validated(capabilities) else { return false }
        return !compatibleCodecs(consumable, capabilities, enableRtx: true).parameters.isEmpty
    }

    /// What to send to a client of these capabilities.
    ///
    /// Payload types and extension ids are the client's own, so whatever it offered can be served. A client that
    /// names no payload types gets the router's.
    ///
    /// - Parameters:
    ///   - consumable: From ``consumableRtpParameters(_:kind:routerCapabilities:mapping:)``.
    ///   - remote: What the client can receive.
    ///   - mid: The id to put on packets, unique in its transport; see ``TransportNumbers``.
    ///   - pipe: Whether to send every stream instead of one.
    ///   - enableRtx: Whether lost packets are sent again; absent, for video alone.
    ///   - forwardDependencyDescriptor: Whether the dependency descriptor stays on the packets, for a client that lists
    ///     it among its extensions.
    ///   - taken: Synchronisation sources in use on the consumer's transport.
    ///   - random: Where new ones come from.
    /// - Returns: The parameters, and how payload types map to them.
    /// - Throws: ``ORTCError`` when the capabilities or `mid` are bad, or no media codec is common.
    package static func consumerRtpParameters(
        _ consumable: RtpParameters,
        capabilities remote: RtpCapabilities,
        mid: String? = nil,
        pipe: Bool = false,
        enableRtx: Bool? = nil,
        forwardDependencyDescriptor: Bool = false,
        avoiding taken: Set<UInt32> = [],
        using random: inout some RandomNumberGenerator
    ) throws(ORTCError) -> ConsumerRtpParameters {
        try consumerRtpParameters(
            consumable,
            by: consumerTemplate(
                consumable,
                capabilities: remote,
                enableRtx: enableRtx,
                forwardDependencyDescriptor: forwardDependencyDescriptor
            ),
            mid: mid,
            pipe: pipe,
            avoiding: taken,
            using: &random
        )
    }

    /// Negotiates what is the same for every producer with the codecs and extensions of `consumable`; the parameters are
    /// those of
    /// ``consumerRtpParameters(_:capabilities:mid:pipe:enableRtx:forwardDependencyDescriptor:avoiding:using:)``.
    package static func consumerTemplate(
        _ consumable: RtpParameters,
        capabilities remote: RtpCapabilities,
        enableRtx: Bool? = nil,
        forwardDependencyDescriptor: Bool = false
    ) throws(ORTCError) -> ConsumerTemplate {
        let capabilities = try validated(remote)
        let kind = consumable.codecs.first.flatMap { MediaKind(mimeType: $0.mimeType) } ?? .audio
        var (codecs, mapping) = compatibleCodecs(consumable, capabilities, enableRtx: enableRtx ?? (kind == .video))
        guard !codecs.isEmpty else { throw .unsupported("no compatible media codecs") }
        var extensions = consumable.headerExtensions
        if forwardDependencyDescriptor, kind == .video {
            // Whatever id it has here, the client's own takes its place.
            extensions.append(RtpHeaderExtensionParameters(uri: RtpHeaderExtensionURI.dependencyDescriptor, id: 0))
        }
        extensions = compatibleExtensions(extensions, capabilities, kind: kind)
        pruneFeedback(&codecs, extensions)
        return ConsumerTemplate(codecs: codecs, headerExtensions: extensions, codecMapping: mapping)
    }

    /// What to send of one producer, by what was negotiated for all that are like it.
    package static func consumerRtpParameters(
        _ consumable: RtpParameters,
        by template: ConsumerTemplate,
        mid: String? = nil,
        pipe: Bool = false,
        avoiding taken: Set<UInt32> = [],
        using random: inout some RandomNumberGenerator
    ) throws(ORTCError) -> ConsumerRtpParameters {
        if let mid { try check(mid: mid) }
        let encodings = consumerEncodings(
            consumable.encodings,
            pipe: pipe,
            rtx: template.codecs.contains(where: \.isRtx),
            avoiding: taken,
            using: &random
        )
        let parameters = RtpParameters(
            mid: mid,
            codecs: template.codecs,
            headerExtensions: template.headerExtensions,
            encodings: encodings,
            rtcp: consumable.rtcp,
            msid: consumable.msid
        )
        return ConsumerRtpParameters(rtpParameters: parameters, codecMapping: template.codecMapping)
    }

    /// What to send over a pipe to another router: everything, with the router's own payload types.
    ///
    /// - Parameters:
    ///   - consumable: From ``consumableRtpParameters(_:kind:routerCapabilities:mapping:)``.
    ///   - capabilities: The router's, for what travels on pipes although it is not offered to clients.
    ///   - enableRtx: Whether lost packets are sent again; both ends of the pipe must agree.
    ///   - taken: Synchronisation sources in use on the pipe.
    ///   - random: Where new ones come from.
    /// - Returns: Parameters without a MID.
    package static func pipeConsumerRtpParameters(
        _ consumable: RtpParameters,
        routerCapabilities capabilities: RtpCapabilities,
        enableRtx: Bool = false,
        avoiding taken: Set<UInt32> = [],
        using random: inout some RandomNumberGenerator
    ) -> RtpParameters {
        var parameters = RtpParameters(rtcp: consumable.rtcp, msid: consumable.msid)
        var kept = [RtcpFeedback(type: "nack", parameter: "pli"), RtcpFeedback(type: "ccm", parameter: "fir")]
        if enableRtx { kept.append(RtcpFeedback(type: "nack")) }
        for var codec in consumable.codecs where enableRtx || !codec.isRtx {
            codec.rtcpFeedback = codec.rtcpFeedback.filter(kept.contains)
            parameters.codecs.append(codec)
        }
        typealias URI = RtpHeaderExtensionURI
        let dropped = [URI.mid, URI.absSendTime, URI.transportWideCC]
        parameters.headerExtensions = consumable.headerExtensions.filter { !dropped.contains($0.uri) }
        let kind = consumable.codecs.first.flatMap { MediaKind(mimeType: $0.mimeType) }
        for ext in capabilities.headerExtensions
        where ext.kind == kind && ext.uri == URI.dependencyDescriptor
            && !parameters.headerExtensions.contains(where: { $0.uri == ext.uri || $0.id == ext.preferredId })
        {
            parameters.headerExtensions.append(RtpHeaderExtensionParameters(uri: ext.uri, id: ext.preferredId))
        }
        let rtx = parameters.codecs.contains(where: \.isRtx)
        parameters.encodings = consumerEncodings(
            consumable.encodings,
            pipe: true,
            rtx: rtx,
            avoiding: taken,
            using: &random
        )
        return parameters
    }

    // MARK: - Parts

    /// The codecs of `consumable` that the client can receive, with its payload types, each media codec followed by
    /// its RTX codec, and redundant audio at the end; empty when there is no media codec among them.
    ///
    /// RTX is taken only for the codec that the client's own RTX entry points at.
    private static func compatibleCodecs(
        _ consumable: RtpParameters,
        _ remote: RtpCapabilities,
        enableRtx: Bool
    ) -> (parameters: [RtpCodecParameters], mapping: [RtpCodecMapping]) {
        var mapping: [RtpCodecMapping] = []
        var media: [(codec: RtpCodecParameters, consumable: UInt8)] = []
        var payloadTypeOfEntry: [Int: UInt8] = [:]
        var used = Set<UInt8>()
        for codec in consumable.codecs where !codec.isFeature {
            let found = remote.codecs.indices.first { index in
                let entry = remote.codecs[index]
                guard !entry.isFeature, matches(entry, codec) else { return false }
                let payloadType = entry.preferredPayloadType ?? codec.payloadType
                if payloadTypeOfEntry[index] != nil { return true }
                return !used.contains(payloadType) && !rtcpPayloadTypes.contains(payloadType)
            }
            guard let found else { continue }
            let entry = remote.codecs[found]
            let isNew = payloadTypeOfEntry[found] == nil
            let payloadType = payloadTypeOfEntry[found] ?? entry.preferredPayloadType ?? codec.payloadType
            mapping.append(RtpCodecMapping(payloadType: codec.payloadType, mappedPayloadType: payloadType))
            guard isNew else { continue }
            payloadTypeOfEntry[found] = payloadType
            used.insert(payloadType)
            var kept = codec
            kept.payloadType = payloadType
            kept.rtcpFeedback = entry.rtcpFeedback.filter { enableRtx || $0 != RtcpFeedback(type: "nack") }
            media.append((kept, codec.payloadType))
        }
        var codecs: [RtpCodecParameters] = []
        for (codec, consumablePayloadType) in media {
            codecs.append(codec)
            guard enableRtx,
                let rtx = consumable.codecs.first(where: {
                    $0.isRtx && $0.associatedPayloadType == consumablePayloadType
                }),
                let entry = remote.codecs.first(where: {
                    $0.isRtx && $0.associatedPayloadType == codec.payloadType && $0.clockRate == codec.clockRate
                        && $0.normalizedMimeType == rtx.normalizedMimeType
                })
            else { continue }
            let payloadType = entry.preferredPayloadType ?? rtx.payloadType
            guard !rtcpPayloadTypes.contains(payloadType), used.insert(payloadType).inserted else { continue }
            var kept = rtx
            kept.payloadType = payloadType
            kept.parameters["apt"] = .integer(Int(codec.payloadType))
            kept.rtcpFeedback = entry.rtcpFeedback
            codecs.append(kept)
            mapping.append(RtpCodecMapping(payloadType: rtx.payloadType, mappedPayloadType: payloadType))
        }
        appendRedundancy(of: consumable, remote, to: &codecs, &mapping, &used)
        return (codecs, mapping)
    }

    /// Adds redundant audio, where the client can receive it and gets what is inside.
    private static func appendRedundancy(
        of consumable: RtpParameters,
        _ remote: RtpCapabilities,
        to codecs: inout [RtpCodecParameters],
        _ mapping: inout [RtpCodecMapping],
        _ used: inout Set<UInt8>
    ) {
        for red in consumable.codecs where red.isRed {
            guard let inside = codec(inside: red, among: codecs),
                let entry = remote.codecs.first(where: { $0.isRed && matches($0, red) })
            else { continue }
            let payloadType = entry.preferredPayloadType ?? red.payloadType
            guard !rtcpPayloadTypes.contains(payloadType), used.insert(payloadType).inserted else { continue }
            var kept = red
            kept.payloadType = payloadType
            kept.parameters = redParameters(red.parameters, carrying: inside.payloadType)
            kept.rtcpFeedback = entry.rtcpFeedback
            codecs.append(kept)
            mapping.append(RtpCodecMapping(payloadType: red.payloadType, mappedPayloadType: payloadType))
        }
    }

    /// The extensions on the router's packets that the client reads on media of its kind, with its ids.
    private static func compatibleExtensions(
        _ extensions: [RtpHeaderExtensionParameters],
        _ remote: RtpCapabilities,
        kind: MediaKind
    ) -> [RtpHeaderExtensionParameters] {
        var used = Set<UInt8>()
        return extensions.compactMap { ext in
            let entry = remote.headerExtensions.first {
                $0.uri == ext.uri && $0.kind == kind && $0.direction.receives && !$0.preferredEncrypt
            }
            guard let entry, used.insert(entry.preferredId).inserted else { return nil }
            return RtpHeaderExtensionParameters(uri: ext.uri, id: entry.preferredId, parameters: ext.parameters)
        }
    }

    /// Leaves only that feedback on bandwidth for which the packets carry what it needs.
    private static func pruneFeedback(
        _ codecs: inout [RtpCodecParameters],
        _ extensions: [RtpHeaderExtensionParameters]
    ) {
        let uris = extensions.map(\.uri)
        let dropped =
            if uris.contains(RtpHeaderExtensionURI.transportWideCC) {
                ["goog-remb"]
            } else if uris.contains(RtpHeaderExtensionURI.absSendTime) {
                ["transport-cc"]
            } else {
                ["goog-remb", "transport-cc"]
            }
        for index in codecs.indices {
            codecs[index].rtcpFeedback.removeAll { dropped.contains($0.type) }
        }
    }

    /// One stream for all of the consumable's, or as many with `pipe`; each with new synchronisation sources.
    private static func consumerEncodings(
        _ consumable: [RtpEncodingParameters],
        pipe: Bool,
        rtx: Bool,
        avoiding taken: Set<UInt32>,
        using random: inout some RandomNumberGenerator
    ) -> [RtpEncodingParameters] {
        // The media streams in a row, then as many for their retransmissions.
        let count = pipe ? consumable.count : 1
        let ssrc = randomSsrc(count: rtx ? count * 2 : count, avoiding: taken, using: &random)
        let rtxSsrc = ssrc &+ UInt32(clamping: count)
        if pipe {
            return consumable.enumerated().map { index, encoding in
                var encoding = encoding
                encoding.ssrc = ssrc &+ UInt32(clamping: index)
                encoding.rtx = rtx ? RtpEncodingParameters.Rtx(ssrc: rtxSsrc &+ UInt32(clamping: index)) : nil
                return encoding
            }
        }
        var encoding = RtpEncodingParameters()
        encoding.ssrc = ssrc
        encoding.rtx = rtx ? RtpEncodingParameters.Rtx(ssrc: rtxSsrc) : nil
        encoding.scalabilityMode = consumable.lazy.compactMap(\.scalabilityMode).first
        if consumable.count > 1 {
            let temporalLayers = consumable.lazy.map { ScalabilityMode(parsing: $0.scalabilityMode).temporalLayers }
                .max()
            encoding.scalabilityMode = "L\(consumable.count)T\(temporalLayers ?? 1)"
        }
        encoding.maxBitrate = consumable.compactMap(\.maxBitrate).max()
        return [encoding]
    }
}
