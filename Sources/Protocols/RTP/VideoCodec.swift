// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// A video codec whose payload we look into, never change.
package enum VideoCodec: UInt8, CaseIterable, Sendable {
    case vp8, vp9, h264, h265, av1

    /// The codec of a media subtype such as `VP8`, in any case; `nil` for one we do not look into.
    package init?(subtype: String) {
        switch subtype.lowercased() {
        case "vp8": self = .vp8
        case "vp9": self = .vp9
        case "h264": self = .h264
        case "h265": self = .h265
        case "av1": self = .av1
        default: return nil
        }
    }

    /// Whether a packet begins or belongs to the beginning of a key frame, so that a decoder can start with it.
    ///
    /// A payload that does not parse, an encrypted one for instance, is no key frame.
    ///
    /// - Parameters:
    ///   - payload: The payload without padding.
    ///   - dependencyDescriptor: The value of that header extension, if the packet carries it; it decides then.
    /// - Returns: `false` for what cannot be read.
    package func isKeyFrame(_ payload: Span<UInt8>, dependencyDescriptor: Span<UInt8>? = nil) -> Bool {
        if let dependencyDescriptor, let answer = DependencyDescriptor.startsKeyFrame(dependencyDescriptor) {
            return answer
        }
        return switch self {
        case .vp8: VP8Payload.isKeyFrame(payload)
        case .vp9: VP9Payload.isKeyFrame(payload)
        case .h264: H264Payload.isKeyFrame(payload)
        case .h265: H265Payload.isKeyFrame(payload)
        case .av1: AV1Payload.isKeyFrame(payload)
        }
    }
}

/// The AV1 dependency descriptor, which other codecs may carry as well.
package enum DependencyDescriptor {
    /// Whether the descriptor starts a frame and brings the template structure, as only key frames do.
    ///
    /// - Returns: `nil` when it is shorter than its three mandatory bytes.
    /// - Note: AV1 RTP specification, appendix A.8.
    package static func startsKeyFrame(_ value: Span<UInt8>) -> Bool? {
        guard value.count >= 3 else { return nil }
        return value[0] & 0x80 != 0 && value.count > 3 && value[3] & 0x80 != 0
    }
}
