// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCongestion
import SwiftletControl
import SwiftletORTC
import SwiftletRTP
import SwiftletStreams
import SwiftletWire

/// RTCP that we send, and everything else that the clock brings.
extension Transport {
    /// Under which SSRC we report as a receiver.
    static let ownSSRC: UInt32 = 1

    // MARK: Time

    /// When something of this transport is due.
    var nextDeadline: Instant? {
        var next = wayDeadline
        guard isReady else { return next }
        next = earliest(next, earliest(reportDeadline, earliest(feedback.nextDeadline, remb?.nextDeadline)))
        next = earliest(next, lossBudget.nextDeadline)
        for producer in producers {
            next = earliest(next, producer.demandDeadline)
            for stream in producer.streams {
                if let stream { next = earliest(next, stream.nextDeadline) }
            }
        }
        return next
    }

    /// Tells the switchboard when it is due.
    func reschedule() {
        guard !isClosed else { return }
        board.schedule(slot, at: nextDeadline?.nanoseconds ?? .max)
    }

    /// Does what is due, and says when it is due next.
    func advance(to now: Instant) -> Instant? {
        if let deadline = wayDeadline, deadline <= now { advanceWay(to: now) }
        guard isReady else { return nextDeadline }
        sendFeedback(now: now)
        for producer in producers {
            for stream in producer.streams {
                if let stream { advance(stream, of: producer, now: now) }
            }
            if let deadline = producer.demandDeadline, deadline <= now { producer.updateDemand(now: now) }
        }
        if let deadline = lossBudget.nextDeadline, deadline <= now { updateBudget(now: now) }
        if let deadline = reportDeadline, deadline <= now {
            sendReports(now: now)
            evictStoredPackets(now: now)
            reportDeadline = RTCPTiming.next(after: now, using: &board.jitter)
        }
        return nextDeadline
    }

    /// Gives back what streams that fell silent still store.
    private func evictStoredPackets(now: Instant) {
        for producer in producers {
            for stream in producer.streams { stream?.receive.store.evict(now: now) }
        }
    }

    private func advance(_ stream: ProducerStream, of producer: Producer, now: Instant) {
        if let deadline = stream.receive.nextDeadline, deadline <= now {
            board.nacks.removeAll(keepingCapacity: true)
            let wasActive = stream.receive.isActive
            stream.receive.advance(to: now, nacks: &board.nacks)
            if !board.nacks.isEmpty {
                sendNACK(about: stream, now: now)
                let count = board.nacks.count
                producer.trace(.nack, .outgoing, ssrc: stream.ssrc, now: now) { $0.packets = count }
            }
            if wasActive != stream.receive.isActive {
                producer.publishScores()
                producer.layersChanged(now: now)
            }
        }
        if producer.layers.hasChoice, stream.takeLayerChange(now: now) { producer.layersChanged(now: now) }
        if stream.takeServedCheck(now: now, isAwaited: { producer.isKeyFrameAwaited(on: stream) }) {
            producer.requestKeyFrame(of: stream, now: now)
        }
        if let deadline = stream.keyFrames.nextDeadline, deadline <= now {
            let awaited = producer.isKeyFrameAwaited(on: stream)
            if stream.keyFrames.advance(to: now, isAwaited: awaited), !producer.isPaused {
                sendKeyFrameRequest(stream, of: producer, now: now)
            }
        }
    }

    // MARK: Writing

    /// Asks the peer for a key frame: by PLI where it understands it, else by FIR.
    func sendKeyFrameRequest(_ stream: ProducerStream, of producer: Producer, now: Instant) {
        let ssrc = stream.ssrc
        if stream.codec.usesPLI {
            stream.pliCount &+= 1
            producer.trace(.pli, .outgoing, ssrc: ssrc, now: now)
            sendRTCP(now: now) { bytes, room in
                RTCPWriter.pictureLossIndication(senderSSRC: ssrc, mediaSSRC: ssrc, into: &bytes, in: room) ?? 0
            }
        } else if stream.codec.usesFIR {
            stream.firCount &+= 1
            producer.trace(.fir, .outgoing, ssrc: ssrc, now: now)
            let number = stream.takeFIRNumber()
            sendRTCP(now: now) { bytes, room in
                RTCPWriter.fullIntraRequest(
                    senderSSRC: ssrc,
                    mediaSSRC: ssrc,
                    sequence: number,
                    into: &bytes,
                    in: room
                ) ?? 0
            }
        }
    }

    private func sendNACK(about stream: ProducerStream, now: Instant) {
        let ssrc = stream.ssrc
        let nacks = board.nacks
        var sent = 0
        while sent < nacks.count {
            let before = sent
            sendRTCP(now: now) { bytes, room in
                let rest = nacks.span.extracting(droppingFirst: sent)
                let written = RTCPWriter.genericNACK(
                    senderSSRC: ssrc,
                    mediaSSRC: ssrc,
                    sequences: rest,
                    into: &bytes,
                    in: room
                )
                sent += written?.used ?? 0
                return written?.length ?? 0
            }
            guard sent > before else { return }
        }
    }

    /// Transport-wide feedback and REMB, as far as due.
    private func sendFeedback(now: Instant) {
        while let deadline = feedback.nextDeadline, deadline <= now {
            var wrote = false
            sendRTCP(now: now) { bytes, room in
                let length = feedback.poll(now: now, into: &bytes, in: room)
                wrote = length != nil
                return length ?? 0
            }
            guard wrote else { break }
            feedback.confirmSent()
        }
        while let deadline = remb?.nextDeadline, deadline <= now {
            var wrote = false
            sendRTCP(now: now) { bytes, room in
                let length = remb?.poll(now: now, into: &bytes, in: room)
                wrote = length != nil
                return length ?? 0
            }
            guard wrote else { break }
        }
    }

