// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// Names one append to one ``PacketStore``, and nothing else ever again.
///
/// It counts appends, so it is its own generation: a send intent that waited until its packet was evicted finds out,
/// whatever took the memory since.
package struct PacketID: Hashable, BitwiseCopyable, Sendable {
    /// The number of the append, from zero.
    package let ordinal: UInt64

    @inlinable @inline(__always)
    package init(ordinal: UInt64) { self.ordinal = ordinal }
}

/// Header-extension values that travel on to consumers, under whatever ids those negotiated.
@usableFromInline
package struct PacketExtensions: BitwiseCopyable, Sendable {
    /// Which values came with the packet.
    @usableFromInline
    package struct Fields: OptionSet, BitwiseCopyable, Sendable {
        @usableFromInline package let rawValue: UInt8

        @inlinable @inline(__always)
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        @inlinable package static var audioLevel: Fields { Fields(rawValue: 1) }
        @inlinable package static var videoOrientation: Fields { Fields(rawValue: 2) }
        @inlinable package static var playoutDelay: Fields { Fields(rawValue: 4) }
        @inlinable package static var transmissionOffset: Fields { Fields(rawValue: 8) }
        @inlinable package static var absoluteCaptureTime: Fields { Fields(rawValue: 16) }
        @inlinable package static var captureClockOffset: Fields { Fields(rawValue: 32) }
    }

    /// NTP time of capture in 32.32 seconds, of abs-capture-time.
    package var absoluteCaptureTime: UInt64 = 0
    /// The optional second half of abs-capture-time.
    package var captureClockOffset: UInt64 = 0
    /// Minimum and maximum delay, 24 bits as on the wire.
    package var playoutDelay: UInt32 = 0
    /// 24 bits as on the wire, RFC 5450 §2.
    package var transmissionOffset: UInt32 = 0
    /// Which of the values count.
    package var present: Fields = []
    /// Voice flag and −dBov as on the wire, RFC 6464 §3.
    package var audioLevel: UInt8 = 0
    /// Camera, flip and rotation bits as on the wire, 3GPP TS 26.114 §7.4.5.
    package var videoOrientation: UInt8 = 0

    package init() {}
}

/// What a receive stream learnt of a packet besides its bytes.
package struct PacketHeader: BitwiseCopyable, Sendable {
    /// Extended sequence number in the numbering of its ``ReceiveStream``.
    package var sequence: Int64
    /// When the kernel took it in.
    package var arrival: Instant
    package var timestamp: UInt32
    package var payloadType: UInt8
    package var marker: Bool
    /// Whether a decoder can start here.
    package var isKeyFrame: Bool
    /// Whether it came as a retransmission.
    package var isRepaired: Bool
    /// Whether it is Opus silence, which some consumers leave out.
    package var isSilence = false
    /// RED: where the primary block is in the payload; 0 for anything else.
    package var primaryOffset: UInt16 = 0
    /// Bytes of its dependency descriptor when the mask of decode targets is written into it; 0 without one.
    package var rewrittenDescriptorLength: UInt8 = 0
    package var extensions: PacketExtensions
    /// What it says of its frame.
    package var frame = FrameDescription()

    package init(
        sequence: Int64,
        timestamp: UInt32,
        payloadType: UInt8,
        marker: Bool,
        isKeyFrame: Bool = false,
        isRepaired: Bool = false,
        arrival: Instant,
        extensions: PacketExtensions = PacketExtensions()
    ) {
        (self.sequence, self.timestamp, self.payloadType) = (sequence, timestamp, payloadType)
        (self.marker, self.isKeyFrame, self.isRepaired) = (marker, isKeyFrame, isRepaired)
        (self.arrival, self.extensions) = (arrival, extensions)
    }

    /// Bytes by which a rewritten payload descriptor is longer: picture ids are always written with 15 bits.
    @inline(__always)
    package var growth: Int {
        frame.form == .vp8 && frame.flags.contains(.hasPicture) && !frame.flags.contains(.longPicture) ? 1 : 0
    }
}

/// One packet of a ``PacketStore``: its header and where its bytes lie.
package struct StoredPacket: BitwiseCopyable, Sendable {
    package var header: PacketHeader
    /// Where in the pool the extension block starts; the payload follows it.
    var offset: UInt32
    var extensionLength: UInt16
    /// Bytes of payload.
    package internal(set) var payloadLength: UInt16
}
