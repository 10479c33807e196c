// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletWire

/// MESSAGE-INTEGRITY by short-term credentials, RFC 8489 §14.5.
enum MessageIntegrity {
    /// The tag of a message that reads `bytes` up to the attribute, whatever its length field says now.
    ///
    /// The length that is hashed is the one the message has with the attribute as its last; the field itself is left
    /// alone, since the bytes may be somebody else's.
    static func tag(of bytes: Span<UInt8>, key: HMACSHA1) -> [UInt8] {
        let length = UInt16(
            truncatingIfNeeded: bytes.count - STUN.headerLength + STUN.attributeHeaderLength + STUN.integrityLength
        )
        let field: [UInt8] = [UInt8(truncatingIfNeeded: length >> 8), UInt8(truncatingIfNeeded: length)]
        var message = key.begin()
        message.update(bytes.extracting(first: 2))
        message.update(field.span)
        message.update(bytes.extracting(4..<bytes.count))
        return message.finish()
    }
}
