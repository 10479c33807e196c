// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

extension ORTC {
    /// Checks capabilities that a client or application hands in, and returns them with defaults filled in.
    package static func validated(_ capabilities: RtpCapabilities) throws(ORTCError) -> RtpCapabilities {
        try require(capabilities.codecs.count <= maximumCodecs, "too many caps.codecs")
        try require(
            capabilities.headerExtensions.count <= maximumHeaderExtensions * 2,
            "too many caps.headerExtensions"
        )
        var result = capabilities
        for index in result.codecs.indices {
            result.codecs[index] = try validated(result.codecs[index])
        }
        for ext in result.headerExtensions {
            try require(!ext.uri.isEmpty, "missing ext.uri")
            try require(isName(ext.uri), "invalid ext.uri")
            try require(ext.preferredId > 0, "invalid ext.preferredId")
        }
        return result
    }

    /// Checks one codec capability, and returns it with defaults filled in.
    package static func validated(_ codec: RtpCodecCapability) throws(ORTCError) -> RtpCodecCapability {
        var result = codec
        result.kind = try kind(ofChecked: codec)
        result.channels = result.kind == .audio ? codec.channels ?? 1 : nil
        if let payloadType = codec.preferredPayloadType {
            try require(payloadType <= 127, "invalid codec.preferredPayloadType [mimeType:\(codec.mimeType)]")
        }
        try check(feedback: codec.rtcpFeedback)
        return result
    }

    /// Checks parameters of whatever origin, and returns them with defaults filled in.
    package static func validated(_ parameters: RtpParameters) throws(ORTCError) -> RtpParameters {
        if let mid = parameters.mid { try check(mid: mid, "params.mid") }
        try require(parameters.msid.map(isName) ?? true, "invalid params.msid")
        try require(parameters.rtcp.cname.map(isName) ?? true, "invalid rtcp.cname")
        try require(parameters.codecs.count <= maximumCodecs, "too many params.codecs")
        try require(parameters.encodings.count <= maximumEncodings, "too many params.encodings")
        var result = parameters
        for index in result.codecs.indices {
            let codec = result.codecs[index]
            let kind = try kind(ofChecked: codec)
            result.codecs[index].channels = kind == .audio ? codec.channels ?? 1 : nil
            let isUsable = codec.payloadType <= 127 && !rtcpPayloadTypes.contains(codec.payloadType)
            try require(isUsable, "invalid codec.payloadType [mimeType:\(codec.mimeType)]")
            try check(feedback: codec.rtcpFeedback)
        }
        try check(headerExtensions: parameters.headerExtensions)
        for encoding in parameters.encodings {
            if let rid = encoding.rid { try require(isRid(rid), "invalid encoding.rid") }
            try require(encoding.scalabilityMode.map(isName) ?? true, "invalid encoding.scalabilityMode")
        }
        return result
    }

    /// Checks what a producer of `kind` is to send, and returns it with defaults filled in.
    ///
    /// Beyond ``validated(_:)-(RtpParameters)``: payload types stand for one codec each, RTX codecs point at media
    /// codecs, and every stream can be told from the others by what its packets carry.
    package static func validatedProducer(
        _ parameters: RtpParameters,
        kind: MediaKind
    ) throws(ORTCError) -> RtpParameters {
        var result = try validated(parameters)
        if result.encodings.isEmpty { result.encodings = [RtpEncodingParameters()] }
        try check(producerCodecs: result.codecs, kind: kind)
        try check(producerEncodings: result, isUnmarked: result.mid == nil)
        _ = try producerType(result)
        return result
    }

    /// Checks a client's DTLS parameters, and returns its fingerprints in lower-case names and upper-case digits.
    ///
    /// Fingerprints by unknown hash functions are left out; one by a known function must remain.
    package static func validated(_ parameters: DtlsParameters) throws(ORTCError) -> DtlsParameters {
        let lengths = ["sha-1": 20, "sha-224": 28, "sha-256": 32, "sha-384": 48, "sha-512": 64]
        try require(!parameters.fingerprints.isEmpty, "missing dtlsParameters.fingerprints")
        try require(parameters.fingerprints.count <= 16, "too many dtlsParameters.fingerprints")
        var result = parameters
        result.fingerprints = []
        for fingerprint in parameters.fingerprints {
            let algorithm = fingerprint.algorithm.lowercased()
            guard let length = lengths[algorithm] else { continue }
            let bytes = fingerprint.value.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            let isHex = bytes.allSatisfy { $0.count == 2 && $0.allSatisfy { Character(UnicodeScalar($0)).isHexDigit } }
            try require(isHex && bytes.count == length, "invalid fingerprint.value")
            result.fingerprints.append(DtlsFingerprint(algorithm: algorithm, value: fingerprint.value.uppercased()))
        }
        guard !result.fingerprints.isEmpty else { throw .unsupported("no known fingerprint.algorithm") }
        return result
    }

