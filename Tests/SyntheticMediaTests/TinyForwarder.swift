// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire
import SwiftletSyntheticMedia

/// One packet on its way to a checker.
struct Forwarded {
    var sequence: UInt16
    var timestamp: UInt32
    var marker: Bool
    var payload: [UInt8]
    var tag: FrameTag
    var at: Instant
}

/// The least that forwards a synthetic source.
///
/// It numbers packets, drops higher temporal layers of VP8 and closes the gaps. What it hands a ``StreamChecker`` is
/// right, until a test plants a fault.
struct TinyForwarder {
    var packets: [Forwarded] = []
    private var sequence: UInt16
    private var pictureShift: UInt16 = 0
    private var lastPicture: UInt32?
    private let offset: UInt32

    init(sequence: UInt16 = 65_500, offset: UInt32 = .max - 200_000) {
        (self.sequence, self.offset) = (sequence, offset)
    }

    /// Forwards what a source makes in `duration`, up to a temporal layer.
    mutating func forward(
        _ video: inout SyntheticVideo,
        from start: Instant,
        pictures: Int,
        temporal: Int = 2,
        keyAt keys: Set<Int> = [0]
    ) {
        for number in 0..<pictures {
            let capture = start + .nanoseconds(33_333_333) * number
            let timestamp = UInt32(truncatingIfNeeded: capture.nanoseconds * 9 / 100_000) &+ offset
            for packet in video.picture(capture: capture, key: keys.contains(number)) {
                guard Int(packet.tag.temporal) <= temporal else {
                    if lastPicture != packet.tag.picture { pictureShift &+= 1 }
                    lastPicture = packet.tag.picture
                    continue
                }
                lastPicture = packet.tag.picture
                var payload = packet.payload
                if video.configuration.codec == .vp8 {
                    let id = (UInt16(payload[2]) << 8 | UInt16(payload[3])) &- pictureShift
                    (payload[2], payload[3]) = (UInt8(id >> 8 & 0x7F) | 0x80, UInt8(id & 0xFF))
                }
                packets.append(
                    Forwarded(
                        sequence: sequence,
                        timestamp: timestamp,
                        marker: packet.marker,
                        payload: payload,
                        tag: packet.tag,
                        at: capture + .milliseconds(20)
                    )
                )
                sequence &+= 1
            }
        }
    }

    /// What a checker makes of the packets.
    func check(_ rules: StreamChecker.Rules) -> StreamChecker {
        let checker = StreamChecker(rules)
        for packet in packets {
            var nacks: [UInt16] = []
            checker.advance(now: packet.at, nacks: &nacks)
            checker.receive(
                sequence: packet.sequence,
                timestamp: packet.timestamp,
                marker: packet.marker,
                payload: packet.payload.span,
                now: packet.at
            )
        }
        return checker
    }

    /// Takes packets out and numbers the rest on, as if they had never been.
    mutating func remove(_ unwanted: (Forwarded) -> Bool) {
        let first = packets.first?.sequence ?? 0
        packets.removeAll(where: unwanted)
        for index in packets.indices { packets[index].sequence = first &+ UInt16(truncatingIfNeeded: index) }
    }
}
