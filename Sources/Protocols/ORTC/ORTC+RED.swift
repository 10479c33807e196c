// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

extension RtpCodec {
    /// Whether the codec carries another's packets several times over (RFC 2198).
    package var isRed: Bool { normalizedMimeType == "audio/red" }
}

/// Redundant audio.
///
/// The codec inside stands in the same list, with the same clock rate and channels, and the format parameter of
/// RFC 2198 §5, "111/111" for one block of redundancy, is about its payload type: it is written anew wherever that
/// changes. A consumer that can receive both gets both; one without redundancy gets the codec inside alone, and nothing
/// is mapped from the router's payload type of the redundancy: the worker unwraps it then.
extension ORTC {
    /// Blocks in a packet where nothing says how many, the redundant ones and the primary one: what browsers send.
    private static let redBlocks = 2
    /// The most blocks that a format parameter may announce.
    private static let maximumRedBlocks = 32

    /// The codec inside of `red`, where it stands among `codecs`.
    static func codec<Codec: RtpCodec>(inside red: some RtpCodec, among codecs: [Codec]) -> Codec? {
        codecs.first { codec in
            !codec.isFeature && MediaKind(mimeType: codec.mimeType) == .audio && codec.clockRate == red.clockRate
                && (codec.channels ?? 1) == (red.channels ?? 1)
        }
    }

    /// The parameters of a codec of redundancy, with `payloadType` inside and as many blocks as before.
    static func redParameters(
        _ parameters: [String: CodecParameterValue],
        carrying payloadType: UInt8
    ) -> [String: CodecParameterValue] {
        let formats = parameters.keys.filter(isRedFormat)
        let blocks = formats.map { $0.utf8.count { $0 == UInt8(ascii: "/") } + 1 }.max() ?? redBlocks
        var result = parameters
        for format in formats { result[format] = nil }
        let format = Array(repeating: String(payloadType), count: min(blocks, maximumRedBlocks)).joined(separator: "/")
        result[format] = .string("")
        return result
    }

    /// Whether a parameter's name is a list of payload types such as "111/111".
    private static func isRedFormat(_ name: String) -> Bool {
        name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { part in
            (1...3).contains(part.count) && part.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
    }
}