    /// Checks keys agreed on outside the media path.
    package static func validated(_ parameters: SrtpParameters) throws(ORTCError) -> SrtpParameters {
        let text = Array(parameters.keyBase64.utf8)
        let digits = text.prefix { byte in
            let character = Character(UnicodeScalar(byte))
            return character.isASCII && (character.isLetter || character.isNumber) || "+/".contains(character)
        }
        let padding = text.dropFirst(digits.count)
        let isBase64 = text.count % 4 == 0 && padding.count <= 2 && padding.allSatisfy { $0 == UInt8(ascii: "=") }
        let isLongEnough = text.count / 4 * 3 - padding.count == parameters.cryptoSuite.keyLength
        try require(isBase64 && isLongEnough, "invalid srtpParameters.keyBase64")
        return parameters
    }

    /// Checks where a transport or server is to listen: 1 to 8 places, the preferred first.
    package static func check(listenInfos: [TransportListenInfo]) throws(ORTCError) {
        try require(!listenInfos.isEmpty, "missing listenInfos")
        try require(listenInfos.count <= maximumListenInfos, "too many listenInfos")
        for info in listenInfos {
            try require(!info.ip.isEmpty, "missing listenInfo.ip")
            let isWildcard = info.ip == "0.0.0.0" || info.ip == "::"
            try require(
                !isWildcard || info.announcedAddress != nil,
                "missing listenInfo.announcedAddress for \(info.ip)"
            )
            let announced = info.announcedAddress ?? info.ip
            try require(!announced.isEmpty && isName(announced), "invalid listenInfo.announcedAddress")
            try require(info.portRange.min <= info.portRange.max, "invalid listenInfo.portRange")
            try require(info.sendBufferSize ?? 1 > 0, "invalid listenInfo.sendBufferSize")
            try require(info.recvBufferSize ?? 1 > 0, "invalid listenInfo.recvBufferSize")
        }
    }

