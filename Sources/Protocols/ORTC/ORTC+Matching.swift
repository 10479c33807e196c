// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

extension ORTC {
    /// How closely two codecs must agree.
    package enum MatchMode: Sendable {
        /// Name, clock rate and channels: enough to know what a router is asked for.
        case loose
        /// The profile too: what one side encodes, the other decodes.
        case strict
    }

    /// Whether two media codecs are the same; RTX codecs are told apart by their media codec instead.
    package static func matches(_ left: some RtpCodec, _ right: some RtpCodec, _ mode: MatchMode = .strict) -> Bool {
        let mimeType = left.normalizedMimeType
        guard mimeType == right.normalizedMimeType, left.clockRate == right.clockRate,
            !mimeType.hasPrefix("audio/") || (left.channels ?? 1) == (right.channels ?? 1)
        else { return false }
        let (a, b) = (left.parameters, right.parameters)
        if mimeType == "audio/multiopus" {
            return agree(on: "num_streams", a, b) && agree(on: "coupled_streams", a, b)
        }
        guard mode == .strict else { return true }
        return switch mimeType {
        case "video/vp9": agree(on: "profile-id", a, b, absent: 0)
        case "video/av1": agree(on: "profile", a, b, absent: 0)
        case "video/h264": agree(on: "packetization-mode", a, b, absent: 0) && sameH264Profile(a, b)
        // RFC 7798 §7.1: profile 1 (Main) and tier 0 (Main) where absent.
        case "video/h265": agree(on: "profile-id", a, b, absent: 1) && agree(on: "tier-flag", a, b, absent: 0)
        default: true
        }
    }

    /// The parameters of `local`, a strict match of `remote`, with the level that both can do.
    static func answerParameters(
        local: some RtpCodec,
        remote: some RtpCodec
    ) -> [String: CodecParameterValue] {
        var parameters = local.parameters
        switch local.normalizedMimeType {
        case "video/h264":
            let answer = H264ProfileLevelID.answer(local: local.parameters, remote: remote.parameters)
            parameters["profile-level-id"] = answer.map { .string($0) }
        case "video/h265":
            let levels = [local, remote as any RtpCodec].map { $0.parameters["level-id"] }
            guard levels.contains(where: { $0 != nil }) else { break }
            parameters["level-id"] = .integer(levels.map { $0?.integer ?? h265LevelAbsent }.min() ?? h265LevelAbsent)
        default: break
        }
        return parameters
    }

    /// `level-id` where absent, level 3.1: RFC 7798 §7.1.
    private static let h265LevelAbsent = 93

    private static func sameH264Profile(
        _ a: [String: CodecParameterValue],
        _ b: [String: CodecParameterValue]
    ) -> Bool {
        guard let a = H264ProfileLevelID(parameters: a), let b = H264ProfileLevelID(parameters: b) else { return false }
        return a.profile == b.profile
    }

    /// Whether both have the same whole number for `key`, be it written as number or text; text that is no number
    /// agrees with nothing.
    private static func agree(
        on key: String,
        _ a: [String: CodecParameterValue],
        _ b: [String: CodecParameterValue],
        absent: Int? = nil
    ) -> Bool {
        func value(_ parameters: [String: CodecParameterValue]) -> Int? {
            guard let parameter = parameters[key], parameter.text != "" else { return absent }
            return parameter.integer
        }
        guard let a = value(a), let b = value(b) else { return false }
        return a == b
    }
}