    /// Reports about what we receive and what we send, each at its own interval, as many in a packet as fit.
    private func sendReports(now: Instant) {
        sendReceiverReports(now: now)
        sendSenderReports(now: now)
    }

    private func sendReceiverReports(now: Instant) {
        // The board's own, so that a report allocates nothing.
        board.blocks.removeAll(keepingCapacity: true)
        for producer in producers where RTCPTiming.isDue(producer.kind, last: producer.lastReport, now: now) {
            producer.lastReport = now
            // In-band FEC follows the loss that the sender hears of: that of its worst viewer, then.
            let worst = producer.worstRemoteFraction
            for stream in producer.streams {
                if let block = stream?.receive.report(now: now, worstRemoteFraction: worst) {
                    board.blocks.append(block)
                }
                if let block = stream?.receive.retransmissionReport(now: now) { board.blocks.append(block) }
            }
            producer.publishScores()
        }
        let blocks = board.blocks
        let ntp = board.wall.ntp(at: now)
        var first = 0
        while first < blocks.count {
            let count = min(blocks.count - first, RTCPReportBlock.maximumPerReport)
            let kept = first..<first + count
            sendRTCP(now: now) { bytes, room in
                var at = room.lowerBound
                let end = room.upperBound
                let span = blocks.span.extracting(kept)
                at += RTCPWriter.receiverReport(ssrc: Self.ownSSRC, blocks: span, into: &bytes, in: at..<end) ?? 0
                if kept.lowerBound == 0 {
                    at +=
                        RTCPWriter.receiverReferenceTime(ssrc: Self.ownSSRC, ntp: ntp, into: &bytes, in: at..<end) ?? 0
                }
                return at - room.lowerBound
            }
            first += count
        }
    }

    private func sendSenderReports(now: Instant) {
        let ntp = board.wall.ntp(at: now)
        var next = 0
        while next < consumers.count {
            let before = next
            sendRTCP(now: now) { bytes, room in
                var at = room.lowerBound
                while next < consumers.count {
                    if let consumer = consumers[next], consumer.isActive,
                        RTCPTiming.isDue(consumer.kind, last: consumer.lastReport, now: now)
                    {
                        let length = write(consumer, ntp, into: &bytes, in: at..<room.upperBound, now: now)
                        // Where nothing fits any more, the next packet goes on with this one.
                        if length == nil, at > room.lowerBound { break }
                        at += length ?? 0
                        consumer.lastReport = now
                    }
                    next += 1
                }
                return at - room.lowerBound
            }
            // No room for control packets: the reports come a round later.
            guard next > before else { return }
        }
    }

    /// Writes the sender's report, name and answer of one consumer.
    ///
    /// - Returns: Their length, 0 for a consumer that has sent nothing, `nil` when they do not fit.
    private func write(
        _ consumer: Consumer,
        _ ntp: NTPTime,
        into bytes: inout MutableSpan<UInt8>,
        in room: Range<Int>,
        now: Instant
    ) -> Int? {
        guard let info = consumer.send.senderInfo(now: now, ntp: ntp, source: consumer.sourceTime(at: ntp)) else {
            return 0
        }
        var at = room.lowerBound
        let end = room.upperBound
        guard let report = RTCPWriter.senderReport(ssrc: consumer.ssrc, info: info, into: &bytes, in: at..<end) else {
            return nil
        }
        at += report
        let text = consumer.cname
        let name = RTCPWriter.sourceDescription(
            ssrc: consumer.ssrc,
            cname: text.span,
            into: &bytes,
            in: at..<end
        )
        guard let name else { return nil }
        at += name
        if let delay = peerReference.flatMap({ consumer.send.delaySinceReference(to: $0, now: now) }) {
            let delays: InlineArray<1, RTCPDelaySinceReference> = [delay]
            let answer = RTCPWriter.delaySinceReference(
                ssrc: consumer.ssrc,
                delays: delays.span,
                into: &bytes,
                in: at..<end
            )
            guard let answer else { return nil }
            at += answer
        }
        return at - room.lowerBound
    }
}

extension Consumer {
    /// The media time of what is forwarded at our wall time `ntp`, by its sender's own reports; `nil` without any.
    ///
    /// All streams of a peer are tied to its one clock, so its audio and video stay together at the viewer.
    func sourceTime(at ntp: NTPTime) -> UInt32? {
        guard let stream = current?.receive, let report = stream.senderReport?.info,
            let offset = producer.transport.senderClock.offset
        else { return nil }
        let since = Int64(bitPattern: ntp.rawValue &- UInt64(bitPattern: offset) &- report.ntp.rawValue)
        // A report this old says nothing any more.
        guard abs(since >> 32) < 300 else { return nil }
        return report.rtpTimestamp
            &+ UInt32(truncatingIfNeeded: ConsumerClock.ticks(fixed: since, stream.parameters.clockRate))
    }
}

extension Producer {
    /// The largest share that a consumer lost of audio with in-band FEC, in 1/256; 0 for everything else.
    var worstRemoteFraction: UInt8 {
        guard kind == .audio, codecs.all.contains(where: { $0.parameters.parameters["useinbandfec"]?.integer == 1 })
        else {
            return 0
        }
        return consumers.reduce(0) { max($0, $1.isActive ? $1.send.fractionLost : 0) }
    }
}
