// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletStreams
import SwiftletWire

/// What goes in front of a stored payload instead of its own first bytes, put together when the packet is sealed.
///
/// RTX's original sequence number, RFC 4588 §4; then a descriptor with this consumer's picture ids, or RED's headers
/// with its payload types. The stored packet itself is never touched: others are fed from it.
struct PayloadPrefix {
    /// RTX's two bytes and the longest head of a RED payload.
    var bytes = InlineArray<32, UInt8>(repeating: 0)
    var count = 0

    mutating func append(_ value: UInt16) {
        bytes[count] = UInt8(truncatingIfNeeded: value >> 8)
        bytes[count &+ 1] = UInt8(truncatingIfNeeded: value)
        count &+= 2
    }

    /// Appends what replaces the payload's beginning.
    ///
    /// - Returns: What is left of the payload behind it.
    mutating func rewrite(
        _ payload: Span<UInt8>,
        _ header: borrowing PacketHeader,
        _ intent: SendIntent,
        _ consumer: Consumer
    ) -> Range<Int> {
        if intent.flags.contains(.filler) { return 0..<0 }
        if intent.flags.contains(.unwrapped) {
            return min(Int(header.primaryOffset), payload.count)..<payload.count
        }
        guard intent.flags.contains(.rewritten) else { return 0..<payload.count }
        var replaced = 0
        var target = bytes.mutableSpan
        switch header.frame.form {
        case .vp8:
            guard let descriptor = VP8Descriptor(payload) else { break }
            let written = descriptor.write(
                pictureID: UInt16(truncatingIfNeeded: intent.patch),
                tl0PictureIndex: UInt8(truncatingIfNeeded: intent.patch >> 16),
                into: &target,
                at: count
            )
            if written > 0 { (replaced, count) = (descriptor.length, count &+ written) }
        case .vp9:
            guard let descriptor = VP9Descriptor(payload) else { break }
            let written = descriptor.write(
                pictureID: UInt16(truncatingIfNeeded: intent.patch),
                tl0PictureIndex: UInt8(truncatingIfNeeded: intent.patch >> 16),
                into: &target,
                at: count
            )
            if written > 0 { (replaced, count) = (descriptor.headLength, count &+ written) }
        case .none, .dependency, .obu:
            guard header.primaryOffset > 0, let red = REDPayload(payload) else { break }
            let written = red.write(mapping: consumer.payloadTypes.inside, into: &target, at: count)
            count &+= written
            if written > 0 { replaced = red.headerLength }
        }
        return replaced..<payload.count
    }
}
