// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// The payload of a retransmission: the original sequence number, then the original payload, RFC 4588 §4.
package enum RTXPayload {
    /// Bytes of the original sequence number in front.
    package static let headerLength = 2

    /// The original sequence number, or `nil` for a packet that only probes for bandwidth.
    package static func originalSequence(in payload: Span<UInt8>) -> UInt16? {
        payload.count >= headerLength ? payload.uint16(at: 0) : nil
    }
}
