// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

extension ORTC {
    /// What a router of these codecs can do: each with its payload type, each video codec followed by its RTX codec,
    /// and every header extension.
    ///
    /// Payload types asked for are set aside first, so the order of the codecs cannot make them collide with those
    /// handed out. Feedback is ours, parameters are ours with the given ones over them. Redundant audio needs the codec
    /// inside beside it.
    package static func routerRtpCapabilities(
        mediaCodecs: [RtpCodecCapability]
    ) throws(ORTCError) -> RtpCapabilities {
        try require(mediaCodecs.count <= maximumCodecs, "too many mediaCodecs")
        var entries: [(given: RtpCodecCapability, supported: RtpCodecCapability)] = []
        var used = Set<UInt8>()
        for mediaCodec in mediaCodecs {
            let given = try validated(mediaCodec)
            guard let supported = supportedRtpCapabilities.codecs.first(where: { matches(given, $0, .loose) }) else {
                throw .unsupported("media codec not supported [mimeType:\(given.mimeType)]")
            }
            entries.append((given, supported))
            guard let payloadType = given.preferredPayloadType ?? supported.preferredPayloadType else { continue }
            guard payloadType != probationPayloadType, !rtcpPayloadTypes.contains(payloadType) else {
                throw .invalid("reserved codec.preferredPayloadType \(payloadType) [mimeType:\(given.mimeType)]")
            }
            try require(
                used.insert(payloadType).inserted,
                "duplicated codec.preferredPayloadType \(payloadType) [mimeType:\(given.mimeType)]"
            )
        }
        var pool = dynamicPayloadTypes.filter { !used.contains($0) }[...]
        var capabilities = RtpCapabilities(headerExtensions: supportedRtpCapabilities.headerExtensions)
        for (given, supported) in entries {
            var codec = supported
            if let asked = given.preferredPayloadType ?? supported.preferredPayloadType {
                codec.preferredPayloadType = asked
            } else {
                codec.preferredPayloadType = try nextPayloadType(&pool)
            }
            codec.parameters.merge(given.parameters) { $1 }
            capabilities.codecs.append(codec)
            guard codec.kind == .video, let payloadType = codec.preferredPayloadType else { continue }
            capabilities.codecs.append(
                RtpCodecCapability(
                    kind: .video,
                    mimeType: "video/rtx",
                    preferredPayloadType: try nextPayloadType(&pool),
                    clockRate: codec.clockRate,
                    parameters: ["apt": .integer(Int(payloadType))]
                )
            )
        }
        for (index, red) in capabilities.codecs.enumerated() where red.isRed {
            guard let payloadType = codec(inside: red, among: capabilities.codecs)?.preferredPayloadType else {
                throw .invalid("missing media codec for \(red.mimeType)")
            }
            capabilities.codecs[index].parameters = redParameters(red.parameters, carrying: payloadType)
        }
        return capabilities
    }

    private static func nextPayloadType(_ pool: inout ArraySlice<UInt8>) throws(ORTCError) -> UInt8 {
        guard let payloadType = pool.popFirst() else {
            throw ORTCError(.invalidState, "cannot allocate more dynamic codec payload types")
        }
        return payloadType
    }
}
