// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// What an AV1 payload says of itself where no dependency descriptor comes with it.
///
/// - Note: AV1 RTP specification §4.4; AV1 bitstream specification §5.3.2, §5.3.3.
package struct AV1Aggregation: BitwiseCopyable, Equatable, Sendable {
    /// How many elements of one payload are looked at for layer ids.
    package static let maximumElements = 32

    /// The aggregation header, `ZYWWN---`.
    private let head: UInt8
    /// Temporal layer 0 to 7.
    package let temporalID: UInt8
    /// Spatial layer 0 to 3.
    package let spatialID: UInt8
    /// Whether a unit that starts in this packet tells its layers.
    package let hasLayers: Bool

    /// Reads the aggregation header and the first unit header that has an extension; `nil` for an empty payload.
    ///
    /// Elements whose lengths contradict the payload end the search, not the reading.
    package init?(_ payload: Span<UInt8>) {
        guard !payload.isEmpty else { return nil }
        head = payload[0]
        let layers = Self.firstExtension(of: payload)
        (temporalID, spatialID, hasLayers) = (
            layers.map { $0 >> 5 } ?? 0, layers.map { $0 >> 3 & 3 } ?? 0, layers != nil
        )
    }

    /// The first element continues a unit of the packet before: Z.
    package var continuesUnit: Bool { head & 0x80 != 0 }

    /// The last element goes on in the next packet: Y.
    package var isContinued: Bool { head & 0x40 != 0 }

    /// A new coded video sequence starts with this packet: N.
    ///
    /// Beside Z it means nothing, since the two exclude another.
    package var startsSequence: Bool { head & 0x88 == 0x08 }

    /// The extension byte of the first unit that starts in the payload and has one.
    private static func firstExtension(of payload: Span<UInt8>) -> UInt8? {
        let count = payload[0] >> 4 & 0x03
        var offset = 1
        for index in 0..<maximumElements {
            if count != 0, index >= Int(count) { return nil }
            var length = payload.count &- offset
            // With W set, the last element has no length: it fills the rest.
            if count == 0 || index < Int(count) &- 1 {
                guard let (value, bytes) = payload.leb128(at: offset), value <= length &- bytes else { return nil }
                offset &+= bytes
                length = value
            }
            let isFragment = index == 0 && payload[0] & 0x80 != 0
            if !isFragment, length >= 2, payload[offset] & 0x04 != 0 { return payload[offset &+ 1] }
            offset &+= length
            guard offset < payload.count else { return nil }
        }
        return nil
    }
}

extension Span<UInt8> {
    /// The little-endian base-128 number at `offset` and the bytes it takes; `nil` when it is cut short or needs more
    /// than five bytes, AV1 bitstream specification §4.10.5.
    func leb128(at offset: Int) -> (value: Int, length: Int)? {
        var value = 0
        for index in 0..<5 {
            guard offset &+ index < count else { return nil }
            let byte = self[offset &+ index]
            value |= Int(byte & 0x7F) << (7 &* index)
            if byte & 0x80 == 0 { return (value, index &+ 1) }
        }
        return nil
    }
}
