// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletPeerLink
import SwiftletRTP
import SwiftletSRTP
import SwiftletStreams
import SwiftletWire

/// Opening what the peer sent.
extension WebRtcTransport {
    /// Takes the SRTP packet in `range`, which is opened in place.
    func receiveRTP(
        _ bytes: inout MutableSpan<UInt8>,
        _ range: Range<Int>,
        from tuple: Tuple,
        arrival: Instant,
        now: Instant
    ) {
        traffic.received.add(range.count, now: now)
        guard link.isReady, let opened = try? link.openRTP(&bytes, range) else {
            board.counters.unopened &+= 1
            return
        }
        link.noteAuthenticated(from: tuple, now: now)
        if link.selectedTuple != destination { drainLink(now: now) }
        let plain = range.lowerBound..<range.lowerBound &+ opened.length
        let span = bytes.span.extracting(plain)
        guard let packet = try? RTPPacketView(parsing: span) else {
            board.counters.malformed &+= 1
            return
        }
        receive(packet, arrival: arrival, now: now)
    }

    /// Takes the SRTCP compound in `range`, which is opened in place.
    func receiveRTCP(
        _ bytes: inout MutableSpan<UInt8>,
        _ range: Range<Int>,
        from tuple: Tuple,
        arrival: Instant,
        now: Instant
    ) {
        traffic.received.add(range.count, now: now)
        guard link.isReady, let opened = try? link.openRTCP(&bytes, range) else {
            board.counters.unopened &+= 1
            return
        }
        link.noteAuthenticated(from: tuple, now: now)
        if link.selectedTuple != destination { drainLink(now: now) }
        let span = bytes.span.extracting(range.lowerBound..<range.lowerBound + opened.length)
        receive(compound: span, arrival: arrival, now: now)
    }
}
