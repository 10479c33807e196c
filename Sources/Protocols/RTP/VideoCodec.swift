// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// A video codec whose payload we look into.
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
        case .vp8: VP8Descriptor(payload)?.isKeyFrame ?? false
        case .vp9: VP9Descriptor(payload)?.isKeyFrame ?? false
        case .h264: H264Payload.isKeyFrame(payload)
        case .h265: H265Payload.isKeyFrame(payload)
        case .av1: payload.count > 1 && AV1Aggregation(payload)?.startsSequence ?? false
        }
    }

    /// Whether a packet holds, or begins, the parameters that a key frame starts with.
    ///
    /// Codecs without such units answer `true`: whatever ``isKeyFrame(_:dependencyDescriptor:)`` recognises is the first
    /// packet. Of H264 and H265 a key frame's slice is recognised too, and packets may come before it.
    package func bringsParameterSets(_ payload: Span<UInt8>) -> Bool {
        switch self {
        case .vp8, .vp9, .av1: true
        case .h264: H264Payload.bringsParameterSets(payload)
        case .h265: H265Payload.bringsParameterSets(payload)
        }
    }
}
