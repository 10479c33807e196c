// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire

/// The virtual clock's start; far from zero, so that nothing depends on it.
let start = Instant(nanoseconds: 5_000_000_000_000)

/// The moment `milliseconds` after the start.
func at(_ milliseconds: Double) -> Instant {
    start + .nanoseconds(Int64(milliseconds * 1_000_000))
}

/// Drives a receive stream by plain numbers.
struct Receiver {
    let stream: ReceiveStream
    var rtxSequence: UInt16 = 100

    init(
        kind: StreamKind = .video,
        clockRate: UInt32 = 90_000,
        usesNack: Bool = true,
        usesDTX: Bool = false,
        watchesInactivity: Bool = false
    ) {
        stream = ReceiveStream(
            ReceiveStream.Parameters(
                kind: kind,
                ssrc: 0x1111_1111,
                payloadType: 96,
                clockRate: clockRate,
                usesNack: usesNack,
                usesDTX: usesDTX,
                watchesInactivity: watchesInactivity
            ),
            pool: PacketPool(capacity: 1 << 20)
        )
    }

    /// The extended number given to a media packet, or `nil` when it went no further.
    @discardableResult
    func media(_ sequence: UInt16, timestamp: UInt32 = 0, isKeyFrame: Bool = false, at now: Instant) -> Int64? {
        guard case .accepted(let acceptance) = receive(sequence, timestamp: timestamp, isKeyFrame: isKeyFrame, at: now)
        else { return nil }
        return acceptance.sequence
    }

    @discardableResult
    func receive(
        _ sequence: UInt16,
        timestamp: UInt32 = 0,
        isKeyFrame: Bool = false,
        at now: Instant
    ) -> ReceiveStream.Reception {
        stream.receive(
            ReceiveStream.Packet(
                sequence: sequence,
                timestamp: timestamp,
                size: 1000,
                isKeyFrame: isKeyFrame,
                arrival: now
            )
        )
    }

    /// Hands in a retransmission of `original`, or only a probe.
    @discardableResult
    mutating func retransmission(
        of original: UInt16?,
        payload: [UInt8] = [1, 2, 3],
        at now: Instant
    ) -> ReceiveStream.Reception {
        rtxSequence &+= 1
        var bytes: [UInt8] = []
        if let original { bytes = [UInt8(original >> 8), UInt8(truncatingIfNeeded: original)] + payload }
        return stream.receiveRetransmission(
            ReceiveStream.Packet(sequence: rtxSequence, timestamp: 0, size: 20 + bytes.count, arrival: now),
            payload: bytes.span
        )
    }

    /// What is asked for at `now`.
    func nacks(at now: Instant) -> [UInt16] {
        var sequences: [UInt16] = []
        stream.advance(to: now, nacks: &sequences)
        return sequences
    }
}
