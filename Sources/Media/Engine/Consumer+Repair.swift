// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletStreams
import SwiftletWire

/// Sending again what the viewer misses, and asking for key frames.
extension Consumer {
    /// Sends again the packet that left under the number `sequence`.
    func resend(_ sequence: UInt16, now: Instant) {
        guard isActive, case .packet(let sent) = send.resend(sequence, now: now) else { return }
        let encoding = Int(sent.encoding)
        guard encoding < producer.streams.count, let stream = producer.streams[encoding],
            let id = stream.receive.store.find(sequence: sent.source), let stored = stream.receive.store.packet(id),
            let way = payloadTypes.way(of: stored.header.payloadType)
        else { return }
        let usesRTX = send.parameters.rtxSSRC != nil && way.rtx != 0xFF
        // Under an AEAD two packets of one index would give the key away: no RTX, no retransmission.
        guard usesRTX || !transport.sealsOnce else { return }
        var length = length(stored.header, payload: Int(stored.payloadLength), sent.patch)
        if usesRTX { length += RTXPayload.headerLength }
        var flags = SendIntent.Flags(sent.patch.flags)
        flags.insert(usesRTX ? .rtx : .repeated)
        let intent = SendIntent(
            packet: id,
            index: UInt64(bitPattern: usesRTX ? send.takeRTXSequence() : sent.output),
            timestamp: stored.header.timestamp &+ sent.clockOffset,
            patch: sent.patch.value,
            consumer: slot,
            length: UInt16(truncatingIfNeeded: length),
            originalSequence: sequence,
            stream: sent.encoding,
            payloadType: usesRTX ? way.rtx : way.sent,
            flags: flags
        )
        guard transport.enqueue(intent, on: queue) else { return }
        send.countResent(sent, size: length, now: now)
        if trace.contains(.rtp) { traceResend(intent, stored, now: now) }
    }

    /// Whether it waits for a key frame of `stream` before it can show anything, or what it is to show.
    func awaitsKeyFrame(of stream: ProducerStream) -> Bool {
        guard isActive, stream.codec.video != nil else { return false }
        if next === stream { return true }
        guard current === stream else { return false }
        return needsSync || (producer.layers.kind == .scalable && selector.needsKeyFrame)
    }

    /// The viewer, or the application, asks for a key frame of what is forwarded.
    func requestKeyFrame(now: Instant) {
        guard isActive, isVideo, let stream = current ?? next else { return }
        producer.requestKeyFrame(of: stream, now: now)
    }

    /// The viewer asks by PLI or FIR; it may not do so at will.
    func receiveKeyFrameRequest(now: Instant) {
        guard isActive, keyFrameAllowance.take(now: now) else { return }
        requestKeyFrame(now: now)
    }
}
