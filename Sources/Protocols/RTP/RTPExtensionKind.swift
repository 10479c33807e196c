// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// The header extensions that we know by meaning.
///
/// The raw value is the id that the router prefers for each.
@usableFromInline
package enum RTPExtensionKind: UInt8, CaseIterable, Sendable {
    /// Which m-section a packet belongs to, RFC 9143 §15.
    case mid = 1
    /// Which encoding of a simulcast a packet belongs to, RFC 8852 §3.1.
    case rid = 2
    /// Which encoding a repair packet repairs, RFC 8852 §3.2.
    case repairedRID = 3
    /// When the packet was sent: 24 bits of 6.18 seconds.
    case absoluteSendTime = 4
    /// The sequence number that counts all packets of a transport.
    case transportSequenceNumber = 5
    /// Loudness of the client's own audio, RFC 6464.
    case audioLevel = 6
    /// Frame dependencies and layers, AV1 RTP specification, appendix A.
    case dependencyDescriptor = 7
    /// How a frame is to be turned, 3GPP TS 26.114 §7.4.5.
    case videoOrientation = 8
    /// Offset of the sending time from the media time, RFC 5450.
    case transmissionOffset = 9
    /// When the frame was captured, in the clock of the capturing system.
    case absoluteCaptureTime = 10
    /// Bounds on how long the receiver holds a frame back.
    case playoutDelay = 11
    /// The number by which pipes track a packet; private.
    case packetID = 12
    /// Which layers the sender produces at present, and at what rates.
    case videoLayersAllocation = 13

    /// The URI that names the extension in signalling.
    package var uri: String {
        switch self {
        case .mid: "urn:ietf:params:rtp-hdrext:sdes:mid"
        case .rid: "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
        case .repairedRID: "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
        case .absoluteSendTime: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
        case .transportSequenceNumber: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
        case .audioLevel: "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
        case .dependencyDescriptor:
            "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
        case .videoOrientation: "urn:3gpp:video-orientation"
        case .transmissionOffset: "urn:ietf:params:rtp-hdrext:toffset"
        case .absoluteCaptureTime: "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"
        case .playoutDelay: "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
        case .packetID: "urn:mediasoup:params:rtp-hdrext:packet-id"
        case .videoLayersAllocation: "http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00"
        }
    }

    /// The extension that `uri` names, or `nil` for one we do not know.
    package init?(uri: String) {
        guard let kind = Self.allCases.first(where: { $0.uri == uri }) else { return nil }
        self = kind
    }
}

/// Which id each known extension was given: a fixed table, read per packet without hashing.
@usableFromInline
package struct RTPExtensionIDs: Equatable, Sendable {
    @usableFromInline var ids: SIMD16<UInt8> = .zero

    @inlinable
    package init() {}

    /// The id of `kind`, or 0 where it was not negotiated.
    @inlinable
    package subscript(kind: RTPExtensionKind) -> UInt8 {
        @inline(__always) get { ids[Int(kind.rawValue)] }
        @inline(__always) set { ids[Int(kind.rawValue)] = newValue }
    }

    /// The extension that has `id`, or `nil` when it is none we know.
    package func kind(of id: UInt8) -> RTPExtensionKind? {
        guard id != 0 else { return nil }
        for index in 0..<ids.scalarCount where ids[index] == id {
            return RTPExtensionKind(rawValue: UInt8(index))
        }
        return nil
    }
}
