// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What a codec capability and codec parameters have in common: all that matching looks at.
package protocol RtpCodec {
    var mimeType: String { get }
    var clockRate: UInt32 { get }
    var channels: UInt8? { get }
    var parameters: [String: CodecParameterValue] { get }
}

extension RtpCodecCapability: RtpCodec {}
extension RtpCodecParameters: RtpCodec {}

extension RtpCodec {
    /// The MIME type in lower case, for comparison.
    package var normalizedMimeType: String { mimeType.lowercased() }

    /// The name behind the slash in lower case, such as "vp8".
    package var normalizedName: String {
        let mimeType = normalizedMimeType
        guard let slash = mimeType.firstIndex(of: "/") else { return mimeType }
        return String(mimeType[mimeType.index(after: slash)...])
    }

    /// Whether the codec carries another's retransmissions (RFC 4588).
    package var isRtx: Bool { normalizedName == "rtx" }

    /// Whether the codec carries no media of its own but helps another.
    package var isFeature: Bool { ["rtx", "ulpfec", "flexfec", "flexfec-03", "red"].contains(normalizedName) }

    /// The payload type of the codec that an RTX codec retransmits.
    package var associatedPayloadType: UInt8? {
        parameters["apt"]?.integer.flatMap { UInt8(exactly: $0) }
    }
}
