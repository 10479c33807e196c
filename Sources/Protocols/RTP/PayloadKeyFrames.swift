// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

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

extension Span<UInt8> {
    fileprivate var firstByte: UInt8? { isEmpty ? nil : self[0] }
}
