// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletStreams

/// One packet that waits to be sent: where its bytes are and how they are to be rewritten, never the bytes.
package struct SendIntent: BitwiseCopyable {
    /// What a packet is sent as.
    package struct Flags: OptionSet, BitwiseCopyable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// The marker bit.
        package static let marker = Flags(rawValue: 1)
        /// Sent on the RTX stream, original sequence number in front, RFC 4588 §4.
        package static let rtx = Flags(rawValue: 2)
        /// Sent before under the same SSRC and index.
        package static let repeated = Flags(rawValue: 4)
        /// In a run already, or called off.
        package static let taken = Flags(rawValue: 8)
        /// `patch` goes into the payload descriptor or the dependency descriptor.
        package static let rewritten = Flags(rawValue: 16)
        /// Nothing but padding, under a number that would stay open otherwise.
        package static let filler = Flags(rawValue: 32)
        /// Only the primary block of a RED payload.
        package static let unwrapped = Flags(rawValue: 64)

        /// Whether the payload leaves as it is stored.
        ///
        /// Not by a set of three: the optimizer does not always see through one, and then each packet costs allocations.
        @inline(__always)
        var isPlain: Bool { rawValue & (16 | 32 | 64) == 0 }
    }

    package var packet: PacketID
    /// Rollover count and sequence number on the SSRC it leaves by, RFC 3711 §3.3.1.
    package var index: UInt64
    package var timestamp: UInt32
    /// As ``PacketPatch/value``, where ``Flags/rewritten`` says so.
    package var patch: UInt32
    /// The consumer's slot in its transport.
    package var consumer: UInt16
    /// Bytes of the sealed packet, before padding to the size of its run.
    package var length: UInt16
    /// What an RTX packet repeats.
    package var originalSequence: UInt16
    /// The stream of the producer that keeps the packet.
    package var stream: UInt8
    package var payloadType: UInt8
    package var flags: Flags

    package init(
        packet: PacketID,
        index: UInt64,
        timestamp: UInt32,
        patch: UInt32 = 0,
        consumer: UInt16,
        length: UInt16,
        originalSequence: UInt16 = 0,
        stream: UInt8 = 0,
        payloadType: UInt8,
        flags: Flags = []
    ) {
        (self.packet, self.index, self.timestamp, self.patch) = (packet, index, timestamp, patch)
        (self.consumer, self.length, self.originalSequence) = (consumer, length, originalSequence)
        (self.stream, self.payloadType, self.flags) = (stream, payloadType, flags)
    }

    /// Which order must hold: packets of one key leave as they came.
    ///
    /// Few bits on purpose, see ``IntentQueue``.
    @inline(__always)
    var orderBit: UInt64 { 1 << UInt64((consumer &* 2 &+ (flags.contains(.rtx) ? 1 : 0)) & 63) }
}
