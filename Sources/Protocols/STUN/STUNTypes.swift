// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// What a message is for, RFC 8489 §5: the two class bits of its type.
package enum STUNClass: UInt8, Sendable {
    case request = 0
    case indication = 1
    case success = 2
    case error = 3
}

/// What a message asks for or answers, RFC 8489 §5: the twelve method bits of its type.
package struct STUNMethod: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Binding, RFC 8489 §18.2: the only method that ICE uses.
    package static let binding = STUNMethod(rawValue: 0x001)
}

/// The 96 bits that tie an answer to its request, RFC 8489 §5.
package struct STUNTransactionID: Hashable, Sendable {
    /// The first 32 bits.
    package let high: UInt32
    /// The last 64 bits.
    package let low: UInt64

    package init(high: UInt32, low: UInt64) { (self.high, self.low) = (high, low) }

    /// A fresh identifier; unpredictable when `random` is.
    package init(using random: inout some RandomNumberGenerator) {
        self.init(high: random.next(), low: random.next())
    }
}

/// Attribute types that ICE reads or writes, and those it knows well enough to skip.
package enum STUNAttribute {
    /// RFC 8489 §14.1.
    package static let mappedAddress: UInt16 = 0x0001
    /// RFC 8489 §14.3.
    package static let username: UInt16 = 0x0006
    /// RFC 8489 §14.5.
    package static let messageIntegrity: UInt16 = 0x0008
    /// RFC 8489 §14.8.
    package static let errorCode: UInt16 = 0x0009
    /// RFC 8489 §14.13.
    package static let unknownAttributes: UInt16 = 0x000A
    /// RFC 8489 §14.9.
    package static let realm: UInt16 = 0x0014
    /// RFC 8489 §14.10.
    package static let nonce: UInt16 = 0x0015
    /// RFC 8489 §14.6.
    package static let messageIntegritySHA256: UInt16 = 0x001C
    /// RFC 8489 §14.2.
    package static let xorMappedAddress: UInt16 = 0x0020
    /// RFC 8445 §16.1.
    package static let priority: UInt16 = 0x0024
    /// RFC 8445 §16.1.
    package static let useCandidate: UInt16 = 0x0025
    /// RFC 8489 §14.14.
    package static let software: UInt16 = 0x8022
    /// RFC 8489 §14.7.
    package static let fingerprint: UInt16 = 0x8028
    /// RFC 8445 §16.1.
    package static let iceControlled: UInt16 = 0x8029
    /// RFC 8445 §16.1.
    package static let iceControlling: UInt16 = 0x802A
    /// A growing number by which the controlling side moves the selected pair; draft-thatcher-ice-renomination, as
    /// libwebrtc sends it.
    package static let nomination: UInt16 = 0xC001

    /// Whether a receiver that does not know `type` must refuse the request, RFC 8489 §14.
    static func requiresComprehension(_ type: UInt16) -> Bool { type < 0x8000 }

    /// Whether `type` is known, though nothing is read from it.
    static func isSkipped(_ type: UInt16) -> Bool {
        [mappedAddress, unknownAttributes, realm, nonce, messageIntegritySHA256].contains(type)
    }
}

/// The errors that ICE answers with, each with the phrase sent along.
package enum STUNErrorCode: UInt16, Sendable {
    /// RFC 8489 §14.8.
    case badRequest = 400
    /// RFC 8489 §14.8.
    case unauthenticated = 401
    /// RFC 8489 §14.8.
    case unknownAttribute = 420
    /// RFC 8445 §7.3.1.1.
    case roleConflict = 487

    /// The reason phrase, for people reading a capture.
    var reason: String {
        switch self {
        case .badRequest: "Bad Request"
        case .unauthenticated: "Unauthenticated"
        case .unknownAttribute: "Unknown Attribute"
        case .roleConflict: "Role Conflict"
        }
    }
}

/// Sizes and constants of the format.
package enum STUN {
    /// RFC 8489 §5.
    package static let headerLength = 20
    /// RFC 8489 §5.
    package static let magicCookie: UInt32 = 0x2112_A442
    /// What a FINGERPRINT's CRC is combined with, RFC 8489 §14.7.
    static let fingerprintMask: UInt32 = 0x5354_554E
    /// An attribute's type and length.
    static let attributeHeaderLength = 4
    /// The HMAC-SHA1 in a MESSAGE-INTEGRITY, RFC 8489 §14.5.
    static let integrityLength = 20
    /// Longest USERNAME taken in: ICE allows two fragments of 256 and a colon, RFC 8445 §5.3.
    static let maximumUsernameLength = 513
    /// Most unknown attribute types noted of one message; the others are left out of a 420.
    static let maximumUnknownAttributes = 8

    /// Whether a datagram is one STUN message: type bits, magic cookie and length agree.
    @inlinable @inline(__always)
    package static func isMessage(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= 20, bytes[0] < 4, bytes.uint32(at: 4) == 0x2112_A442 else { return false }
        let length = Int(bytes.uint16(at: 2))
        return length & 3 == 0 && length &+ 20 == bytes.count
    }
}
