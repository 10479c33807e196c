// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// A picture id as VP8 and VP9 write it: a bit that says how long it is, then seven bits or fifteen.
///
/// - Note: RFC 7741 §4.2, RFC 9628 §4.2.
struct PictureIDField {
    let value: UInt16
    let isLong: Bool

    /// Reads the field at `offset`; `nil` when it is cut short.
    init?(_ payload: Span<UInt8>, at offset: Int) {
        guard payload.count > offset else { return nil }
        isLong = payload[offset] & 0x80 != 0
        guard payload.count > offset &+ (isLong ? 1 : 0) else { return nil }
        value = isLong ? payload.uint16(at: offset) & 0x7FFF : UInt16(payload[offset])
    }

    /// Bytes that it takes.
    var length: Int { isLong ? 2 : 1 }
}
