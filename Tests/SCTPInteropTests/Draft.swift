// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSCTP

/// Messages that are recognised on arrival.
enum Draft {
    /// Message `number`, of so many bytes, no two alike from four bytes on.
    static func message(
        _ number: Int,
        count: Int,
        stream: UInt16 = 0,
        isUnordered: Bool = false,
        reliability: SCTPReliability = .reliable
    ) -> SCTPMessage {
        var payload = [UInt8](repeating: 0, count: count)
        for place in payload.indices {
            let value = place < 4 ? number >> (8 * place) : number &* 31 &+ place &* 7 &+ place >> 8
            payload[place] = UInt8(truncatingIfNeeded: value)
        }
        return SCTPMessage(
            stream: stream,
            payloadProtocol: .binary,
            payload: payload,
            isUnordered: isUnordered,
            reliability: reliability
        )
    }

    /// Which message this is.
    static func number(of message: SCTPMessage) -> Int {
        message.payload.prefix(4).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    }
}
