// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// VP8 in RTP, RFC 7741.
enum VP8Payload {
    /// The descriptor of RFC 7741 §4.2, then the frame header's inverse key-frame bit, §4.3.
    static func isKeyFrame(_ payload: Span<UInt8>) -> Bool {
        guard payload.count >= 2 else { return false }
        let head = payload[0]
        // S set and PID 0: the start of the first partition.
        guard head & 0x10 != 0, head & 0x07 == 0 else { return false }
        var offset = 1
        if head & 0x80 != 0 {
            let flags = payload[1]
            offset = 2
            if flags & 0x80 != 0 {
                guard offset < payload.count else { return false }
                offset += payload[offset] & 0x80 != 0 ? 2 : 1
            }
            if flags & 0x40 != 0 { offset += 1 }
            if flags & 0x30 != 0 { offset += 1 }
        }
        return offset < payload.count && payload[offset] & 0x01 == 0
    }
}

/// VP9 in RTP, RFC 9628.
enum VP9Payload {
    /// A frame's first packet, not predicted from another picture, of the lowest spatial layer, RFC 9628 §4.2.
    static func isKeyFrame(_ payload: Span<UInt8>) -> Bool {
        guard payload.count >= 2 else { return false }
        let head = payload[0]
        guard head & 0x40 == 0, head & 0x08 != 0 else { return false }
        guard head & 0x20 != 0 else { return true }
        var offset = 1
        if head & 0x80 != 0 { offset += payload[1] & 0x80 != 0 ? 2 : 1 }
        return offset < payload.count && payload[offset] >> 1 & 0x07 == 0
    }
}

/// H.264 in RTP, RFC 6184.
enum H264Payload {
    /// Whether a unit of this type comes with a key frame: IDR slice or sequence parameters, H.264 §7.4.1.
    private static func isKey(_ type: UInt8) -> Bool { type == 5 || type == 7 }

    static func isKeyFrame(_ payload: Span<UInt8>) -> Bool {
        guard let head = payload.firstByte else { return false }
        switch head & 0x1F {
        case 24:  // STAP-A, RFC 6184 §5.7.1
            return anyUnit(of: payload, from: 1)
        case 25:  // STAP-B: a decoding order number comes first
            return anyUnit(of: payload, from: 3)
        case 28, 29:  // FU-A and FU-B, RFC 6184 §5.8: the fragment that starts the unit
            return payload.count >= 2 && payload[1] & 0x80 != 0 && isKey(payload[1] & 0x1F)
        case let type:
            return isKey(type)
        }
    }

    private static func anyUnit(of payload: Span<UInt8>, from start: Int) -> Bool {
        var offset = start
        while payload.count - offset >= 3 {
            let length = Int(payload.uint16(at: offset))
            guard length <= payload.count - offset - 2 else { return false }
            if length > 0, isKey(payload[offset + 2] & 0x1F) { return true }
            offset += 2 + length
        }
        return false
    }
}

/// H.265 in RTP, RFC 7798.
enum H265Payload {
    /// Whether a unit of this type comes with a key frame: parameter sets, IDR or CRA pictures, H.265 table 7-1.
    private static func isKey(_ type: UInt8) -> Bool { 32...34 ~= type || 19...21 ~= type }

    static func isKeyFrame(_ payload: Span<UInt8>) -> Bool {
        guard payload.count >= 2 else { return false }
        switch payload[0] >> 1 & 0x3F {
        case 48:  // Aggregation packet, RFC 7798 §4.4.2
            return anyUnit(of: payload)
        case 49:  // Fragmentation unit, RFC 7798 §4.4.3: the fragment that starts the unit
            return payload.count >= 3 && payload[2] & 0x80 != 0 && isKey(payload[2] & 0x3F)
        case let type:
            return isKey(type)
        }
    }

    private static func anyUnit(of payload: Span<UInt8>) -> Bool {
        var offset = 2
        while payload.count - offset >= 3 {
            let length = Int(payload.uint16(at: offset))
            guard length <= payload.count - offset - 2 else { return false }
            if length > 0, isKey(payload[offset + 2] >> 1 & 0x3F) { return true }
            offset += 2 + length
        }
        return false
    }
}

/// AV1 in RTP.
enum AV1Payload {
    /// The N bit of the aggregation header: a new coded video sequence starts, AV1 RTP specification §4.4.
    ///
    /// With Z set, the packet continues an earlier fragment, which the specification forbids beside N.
    static func isKeyFrame(_ payload: Span<UInt8>) -> Bool {
        guard payload.count >= 2 else { return false }
        return payload[0] & 0x08 != 0 && payload[0] & 0x80 == 0
    }
}

extension Span<UInt8> {
    fileprivate var firstByte: UInt8? { isEmpty ? nil : self[0] }
}