    /// Checks a media section's id: an SDP token (RFC 8866 §9) that a one-byte header extension can carry.
    package static func check(mid: String, _ name: String = "mid") throws(ORTCError) {
        try require(!mid.isEmpty, "\(name) must be non empty")
        try require(mid.utf8.count <= maximumIdLength, "\(name) is longer than \(maximumIdLength) bytes")
        let separators = "\"(),/:;<=>?@[\\]".utf8
        try require(mid.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !separators.contains($0) }, "invalid \(name)")
    }

    // MARK: - Parts

    static func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(ORTCError) {
        if !condition { throw .invalid(message()) }
    }

    /// Text that may stand in an SDP line: no control characters, so that one peer cannot write lines into another's.
    private static func isPrintable(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }

    private static func isName(_ text: String) -> Bool { text.utf8.count <= maximumNameLength && isPrintable(text) }

    /// RFC 8851 §10: letters, digits, "-" and "_".
    private static func isRid(_ text: String) -> Bool {
        (1...maximumIdLength).contains(text.utf8.count)
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    }

    /// Checks what capability and parameters share, and returns the kind that the MIME type names.
    private static func kind(ofChecked codec: some RtpCodec) throws(ORTCError) -> MediaKind {
        try require(!codec.mimeType.isEmpty, "missing codec.mimeType")
        guard let kind = MediaKind(mimeType: codec.mimeType), isName(codec.mimeType) else {
            throw .invalid("invalid codec.mimeType")
        }
        try require(codec.clockRate > 0, "missing codec.clockRate")
        try require(codec.parameters.count <= maximumCodecDetails, "too many codec parameters")
        for (key, value) in codec.parameters {
            let isShort = max(key.utf8.count, value.text.utf8.count) <= maximumParameterLength
            try require(
                isShort && isPrintable(key) && isPrintable(value.text),
                "invalid codec parameter [key:\(key.debugDescription)]"
            )
        }
        if let apt = codec.parameters["apt"] {
            guard case .integer(0...127) = apt else { throw .invalid("invalid codec apt parameter") }
        }
        return kind
    }

    private static func check(feedback: [RtcpFeedback]) throws(ORTCError) {
        try require(feedback.count <= maximumCodecDetails, "too many codec.rtcpFeedback")
        for item in feedback {
            try require(!item.type.isEmpty, "missing fb.type")
            try require(isName(item.type), "invalid fb.type")
            try require(isName(item.parameter), "invalid fb.parameter")
        }
    }

    private static func check(headerExtensions: [RtpHeaderExtensionParameters]) throws(ORTCError) {
        try require(headerExtensions.count <= maximumHeaderExtensions, "too many params.headerExtensions")
        var ids = Set<UInt8>()
        for ext in headerExtensions {
            try require(!ext.uri.isEmpty, "missing ext.uri")
            try require(isName(ext.uri), "invalid ext.uri")
            try require(ext.id > 0, "invalid ext.id")
            try require(ids.insert(ext.id).inserted, "duplicated ext.id \(ext.id)")
            guard !ext.encrypt else { throw .unsupported("encrypted header extensions [uri:\(ext.uri)]") }
        }
    }

    private static func check(producerCodecs codecs: [RtpCodecParameters], kind: MediaKind) throws(ORTCError) {
        try require(!codecs.isEmpty, "empty params.codecs")
        var byPayloadType: [UInt8: RtpCodecParameters] = [:]
        for codec in codecs {
            try require(
                MediaKind(mimeType: codec.mimeType) == kind,
                "codec is not of kind \(kind.rawValue) [mimeType:\(codec.mimeType)]"
            )
            let previous = byPayloadType.updateValue(codec, forKey: codec.payloadType)
            try require(previous == nil, "duplicated codec.payloadType \(codec.payloadType)")
        }
        for codec in codecs where codec.isRtx {
            guard let apt = codec.associatedPayloadType else { throw .invalid("missing codec apt parameter") }
            guard let media = byPayloadType[apt] else {
                throw .invalid("missing media codec found for RTX PT \(codec.payloadType)")
            }
            try require(
                !media.isFeature,
                "codec apt parameter \(apt) points to a \(media.normalizedName) codec"
            )
        }
        for codec in codecs where codec.isRed {
            let inside = Self.codec(inside: codec, among: codecs)
            try require(inside != nil, "missing media codec found for RED PT \(codec.payloadType)")
        }
        try require(codecs.contains { !$0.isFeature }, "no media codecs found")
    }

    private static func check(producerEncodings parameters: RtpParameters, isUnmarked: Bool) throws(ORTCError) {
        let encodings = parameters.encodings
        var (ssrcs, rids) = (Set<UInt32>(), Set<String>())
        for encoding in encodings {
            let isMarked = encoding.ssrc != nil || encoding.rid != nil
            try require(isMarked || encodings.count == 1, "missing encoding.ssrc or encoding.rid")
            try require(isMarked || !isUnmarked, "missing params.mid, encoding.ssrc or encoding.rid")
            for ssrc in [encoding.ssrc, encoding.rtx?.ssrc].compactMap(\.self) {
                try require(ssrcs.insert(ssrc).inserted, "duplicated encoding.ssrc \(ssrc)")
            }
            if let rid = encoding.rid { try require(rids.insert(rid).inserted, "duplicated encoding.rid \(rid)") }
            if let payloadType = encoding.codecPayloadType {
                guard let codec = parameters.codecs.first(where: { $0.payloadType == payloadType }) else {
                    throw .invalid("unknown encoding.codecPayloadType \(payloadType)")
                }
                try require(!codec.isFeature, "invalid encoding.codecPayloadType \(payloadType)")
            }
            let layers = ScalabilityMode(parsing: encoding.scalabilityMode)
            try require(
                encodings.count == 1 || layers.spatialLayers == 1,
                "several encodings, and one with several spatial layers [scalabilityMode:\(encoding.scalabilityMode ?? "")]"
            )
        }
    }
}
