// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

extension OutstandingData {
    /// Moves ``advancedPoint`` over what the peer need not wait for, RFC 3758 §3.5 C2.
    ///
    /// Beyond given up chunks, it goes over messages that might be given up and have arrived: else a stream of many
    /// losses would skip one of them in each round trip.
    mutating func advancePoint() -> Bool {
        guard abandonedCount > 0 else { return false }
        var (point, number) = (advancedPoint, max(advancedPoint, cumulative) + 1)
        while number < next {
            let chunk = chunk(number)
            if chunk.state == .abandoned {
                point = number
            } else if chunk.state != .acknowledged || chunk.message?.isLimited != true {
                break
            }
            number += 1
        }
        guard point > advancedPoint else { return false }
        advancedPoint = point
        return true
    }

    /// What a FORWARD-TSN names: up to `limit` streams' last messages given up.
    ///
    /// - Returns: The new cumulative TSN, which is earlier where streams would be too many, and the streams.
    func skipped(limit: Int, interleaving: Bool) -> (point: Int64, streams: [SkippedStream]) {
        var places: [UInt32: Int] = [:]
        var streams: [SkippedStream] = []
        var number = first
        while number <= advancedPoint {
            if let message = chunk(number).message, message.isAbandoned, interleaving || !message.isUnordered {
                let key = UInt32(message.stream) << 1 | (message.isUnordered ? 1 : 0)
                if let place = places[key] {
                    streams[place].messageIdentifier = message.identifier
                } else {
                    guard streams.count < limit else { return (number - 1, streams) }
                    places[key] = streams.count
                    streams.append(
                        SkippedStream(
                            stream: message.stream,
                            isUnordered: message.isUnordered,
                            messageIdentifier: message.identifier
                        )
                    )
                }
            }
            number += 1
        }
        return (advancedPoint, streams)
    }
}
