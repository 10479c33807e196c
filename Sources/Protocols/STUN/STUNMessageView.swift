// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletCrypto
package import SwiftletWire

/// One STUN message, read in place.
///
/// Reading checks every length, keeps the first of attributes that stand twice, ignores what follows
/// MESSAGE-INTEGRITY except FINGERPRINT, and verifies FINGERPRINT where there is one. It says nothing about who sent
/// the message: that is ``isAuthentic(key:)``. The bytes are never changed.
///
/// - Note: RFC 8489 §5 and §14, RFC 8445 §16.1.
package struct STUNMessageView: ~Escapable {
    private let bytes: Span<UInt8>
    package let messageClass: STUNClass
    package let method: STUNMethod
    package let transactionID: STUNTransactionID
    /// PRIORITY of a request.
    package private(set) var priority: UInt32?
    /// Whether USE-CANDIDATE stands in it.
    package private(set) var usesCandidate = false
    /// The renomination counter.
    package private(set) var nomination: UInt32?
    /// The tie-breaker of a sender who thinks it controls.
    package private(set) var iceControlling: UInt64?
    /// The tie-breaker of a sender who thinks it is controlled.
    package private(set) var iceControlled: UInt64?
    /// The address a success response reports.
    package private(set) var mappedAddress: SocketAddress?
    /// The code of an error response.
    package private(set) var errorCode: UInt16?
    /// Types that must be understood and are not, at most eight of them.
    package private(set) var unknownRequiredAttributes: [UInt16] = []
    /// Whether a FINGERPRINT stands at the end; a wrong one does not parse.
    package private(set) var hasFingerprint = false
    private var usernameRange: Range<Int>?
    private var integrityOffset: Int?

    /// Reads the message that fills `bytes`.
    ///
    /// - Throws: ``WireError/unsupported`` when the bytes are not STUN at all, ``WireError/truncated`` when an
    ///   attribute runs past the end, ``WireError/malformed`` when one has the wrong size or the fingerprint is wrong.
    @_lifetime(copy bytes)
    package init(parsing bytes: Span<UInt8>) throws(WireError) {
        guard STUN.isMessage(bytes) else { throw .unsupported }
        let type = bytes.uint16(at: 0)
        guard let messageClass = STUNClass(rawValue: UInt8(truncatingIfNeeded: type >> 7 & 2 | type >> 4 & 1)) else {
            throw .malformed
        }
        self.bytes = bytes
        self.messageClass = messageClass
        method = STUNMethod(rawValue: type & 0xF | type >> 1 & 0x70 | type >> 2 & 0xF80)
        transactionID = STUNTransactionID(high: bytes.uint32(at: 8), low: bytes.uint64(at: 12))
        var offset = STUN.headerLength
        while offset < bytes.count {
            guard !hasFingerprint else { throw .malformed }
            guard bytes.count - offset >= STUN.attributeHeaderLength else { throw .truncated }
            let length = Int(bytes.uint16(at: offset + 2))
            let start = offset + STUN.attributeHeaderLength
            guard length <= bytes.count - start else { throw .truncated }
            try note(bytes.uint16(at: offset), at: start..<start + length)
            offset = start + (length + 3) & ~3
        }
    }

    /// USERNAME: the receiver's fragment, a colon, the sender's.
    package var username: Span<UInt8>? {
        @_lifetime(copy self)
        get {
            guard let usernameRange else { return nil }
            return bytes.extracting(usernameRange)
        }
    }

    /// The part of USERNAME before the colon: the receiver's own fragment in a request.
    package var localUsernameFragment: Span<UInt8>? {
        @_lifetime(copy self)
        get {
            guard let usernameRange else { return nil }
            for index in usernameRange where bytes[index] == UInt8(ascii: ":") {
                return bytes.extracting(usernameRange.lowerBound..<index)
            }
            return nil
        }
    }

    /// Whether MESSAGE-INTEGRITY is there, right or wrong.
    package var hasIntegrity: Bool { integrityOffset != nil }

    /// Whether MESSAGE-INTEGRITY is there and was made with `key`; compared in constant time.
    package func isAuthentic(key: HMACSHA1) -> Bool {
        guard let integrityOffset else { return false }
        let tag = MessageIntegrity.tag(of: bytes.extracting(first: integrityOffset), key: key)
        let start = integrityOffset + STUN.attributeHeaderLength
        return constantTimeEqual(tag.span, bytes.extracting(start..<start + STUN.integrityLength))
    }

    /// Takes note of one attribute whose value lies in `range`.
    private mutating func note(_ type: UInt16, at range: Range<Int>) throws(WireError) {
        let start = range.lowerBound
        if type == STUNAttribute.fingerprint {
            guard range.count == 4 else { throw .malformed }
            let covered = bytes.extracting(first: start - STUN.attributeHeaderLength)
            guard bytes.uint32(at: start) == CRC32.checksum(of: covered) ^ STUN.fingerprintMask else {
                throw .malformed
            }
            hasFingerprint = true
            return
        }
        guard integrityOffset == nil else { return }
        switch type {
        case STUNAttribute.username where usernameRange == nil:
            guard range.count <= STUN.maximumUsernameLength else { throw .malformed }
            usernameRange = range
        case STUNAttribute.messageIntegrity:
            guard range.count == STUN.integrityLength else { throw .malformed }
            integrityOffset = start - STUN.attributeHeaderLength
        case STUNAttribute.priority where priority == nil:
            guard range.count == 4 else { throw .malformed }
            priority = bytes.uint32(at: start)
        case STUNAttribute.useCandidate where !usesCandidate:
            guard range.isEmpty else { throw .malformed }
            usesCandidate = true
        case STUNAttribute.nomination where nomination == nil:
            guard range.count == 4 else { throw .malformed }
            nomination = bytes.uint32(at: start)
        case STUNAttribute.iceControlling where iceControlling == nil:
            guard range.count == 8 else { throw .malformed }
            iceControlling = bytes.uint64(at: start)
        case STUNAttribute.iceControlled where iceControlled == nil:
            guard range.count == 8 else { throw .malformed }
            iceControlled = bytes.uint64(at: start)
        case STUNAttribute.xorMappedAddress where mappedAddress == nil:
            mappedAddress = try Self.mappedAddress(in: bytes.extracting(range), transactionID: transactionID)
        case STUNAttribute.errorCode where errorCode == nil:
            guard range.count >= 4 else { throw .malformed }
            let (hundreds, rest) = (bytes[start + 2] & 7, bytes[start + 3])
            guard 3...6 ~= hundreds, rest < 100 else { throw .malformed }
            errorCode = UInt16(hundreds) * 100 + UInt16(rest)
        default:
            noteUnknown(type)
        }
    }

    private mutating func noteUnknown(_ type: UInt16) {
        switch type {
        case STUNAttribute.username, STUNAttribute.priority, STUNAttribute.useCandidate,
            STUNAttribute.xorMappedAddress, STUNAttribute.errorCode:
            return  // standing there a second time
        default:
            guard STUNAttribute.requiresComprehension(type), !STUNAttribute.isSkipped(type),
                unknownRequiredAttributes.count < STUN.maximumUnknownAttributes,
                !unknownRequiredAttributes.contains(type)
            else { return }
            unknownRequiredAttributes.append(type)
        }
    }

    /// Reads XOR-MAPPED-ADDRESS, RFC 8489 §14.2.
    private static func mappedAddress(
        in value: Span<UInt8>,
        transactionID: STUNTransactionID
    ) throws(WireError) -> SocketAddress {
        guard value.count >= 4 else { throw .malformed }
        let port = value.uint16(at: 2) ^ UInt16(truncatingIfNeeded: STUN.magicCookie >> 16)
        switch (value[1], value.count) {
        case (1, 8):
            return SocketAddress(ipv4: value.uint32(at: 4) ^ STUN.magicCookie, port: port)
        case (2, 20):
            let mask = UInt64(STUN.magicCookie) << 32 | UInt64(transactionID.high)
            return SocketAddress(ipv6: value.uint64(at: 4) ^ mask, value.uint64(at: 12) ^ transactionID.low, port: port)
        default:
            throw .malformed
        }
    }
}
