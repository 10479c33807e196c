// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletWire

/// The RTP packets of a recording in `rtpdump` format, sent at the times at which they came.
///
/// Packets of one payload type, in the order of their numbers, without header extensions; duplicates are left out.
package struct TraceSource: PacketSource {
    private struct Moment: Sendable {
        var at: Duration
        var timestamp: UInt32
        var packets: [SourcePacket]
    }

    private struct Recorded {
        var sequence: Int64
        var at: Int64
        var timestamp: UInt32
        var packet: SourcePacket
    }

    /// Bytes of the file's binary header, and of each packet's.
    private static let headerLength = 16
    private static let packetHeaderLength = 8

    private let moments: [Moment]
    private let clockRate: UInt32
    private var next = 0
    /// How far media time was when the present round began.
    private var base: UInt32 = 0

    /// - Parameters:
    ///   - bytes: The recording.
    ///   - clockRate: Ticks of media time per second.
    ///   - payloadType: Which packets count; `nil` for the first payload type that appears.
    /// - Throws: ``SwiftletClientError/Code/invalidSource`` for what is none or has no such packet.
    package init(_ bytes: [UInt8], clockRate: UInt32, payloadType: UInt8?) throws(SwiftletClientError) {
        guard bytes.starts(with: Array("#!rtpplay1.0".utf8)), let line = bytes.firstIndex(of: 10) else {
            throw SwiftletClientError(.invalidSource, "no recording in rtpdump format")
        }
        var recorded = Self.packets(bytes.span, from: line + 1 + Self.headerLength, payloadType)
        recorded.sort { $0.sequence < $1.sequence }
        var moments: [Moment] = []
        var last: Int64?
        var time: Int64 = 0
        for one in recorded where one.sequence != last {
            last = one.sequence
            time = max(time, one.at)
            let at = Duration.milliseconds(time)
            if let newest = moments.last, newest.at == at, newest.timestamp == one.timestamp {
                moments[moments.count - 1].packets.append(one.packet)
            } else {
                moments.append(Moment(at: at, timestamp: one.timestamp, packets: [one.packet]))
            }
        }
        guard !moments.isEmpty else { throw SwiftletClientError(.invalidSource, "a recording without such packets") }
        (self.moments, self.clockRate) = (moments, clockRate)
    }

    private static func packets(_ bytes: Span<UInt8>, from start: Int, _ payloadType: UInt8?) -> [Recorded] {
        var recorded: [Recorded] = []
        var (wanted, unwrapper) = (payloadType, SequenceUnwrapper())
        var offset = start
        while offset + packetHeaderLength <= bytes.count {
            let length = Int(bytes.uint16(at: offset))
            let size = Int(bytes.uint16(at: offset + 2))
            let at = Int64(bytes.uint32(at: offset + 4))
            guard length >= packetHeaderLength, length <= bytes.count - offset else { break }
            let body = bytes.extracting(offset + packetHeaderLength..<offset + length)
            offset += length
            // A size of 0 is RTCP; one beyond the length was cut off in recording.
            guard size > 0, size <= body.count, let packet = try? RTPPacketView(parsing: body.extracting(0..<size)),
                wanted == nil || packet.payloadType == wanted, !packet.payload.isEmpty
            else { continue }
            wanted = packet.payloadType
            recorded.append(
                Recorded(
                    sequence: unwrapper.unwrap(packet.sequenceNumber),
                    at: at,
                    timestamp: packet.timestamp,
                    packet: SourcePacket(payload: packet.payload.copied(), marker: packet.marker)
                )
            )
        }
        return recorded
    }

    package mutating func next(capture: Int64, wantsKeyFrame: Bool) -> SourceFrame? {
        let moment = moments[next]
        let timestamp = base &+ (moment.timestamp &- moments[0].timestamp)
        next += 1
        guard next == moments.count else {
            return SourceFrame(packets: moment.packets, duration: moments[next].at - moment.at, timestamp: timestamp)
        }
        // From the last to the first again takes as long as a frame of 30 a second.
        next = 0
        base = timestamp &+ clockRate / 30
        return SourceFrame(packets: moment.packets, duration: .nanoseconds(33_333_333), timestamp: timestamp)
    }
}
