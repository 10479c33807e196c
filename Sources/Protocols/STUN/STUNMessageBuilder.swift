// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletCrypto
package import SwiftletWire

/// Builds one STUN message, attribute by attribute.
///
/// - Note: RFC 8489 §5 and §14. ``finish(key:)`` puts MESSAGE-INTEGRITY and FINGERPRINT where they belong.
package struct STUNMessageBuilder {
    private var writer = ByteWriter(reservingCapacity: 160)
    private let transactionID: STUNTransactionID

    package init(_ messageClass: STUNClass, method: STUNMethod = .binding, transactionID: STUNTransactionID) {
        self.transactionID = transactionID
        let (bits, number) = (UInt16(messageClass.rawValue), method.rawValue)
        writer.write((bits & 2) << 7 | (bits & 1) << 4 | number & 0xF | (number & 0x70) << 1 | (number & 0xF80) << 2)
        writer.write(0 as UInt16)
        writer.write(STUN.magicCookie)
        writer.write(transactionID.high)
        writer.write(transactionID.low)
    }

    /// Adds an attribute of any type; its padding is zeros.
    package mutating func add(_ type: UInt16, _ value: [UInt8]) {
        writer.write(type)
        writer.write(UInt16(truncatingIfNeeded: value.count))
        writer.write(value)
        writer.pad(to: 4)
    }

    package mutating func add(_ type: UInt16, _ value: UInt32) {
        writer.write(type)
        writer.write(4 as UInt16)
        writer.write(value)
    }

    package mutating func add(_ type: UInt16, _ value: UInt64) {
        writer.write(type)
        writer.write(8 as UInt16)
        writer.write(value)
    }

    package mutating func add(_ type: UInt16, _ text: String) { add(type, Array(text.utf8)) }

    /// Adds XOR-MAPPED-ADDRESS, RFC 8489 §14.2.
    package mutating func addMappedAddress(_ address: SocketAddress) {
        writer.write(STUNAttribute.xorMappedAddress)
        writer.write((address.isIPv6 ? 20 : 8) as UInt16)
        writer.write((address.isIPv6 ? 2 : 1) as UInt16)
        writer.write(address.port ^ UInt16(truncatingIfNeeded: STUN.magicCookie >> 16))
        if address.isIPv6 {
            writer.write(address.high ^ (UInt64(STUN.magicCookie) << 32 | UInt64(transactionID.high)))
            writer.write(address.low ^ transactionID.low)
        } else {
            writer.write(UInt32(truncatingIfNeeded: address.low) ^ STUN.magicCookie)
        }
    }

    /// Adds ERROR-CODE with its reason phrase, RFC 8489 §14.8.
    package mutating func addError(_ code: STUNErrorCode) {
        let (hundreds, rest) = code.rawValue.quotientAndRemainder(dividingBy: 100)
        add(
            STUNAttribute.errorCode,
            [0, 0, UInt8(truncatingIfNeeded: hundreds), UInt8(truncatingIfNeeded: rest)] + Array(code.reason.utf8)
        )
    }

    /// Adds UNKNOWN-ATTRIBUTES, RFC 8489 §14.12.
    package mutating func addUnknownAttributes(_ types: [UInt16]) {
        add(
            STUNAttribute.unknownAttributes,
            types.flatMap { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] }
        )
    }

    /// Ends the message with MESSAGE-INTEGRITY, when there is a key, and FINGERPRINT.
    package consuming func finish(key: HMACSHA1? = nil) -> [UInt8] {
        if let key {
            let tag = MessageIntegrity.tag(of: writer.bytes.span, key: key)
            add(STUNAttribute.messageIntegrity, tag)
        }
        writer.overwrite(UInt16(truncatingIfNeeded: writer.count - STUN.headerLength + 8), at: 2)
        add(STUNAttribute.fingerprint, CRC32.checksum(of: writer.bytes.span) ^ STUN.fingerprintMask)
        return writer.bytes
    }
}

extension STUNMessageBuilder {
    /// A success response to a Binding request, signed.
    package static func bindingSuccess(
        to transactionID: STUNTransactionID,
        mappedAddress: SocketAddress,
        key: HMACSHA1,
        software: String? = nil
    ) -> [UInt8] {
        var builder = STUNMessageBuilder(.success, transactionID: transactionID)
        if let software { builder.add(STUNAttribute.software, software) }
        builder.addMappedAddress(mappedAddress)
        return builder.finish(key: key)
    }

    /// An error response; unsigned where the request was not authenticated.
    package static func errorResponse(
        to transactionID: STUNTransactionID,
        method: STUNMethod,
        code: STUNErrorCode,
        unknownAttributes: [UInt16] = [],
        key: HMACSHA1?
    ) -> [UInt8] {
        var builder = STUNMessageBuilder(.error, method: method, transactionID: transactionID)
        builder.addError(code)
        if !unknownAttributes.isEmpty { builder.addUnknownAttributes(unknownAttributes) }
        return builder.finish(key: key)
    }
}
