// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletWire

/// A stream's name within a transport, as MID, RID and RRID carry it: 1 to 16 bytes held inline.
///
/// Compares and hashes without an allocation. Which bytes are allowed is signalling's business; here any are.
@usableFromInline
package struct StreamIdentifier: Hashable, Sendable {
    /// The most bytes an identifier has here: what the one-byte extension form can hold, RFC 8285 §4.2.
    package static let maximumLength = 16

    @usableFromInline package let count: UInt8
    /// The first eight bytes, the first of them uppermost, zeros behind the last.
    @usableFromInline package let high: UInt64
    /// The bytes from the ninth on, likewise.
    @usableFromInline package let low: UInt64

    /// Reads an identifier, or gives `nil` when it is empty or longer than ``maximumLength``.
    package init?(_ bytes: Span<UInt8>) {
        guard !bytes.isEmpty, bytes.count <= Self.maximumLength else { return nil }
        var (high, low): (UInt64, UInt64) = (0, 0)
        for index in bytes.indices {
            if index < 8 {
                high |= UInt64(bytes[index]) << UInt64(56 - index * 8)
            } else {
                low |= UInt64(bytes[index]) << UInt64(120 - index * 8)
            }
        }
        (count, self.high, self.low) = (UInt8(bytes.count), high, low)
    }

    /// The identifier spelled `string` in UTF-8, or `nil` when it is empty or too long.
    package init?(_ string: String) {
        let bytes = Array(string.utf8)
        self.init(bytes.span)
    }

    /// The identifier as text; bytes that are not UTF-8 become replacement characters.
    package var string: String { String(decoding: (0..<Int(count)).map(byte), as: UTF8.self) }

    @inlinable @inline(__always)
    func byte(at index: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: index < 8 ? high >> UInt64(56 &- index &* 8) : low >> UInt64(120 &- index &* 8))
    }
}

/// Loudness of one audio packet.
///
/// - Note: RFC 6464 §3.
package struct AudioLevel: Hashable, Sendable {
    /// Whether the sender heard a voice.
    package let voiceActivity: Bool
    /// Loudness below the overload point in dB: 0 is loudest, 127 is silence.
    package let attenuation: UInt8

    package init(voiceActivity: Bool, attenuation: UInt8) {
        (self.voiceActivity, self.attenuation) = (voiceActivity, min(attenuation, 127))
    }

    /// Reads the value of one or two bytes; the second of the two-byte form is padding.
    package init?(_ value: Span<UInt8>) {
        guard !value.isEmpty else { return nil }
        self.init(voiceActivity: value[0] & 0x80 != 0, attenuation: value[0] & 0x7F)
    }

    package var rawValue: UInt8 { (voiceActivity ? 0x80 : 0) | attenuation }
}

/// How a receiver is to turn a frame before it shows it.
///
/// - Note: 3GPP TS 26.114 §7.4.5.
package struct VideoOrientation: Hashable, Sendable {
    /// Whether the picture comes from a back-facing camera.
    package let isBackCamera: Bool
    /// Whether to mirror it horizontally.
    package let isFlipped: Bool
    /// Clockwise rotation: 0, 90, 180 or 270 degrees.
    package let rotation: UInt16

    package init(isBackCamera: Bool, isFlipped: Bool, rotation: UInt16) {
        (self.isBackCamera, self.isFlipped, self.rotation) = (isBackCamera, isFlipped, rotation % 360 / 90 * 90)
    }

    /// Reads the value's byte; its upper four bits mean nothing.
    package init?(_ value: Span<UInt8>) {
        guard !value.isEmpty else { return nil }
        self.init(
            isBackCamera: value[0] & 8 != 0,
            isFlipped: value[0] & 4 != 0,
            rotation: UInt16(value[0] & 3) * 90
        )
    }

    package var rawValue: UInt8 { (isBackCamera ? 8 : 0) | (isFlipped ? 4 : 0) | UInt8(rotation / 90) }
}

/// When a frame was captured.
///
/// - Note: <http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time>
package struct AbsoluteCaptureTime: Hashable, Sendable {
    /// Capture time by the capturing system's clock.
    package let captured: NTPTime
    /// What to add to get to the sender's clock, in 32.32 seconds, if the sender estimated it.
    package let clockOffset: Int64?

    package init(captured: NTPTime, clockOffset: Int64? = nil) {
        (self.captured, self.clockOffset) = (captured, clockOffset)
    }

    /// Reads the short (8 bytes) or long form (16 bytes).
    package init?(_ value: Span<UInt8>) {
        guard value.count == 8 || value.count == 16 else { return nil }
        self.init(
            captured: NTPTime(rawValue: value.uint64(at: 0)),
            clockOffset: value.count == 16 ? Int64(bitPattern: value.uint64(at: 8)) : nil
        )
    }
}

/// Bounds on how long the receiver may hold a frame back.
///
/// - Note: <http://www.webrtc.org/experiments/rtp-hdrext/playout-delay>
package struct PlayoutDelay: Hashable, Sendable {
    /// Shortest delay in steps of 10 ms, 12 bits.
    package let minimum: UInt16
    /// Longest delay in steps of 10 ms, 12 bits.
    package let maximum: UInt16

    package init(minimum: UInt16, maximum: UInt16) {
        (self.minimum, self.maximum) = (min(minimum, 0xFFF), min(maximum, 0xFFF))
    }

    /// Reads three bytes; `nil` when the minimum exceeds the maximum.
    package init?(_ value: Span<UInt8>) {
        guard value.count == 3 else { return nil }
        let bits = value.uint24(at: 0)
        self.init(minimum: UInt16(bits >> 12), maximum: UInt16(bits & 0xFFF))
        guard minimum <= maximum else { return nil }
    }

    package var rawValue: UInt32 { UInt32(minimum) << 12 | UInt32(maximum) }
}

extension HeaderExtensions {
    /// The stream name that element `id` carries: a MID, RID or RRID.
    package func identifier(_ id: UInt8) -> StreamIdentifier? {
        guard let value = value(of: id) else { return nil }
        return StreamIdentifier(value)
    }

    /// The 24 bits of 6.18 seconds that element `id` carries, as abs-send-time.
    @inlinable @inline(__always)
    package func absoluteSendTime(_ id: UInt8) -> UInt32? {
        guard let range = range(of: id), range.count == 3 else { return nil }
        return bytes.uint24(at: range.lowerBound)
    }

    /// The number that element `id` carries, as transport-wide sequence number; the feedback request that the second
    /// version of the extension adds behind it is ignored.
    @inlinable @inline(__always)
    package func transportSequenceNumber(_ id: UInt8) -> UInt16? {
        guard let range = range(of: id), range.count == 2 || range.count == 4 else { return nil }
        return bytes.uint16(at: range.lowerBound)
    }

    /// The loudness that element `id` carries.
    package func audioLevel(_ id: UInt8) -> AudioLevel? {
        guard let value = value(of: id) else { return nil }
        return AudioLevel(value)
    }

    /// The orientation that element `id` carries.
    package func videoOrientation(_ id: UInt8) -> VideoOrientation? {
        guard let value = value(of: id) else { return nil }
        return VideoOrientation(value)
    }

    /// The capture time that element `id` carries.
    package func absoluteCaptureTime(_ id: UInt8) -> AbsoluteCaptureTime? {
        guard let value = value(of: id) else { return nil }
        return AbsoluteCaptureTime(value)
    }

    /// The playout delay that element `id` carries.
    package func playoutDelay(_ id: UInt8) -> PlayoutDelay? {
        guard let value = value(of: id) else { return nil }
        return PlayoutDelay(value)
    }
}
