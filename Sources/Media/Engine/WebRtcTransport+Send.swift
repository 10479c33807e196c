// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletPeerLink
import SwiftletRTP
import SwiftletSRTP
import SwiftletStreams
import SwiftletWire

/// What one call of a flush may still write, and has written.
struct SendBudget {
    var packets: Int
    var bytes: Int
    /// abs-send-time of this flush, 24 bits of 6.18 seconds.
    let absoluteSendTime: UInt32
}

/// From intents to sealed packets: the run is chosen, then transport-wide numbers and times are given, then it is sealed
/// from the store straight into the batch, in the order in which it leaves.
extension WebRtcTransport {
    /// Writes what waits, up to one burst, as far as batch and budget allow.
    ///
    /// - Returns: Whether more waits.
    func flush(into batch: inout TransmitBatch, budget: inout SendBudget, now: Instant) -> Bool {
        guard let intents, let sender = link.sender, let destination, isReady else {
            self.intents?.removeAll()
            return false
        }
        var burst = board.limits.bytesPerBurst
        let segments = isStream || !usesRuns ? 1 : TransmitBatch.maximumSegments
        while !intents.isEmpty {
            guard batch.hasRoomForMessage, batch.free >= Self.roomForOne, budget.packets > 0, budget.bytes > 0,
                burst > 0
            else { return true }
            let limit = min(TransmitBatch.maximumMessageBytes, batch.free, max(burst, Self.roomForOne))
            intents.chooseRun(segments: min(segments, budget.packets), bytes: limit)
            let written = write(intents, sender, to: destination, into: &batch, budget: &budget, now: now)
            burst -= written
        }
        return false
    }

    /// Bytes that hold any one packet, its framing on a TCP connection included.
    private static let roomForOne = 2048

    /// Seals the chosen run as one message.
    private func write(
        _ intents: IntentQueue,
        _ sender: SRTPSender,
        to destination: Tuple,
        into batch: inout TransmitBatch,
        budget: inout SendBudget,
        now: Instant
    ) -> Int {
        let start = batch.used
        let framing = isStream ? 2 : 0
        var offset = start + framing
        var packets = 0
        let segment = intents.segmentSize
        let last = intents.run.count - 1
        guard last >= 0 else { return 0 }
        var bytes = batch.mutableBytes
        for position in 0...last {
            let padding = position < last ? segment &- Int(intents.run[position].length) : 0
            let length = seal(
                intents.run[position],
                padding: padding,
                sender,
                into: &bytes,
                at: offset,
                absoluteSendTime: budget.absoluteSendTime,
                now: now
            )
            guard length > 0 else { continue }
            offset += length
            packets += 1
        }
        guard packets > 0 else { return 0 }
        let length = offset - start
        if framing > 0 { bytes.store(UInt16(truncatingIfNeeded: length - framing), at: start) }
        batch.append(
            TransmitBatch.Message(
                offset: start,
                length: length,
                segmentSize: packets > 1 ? segment : 0,
                socket: destination.socket,
                destination: destination.remote
            )
        )
        budget.packets -= packets
        budget.bytes -= length
        board.counters.messages &+= 1
        return length
    }

    /// Writes one packet's header and seals its payload behind it.
    ///
    /// - Returns: Its length, or 0 when its bytes are gone.
    @inline(__always)
    private func seal(
        _ intent: SendIntent,
        padding: Int,
        _ sender: SRTPSender,
        into bytes: inout MutableSpan<UInt8>,
        at offset: Int,
        absoluteSendTime: UInt32,
        now: Instant
    ) -> Int {
        guard let consumer = consumers[Int(intent.consumer)],
            let stream = consumer.producer.streams[Int(intent.stream)],
            let stored = stream.receive.store.packet(intent.packet)
        else {
            board.counters.intentsExpired &+= 1
            return 0
        }
        let isRTX = intent.flags.contains(.rtx)
        let ssrc = isRTX ? consumer.send.parameters.rtxSSRC ?? 0 : consumer.ssrc
        let block = consumer.extensions.length(for: stored.header.extensions.present)
        bytes[offset] =
            0x80 | (padding > 0 ? RTPFixedHeader.paddingFlag : 0) | (block > 0 ? RTPFixedHeader.extensionFlag : 0)
        bytes[offset &+ 1] = intent.payloadType | (intent.flags.contains(.marker) ? RTPFixedHeader.markerFlag : 0)
        bytes.store(UInt16(truncatingIfNeeded: intent.index), at: offset &+ 2)
        bytes.store(intent.timestamp, at: offset &+ 4)
        bytes.store(ssrc, at: offset &+ 8)
        if block > 0 {
            let moment = OutgoingExtensions.Moment(
                transportSequence: transportSequence,
                absoluteSendTime: absoluteSendTime
            )
            consumer.extensions.write(stored.header.extensions, moment, into: &bytes, at: offset &+ 12)
            if consumer.extensions.hasTransportSequence { transportSequence &+= 1 }
        }
        let store = stream.receive.store
        let payload = store.payload(of: stored)
        let length: Int
        if isRTX {
            let prefix: InlineArray<2, UInt8> = [
                UInt8(truncatingIfNeeded: intent.originalSequence >> 8),
                UInt8(truncatingIfNeeded: intent.originalSequence),
            ]
            length = sender.seal(
                into: &bytes,
                at: offset,
                headerLength: 12 &+ block,
                prefix: prefix.span,
                body: payload,
                padding: padding,
                ssrc: ssrc,
                index: intent.index
            )
        } else {
            length = sender.seal(
                into: &bytes,
                at: offset,
                headerLength: 12 &+ block,
                prefix: Span(),
                body: payload,
                padding: padding,
                ssrc: ssrc,
                index: intent.index
            )
        }
        guard length > 0 else { return 0 }
        count(length, payload: payload.count, padding: padding, isRTX: isRTX, consumer, intent, now: now)
        return length
    }

    @inline(__always)
    private func count(
        _ length: Int,
        payload: Int,
        padding: Int,
        isRTX: Bool,
        _ consumer: Consumer,
        _ intent: SendIntent,
        now: Instant
    ) {
        traffic.sent.add(length, now: now)
        board.counters.paddingBytes &+= UInt64(truncatingIfNeeded: padding)
        if isRTX {
            traffic.rtxSent.add(length, now: now)
            board.counters.packetsResent &+= 1
        } else if intent.flags.contains(.repeated) {
            board.counters.packetsResent &+= 1
        } else {
            traffic.rtpSent.add(length, now: now)
            consumer.send.countSent(size: length, payload: payload, now: now)
            board.counters.packetsForwarded &+= 1
        }
    }
}
