// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// Opus in RTP, RFC 7587.
package enum OpusPayload {
    /// Whether the packet carries no sound: an encoder in discontinuous transmission sends such instead of silence.
    ///
    /// Codes 0 and 1 with nothing behind the table-of-contents byte, code 2 with only a frame length.
    ///
    /// - Note: RFC 6716 §3.2.1.
    package static func isDTX(_ payload: Span<UInt8>) -> Bool {
        guard !payload.isEmpty else { return false }
        return switch payload[0] & 0x03 {
        case 0, 1: payload.count == 1
        case 2: payload.count == 2
        default: false
        }
    }
}
