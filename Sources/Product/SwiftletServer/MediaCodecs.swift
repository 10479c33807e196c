// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet

/// What rooms route.
enum MediaCodecs {
    /// The codecs of every router, preferred ones first; RTX is added by itself.
    static let offered: [RtpCodecCapability] = [
        RtpCodecCapability(
            kind: .audio,
            mimeType: "audio/opus",
            clockRate: 48_000,
            channels: 2,
            parameters: ["useinbandfec": 1]
        ),
        // For clients that ask for it; others get what is inside.
        RtpCodecCapability(kind: .audio, mimeType: "audio/red", clockRate: 48_000, channels: 2),
        video("VP8"),
        video("VP9", ["profile-id": 0]),
        video("VP9", ["profile-id": 2]),
        h264("42e01f"),
        h264("4d0032"),
        h264("64001f"),
        video("AV1"),
        video("H265", ["profile-id": 1, "tier-flag": 0]),
    ]

    private static func video(_ name: String, _ parameters: [String: CodecParameterValue] = [:]) -> RtpCodecCapability {
        RtpCodecCapability(kind: .video, mimeType: "video/\(name)", clockRate: 90_000, parameters: parameters)
    }

    private static func h264(_ profile: String) -> RtpCodecCapability {
        video(
            "H264",
            ["packetization-mode": 1, "level-asymmetry-allowed": 1, "profile-level-id": .string(profile)]
        )
    }
}
