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
    /// Writes the media that waits, up to one burst.
    ///
    /// - Returns: Whether more waits.
    func flushMedia(into batch: inout TransmitBatch, budget: inout SendBudget, now: Instant) -> Bool {
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
            if board.limits.regroups {
                intents.chooseRun(segments: min(segments, budget.packets), bytes: limit)
            } else {
                intents.chooseNeighbours(segments: min(segments, budget.packets), bytes: limit)
            }
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
        let segment = intents.segmentSize
        guard intents.runCount > 0 else { return 0 }
        var bytes = batch.mutableBytes
        var run = Run(offset: start + framing, absoluteSendTime: budget.absoluteSendTime)
        while run.position < intents.runCount {
            let intent = intents.chosen(run.position)
            guard let consumer = consumers[Int(intent.consumer)],
                let store = consumer.producer.streams[Int(intent.stream)]?.receive.store
            else {
                board.counters.intentsExpired &+= 1
                run.position &+= 1
                continue
            }
            seal(&run, of: intents, sender, consumer, store, into: &bytes, now: now)
        }
        guard run.packets > 0 else { return 0 }
        let length = run.offset - start
        if framing > 0 { bytes.store(UInt16(truncatingIfNeeded: length - framing), at: start) }
        batch.append(
            TransmitBatch.Message(
                offset: start,
                length: length,
                segmentSize: run.packets > 1 ? segment : 0,
                socket: destination.socket,
                destination: destination.remote
            )
        )
        budget.packets -= run.packets
        budget.bytes -= length
        board.counters.messages &+= 1
        return length
    }

    /// How far a run has been sealed.
    private struct Run {
        /// The place of the next packet in the chosen ones, and where it goes.
        var position = 0
        var offset: Int
        var packets = 0
        let absoluteSendTime: UInt32

        init(offset: Int, absoluteSendTime: UInt32) {
            (self.offset, self.absoluteSendTime) = (offset, absoluteSendTime)
        }
    }

    /// Seals the packets of a run as long as they are one consumer's and come from one store.
    private func seal(
        _ run: inout Run,
        of intents: IntentQueue,
        _ sender: SRTPSender,
        _ consumer: Consumer,
        _ store: PacketStore,
        into bytes: inout MutableSpan<UInt8>,
        now: Instant
    ) {
        let (count, segment) = (intents.runCount, intents.segmentSize)
        let first = intents.chosen(run.position)
        var (media, retransmitted, repeated) = (Sum(), Sum(), Sum())
        var padded = 0
        while run.position < count {
            let intent = intents.chosen(run.position)
            guard intent.consumer == first.consumer, intent.stream == first.stream else { break }
            let padding = run.position &+ 1 < count ? segment &- Int(intent.length) : 0
            run.position &+= 1
            guard let stored = store.packet(intent.packet) else {
                board.counters.intentsExpired &+= 1
                continue
            }
            let length = seal(
                intent,
                stored,
                padding: padding,
                sender,
                consumer,
                store,
                into: &bytes,
                at: run.offset,
                absoluteSendTime: run.absoluteSendTime
            )
            guard length > 0 else { continue }
            run.offset &+= length
            run.packets &+= 1
            padded &+= padding
            if intent.flags.contains(.rtx) {
                retransmitted.add(length)
            } else if intent.flags.contains(.repeated) {
                repeated.add(length)
            } else {
                media.add(length, payload: intent.flags.contains(.filler) ? 0 : Int(stored.payloadLength))
            }
        }
        self.count(media, retransmitted, repeated, padding: padded, of: consumer, now: now)
    }

    /// Writes one packet's header and seals its payload behind it.
    ///
    /// - Returns: Its length, or 0 when OpenSSL fails.
    @inline(__always)
    private func seal(
        _ intent: SendIntent,
        _ stored: StoredPacket,
        padding: Int,
        _ sender: SRTPSender,
        _ consumer: Consumer,
        _ store: PacketStore,
        into bytes: inout MutableSpan<UInt8>,
        at offset: Int,
        absoluteSendTime: UInt32
    ) -> Int {
        let isRTX = intent.flags.contains(.rtx)
        let ssrc = isRTX ? consumer.rtxSSRC : consumer.ssrc
        let padding = padding &+ (intent.flags.contains(.filler) ? 1 : 0)
        let head = writeHeader(
            of: intent,
            stored,
            isPadded: padding > 0,
            consumer,
            store,
            into: &bytes,
            at: offset,
            absoluteSendTime: absoluteSendTime
        )
        let payload = store.payload(of: stored)
        guard intent.flags.isPlain else {
            var prefix = PayloadPrefix()
            if isRTX { prefix.append(intent.originalSequence) }
            let body = prefix.rewrite(payload, stored.header, intent, consumer)
            return sender.seal(
                into: &bytes,
                at: offset,
                headerLength: head,
                prefix: prefix.bytes.span.extracting(first: prefix.count),
                body: payload.extracting(body),
                padding: padding,
                ssrc: ssrc,
                index: intent.index
            )
        }
        // RTX begins with the original sequence number, RFC 4588 §4.
        let prefix: InlineArray<2, UInt8> = [
            UInt8(truncatingIfNeeded: intent.originalSequence >> 8), UInt8(truncatingIfNeeded: intent.originalSequence),
        ]
        return sender.seal(
            into: &bytes,
            at: offset,
            headerLength: head,
            prefix: isRTX ? prefix.span : prefix.span.extracting(first: 0),
            body: payload,
            padding: padding,
            ssrc: ssrc,
            index: intent.index
        )
    }
}
