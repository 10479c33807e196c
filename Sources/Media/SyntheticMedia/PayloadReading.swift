// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// What the checker reads of a forwarded payload: the tag, and what the descriptor says, by a reading of its own.
package struct PayloadReading: BitwiseCopyable, Sendable {
    package var tag = FrameTag()
    /// Picture id, −1 without.
    package var pictureID: Int32 = -1
    /// TL0PICIDX, −1 without.
    package var tl0: Int16 = -1
    /// Layers as the descriptor tells them, −1 where it does not.
    package var temporal: Int8 = -1
    package var spatial: Int8 = -1
    /// VP8's S at partition 0, VP9's B.
    package var isStart = false
    /// Whether the payload says it belongs to a key frame.
    package var saysKey = false

    /// Nothing at all.
    package init() {}

    /// Reads a payload, or gives `nil` where it is not one that ``SyntheticVideo`` wrote and a forwarder may have
    /// rewritten.
    package init?(_ payload: Span<UInt8>, _ codec: SyntheticCodec) {
        guard payload.count > FrameTag.length + 2 else { return nil }
        let start: Int? =
            switch codec {
            case .vp8: readVP8(payload)
            case .vp9: readVP9(payload)
            case .h264: readH264(payload)
            case .av1: readAV1(payload)
            }
        guard let start, let tag = FrameTag(payload, at: start) else { return nil }
        self.tag = tag
    }

    private mutating func readVP8(_ payload: Span<UInt8>) -> Int? {
        isStart = payload[0] & 0x17 == 0x10
        guard payload[0] & 0x80 != 0 else { return nil }
        let flags = payload[1]
        var offset = 2
        if flags & 0x80 != 0 { offset = readPictureID(payload, at: offset) }
        if flags & 0x40 != 0 {
            tl0 = Int16(payload[offset])
            offset += 1
        }
        if flags & 0x30 != 0 {
            temporal = Int8(payload[offset] >> 6)
            offset += 1
        }
        saysKey = payload[offset] & 1 == 0
        return offset + 1
    }

    private mutating func readPictureID(_ payload: Span<UInt8>, at offset: Int) -> Int {
        guard payload[offset] & 0x80 != 0 else {
            pictureID = Int32(payload[offset])
            return offset + 1
        }
        pictureID = Int32(payload.uint16(at: offset) & 0x7FFF)
        return offset + 2
    }

    private mutating func readVP9(_ payload: Span<UInt8>) -> Int? {
        let head = payload[0]
        var offset = 1
        if head & 0x80 != 0 { offset = readPictureID(payload, at: offset) }
        isStart = head & 0x08 != 0
        saysKey = head & 0x40 == 0
        if head & 0x20 != 0 {
            temporal = Int8(payload[offset] >> 5)
            spatial = Int8(payload[offset] >> 1 & 7)
            tl0 = Int16(payload[offset + 1])
            offset += 2
        }
        guard head & 0x10 == 0 else { return nil }
        guard head & 0x02 != 0 else { return offset }
        let structure = payload[offset]
        offset += 1
        if structure & 0x10 != 0 { offset += 4 * (Int(structure >> 5) + 1) }
        guard structure & 0x08 != 0, offset < payload.count else { return offset }
        let count = Int(payload[offset])
        offset += 1
        for _ in 0..<count {
            guard offset < payload.count else { return nil }
            offset += 1 + Int(payload[offset] >> 2 & 3)
        }
        return offset
    }

    private mutating func readH264(_ payload: Span<UInt8>) -> Int? {
        switch payload[0] & 0x1F {
        case 24:
            (saysKey, isStart) = (true, true)
            return 7
        case 28:
            (saysKey, isStart) = (payload[1] & 0x1F == 5, payload[1] & 0x80 != 0)
            return 2
        case let type:
            (saysKey, isStart) = (type == 5, true)
            return 1
        }
    }

    private mutating func readAV1(_ payload: Span<UInt8>) -> Int? {
        let head = payload[0]
        isStart = head & 0x80 == 0
        guard isStart else { return 1 }
        saysKey = head & 0x08 != 0
        var offset = 1
        if head >> 4 & 3 == 2 { offset += 1 + Int(payload[1]) }
        guard offset + 1 < payload.count else { return nil }
        if payload[offset] & 0x04 != 0 {
            temporal = Int8(payload[offset + 1] >> 5)
            spatial = Int8(payload[offset + 1] >> 3 & 3)
            offset += 1
        }
        return offset + 1
    }
}
