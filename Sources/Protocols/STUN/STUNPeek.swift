// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

extension STUN {
    /// The receiver's username fragment in a Binding request, to find the transport that a new address belongs to.
    ///
    /// For sockets that several transports share. It reads only as far as USERNAME and proves nothing: the transport
    /// that is found checks the whole message. Requests should be routed by this first and by their tuple only when
    /// it finds nothing, since a page that was loaded again may reach its new transport from its old address.
    ///
    /// - Returns: The fragment, 1 to 256 characters of RFC 8445's ice-char, or `nil` when the bytes are no Binding
    ///   request or carry no such name.
    package static func peekLocalUsernameFragment(_ bytes: Span<UInt8>) -> String? {
        guard isMessage(bytes), bytes.uint16(at: 0) == STUNMethod.binding.rawValue else { return nil }
        var offset = headerLength
        while bytes.count - offset >= attributeHeaderLength {
            let length = Int(bytes.uint16(at: offset + 2))
            let start = offset + attributeHeaderLength
            guard length <= bytes.count - start else { return nil }
            if bytes.uint16(at: offset) == STUNAttribute.username {
                return fragment(in: bytes.extracting(start..<start + length))
            }
            offset = start + (length + 3) & ~3
        }
        return nil
    }

    /// The characters before the colon, where all of them may stand in a fragment.
    private static func fragment(in username: Span<UInt8>) -> String? {
        var text = ""
        for index in username.indices {
            let byte = username[index]
            switch byte {
            case UInt8(ascii: ":"):
                return text.isEmpty ? nil : text
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                guard index < 256 else { return nil }
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                return nil
            }
        }
        return nil
    }
}
