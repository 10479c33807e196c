// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// H.264 in RTP, RFC 6184.
enum H264Payload {
    /// Units that come with a key frame: IDR slices and sequence parameters, H.264 table 7-1; a bit for each type.
    private static let keyUnits: UInt32 = 1 << 5 | 1 << 7
    /// Sequence parameters, which a key frame begins with.
    private static let parameterSets: UInt32 = 1 << 7

    static func isKeyFrame(_ payload: Span<UInt8>) -> Bool { holds(keyUnits, payload) }

    static func bringsParameterSets(_ payload: Span<UInt8>) -> Bool { holds(parameterSets, payload) }

    /// Whether a unit of one of these types is in the payload, or begins in it.
    private static func holds(_ types: UInt32, _ payload: Span<UInt8>) -> Bool {
        guard let head = payload.firstByte else { return false }
        switch head & 0x1F {
        case 24:  // STAP-A, RFC 6184 §5.7.1
            return anyUnit(types, of: payload, from: 1)
        case 25:  // STAP-B: a decoding order number comes first
            return anyUnit(types, of: payload, from: 3)
        case 28, 29:  // FU-A and FU-B, RFC 6184 §5.8: the fragment that starts the unit
            return payload.count >= 2 && payload[1] & 0x80 != 0 && types >> UInt32(payload[1] & 0x1F) & 1 != 0
        case let type:
            return types >> UInt32(type) & 1 != 0
        }
    }

    private static func anyUnit(_ types: UInt32, of payload: Span<UInt8>, from start: Int) -> Bool {
        var offset = start
        while payload.count - offset >= 3 {
            let length = Int(payload.uint16(at: offset))
            guard length <= payload.count - offset - 2 else { return false }
            if length > 0, types >> UInt32(payload[offset + 2] & 0x1F) & 1 != 0 { return true }
            offset += 2 + length
        }
        return false
    }
}

/// H.265 in RTP, RFC 7798.
enum H265Payload {
    /// Units that come with a key frame: parameter sets, IDR or CRA pictures, H.265 table 7-1; a bit for each type.
    private static let keyUnits: UInt64 = 7 << 32 | 7 << 19
    /// Video and sequence parameters, which a key frame begins with.
    private static let parameterSets: UInt64 = 3 << 32

    static func isKeyFrame(_ payload: Span<UInt8>) -> Bool { holds(keyUnits, payload) }

    static func bringsParameterSets(_ payload: Span<UInt8>) -> Bool { holds(parameterSets, payload) }

    /// Whether a unit of one of these types is in the payload, or begins in it.
    private static func holds(_ types: UInt64, _ payload: Span<UInt8>) -> Bool {
        guard payload.count >= 2 else { return false }
        switch payload[0] >> 1 & 0x3F {
        case 48:  // Aggregation packet, RFC 7798 §4.4.2
            return anyUnit(types, of: payload)
        case 49:  // Fragmentation unit, RFC 7798 §4.4.3: the fragment that starts the unit
            return payload.count >= 3 && payload[2] & 0x80 != 0 && types >> UInt64(payload[2] & 0x3F) & 1 != 0
        case let type:
            return types >> UInt64(type) & 1 != 0
        }
    }

    private static func anyUnit(_ types: UInt64, of payload: Span<UInt8>) -> Bool {
        var offset = 2
        while payload.count - offset >= 3 {
            let length = Int(payload.uint16(at: offset))
            guard length <= payload.count - offset - 2 else { return false }
            if length > 0, types >> UInt64(payload[offset + 2] >> 1 & 0x3F) & 1 != 0 { return true }
            offset += 2 + length
        }
        return false
    }
}

extension Span<UInt8> {
    fileprivate var firstByte: UInt8? { isEmpty ? nil : self[0] }
}
