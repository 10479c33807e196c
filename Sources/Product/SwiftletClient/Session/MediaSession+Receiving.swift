// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCongestion
import SwiftletDTLS
import SwiftletICE
import SwiftletPeerLink
import SwiftletRTP
import SwiftletSRTP
import SwiftletStreams
package import SwiftletWire

/// Datagrams of the server, and what is told it about them.
extension MediaSession {
    /// Takes a datagram of the server.
    ///
    /// - Parameters:
    ///   - side: Which transport's socket it came by.
    ///   - bytes: What it lies in; SRTP is opened in place.
    ///   - range: Where it lies.
    ///   - tuple: Our socket and where it came from.
    ///   - now: When it came.
    package func receive(
        _ side: TransportSide,
        _ bytes: inout MutableSpan<UInt8>,
        _ range: Range<Int>,
        from tuple: Tuple,
        now: Instant
    ) {
        let path = profile.down
        guard !path.isClear else { return take(side, &bytes, range, from: tuple, now: now) }
        if path.loss > 0, Double.random(in: 0..<1, using: &random) < path.loss {
            return noteSwallowed(bytes.span, range)
        }
        guard path.delay > .zero || path.jitter > .zero else {
            return take(side, &bytes, range, from: tuple, now: now)
        }
        var copy = [UInt8](repeating: 0, count: range.count)
        for index in 0..<range.count { copy[index] = bytes[range.lowerBound + index] }
        heldDown.push(copy, side, tuple, due: now + delay(path))
    }

    /// Lets go what the profile has held back until now.
    func release(now: Instant) {
        while let held = heldUp.pop(now: now) { outbox.append(held.bytes, to: held.tuple) }
        while var held = heldDown.pop(now: now) {
            let (side, tuple) = (held.side, held.tuple)
            var span = held.bytes.mutableSpan
            take(side, &span, 0..<span.count, from: tuple, now: now)
        }
    }

    private func noteSwallowed(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        guard PacketClass(of: bytes, in: range) == .rtp else { return }
        let ssrc = bytes.uint32(at: range.lowerBound + 8)
        incoming[ssrc]?.noteSwallowed(ssrc: ssrc, sequence: bytes.uint16(at: range.lowerBound + 2))
    }

    private func take(
        _ side: TransportSide,
        _ bytes: inout MutableSpan<UInt8>,
        _ range: Range<Int>,
        from tuple: Tuple,
        now: Instant
    ) {
        guard let one = links[side.rawValue], !one.isLost else { return }
        switch PacketClass(of: bytes.span, in: range) {
        case .stun:
            one.link.receiveSTUN(bytes.span.extracting(range), from: tuple, transport: .udp, now: now)
            drain(one, now: now)
        case .dtls:
            one.link.receiveDTLS(bytes.span.extracting(range), from: tuple, now: now)
            drain(one, now: now)
        case .rtp: takeRTP(one, &bytes, range, now: now)
        case .rtcp: takeRTCP(one, &bytes, range, now: now)
        case .other: counts.brokenDatagrams &+= 1
        }
    }

    private func takeRTP(_ one: SessionLink, _ bytes: inout MutableSpan<UInt8>, _ range: Range<Int>, now: Instant) {
        let opened: SRTPOpened
        do throws(SRTPError) {
            opened = try one.link.openRTP(&bytes, range)
        } catch {
            return note(error)
        }
        let plain = bytes.span.extracting(range.lowerBound..<range.lowerBound + opened.length)
        guard let packet = try? RTPPacketView(parsing: plain) else {
            counts.brokenDatagrams &+= 1
            return
        }
        let extensions = packet.extensions
        if transportSequenceID != 0, let sequence = extensions.transportSequenceNumber(transportSequenceID) {
            one.feedback.record(sequence: sequence, arrival: now, mediaSSRC: packet.ssrc)
        }
        guard let stream = incoming[packet.ssrc] else {
            counts.strayPackets &+= 1
            return
        }
        stream.receive(packet, now: now, unixNow: wall.unixNanoseconds(at: now))
        nextRepair = earliest(nextRepair, stream.nextDeadline)
        askForKeyFrame(stream, by: one, now: now)
    }

    private func note(_ error: SRTPError) {
        if error == .replayed { counts.replayedDatagrams &+= 1 } else { counts.brokenDatagrams &+= 1 }
    }

    private func takeRTCP(_ one: SessionLink, _ bytes: inout MutableSpan<UInt8>, _ range: Range<Int>, now: Instant) {
        let opened: SRTPOpened
        do throws(SRTPError) {
            opened = try one.link.openRTCP(&bytes, range)
        } catch {
            return note(error)
        }
        var compound = RTCPCompound(bytes.span.extracting(range.lowerBound..<range.lowerBound + opened.length))
        while let packet = compound.next() { handle(packet, now: now) }
        counts.brokenDatagrams &+= UInt64(compound.malformedCount)
    }

    private func handle(_ packet: consuming RTCPPacket, now: Instant) {
        switch packet {
        case .senderReport(let report):
            incoming[report.ssrc]?.stream.receive(senderReport: report.info, now: now)
            take(report.blocks, now: now)
        case .receiverReport(let report): take(report.blocks, now: now)
        case .genericNACK(var nack):
            guard let stream = outgoing[nack.mediaSSRC], let media = publication(of: stream) else { return }
            while let sequence = nack.next() { resend(sequence, of: stream, media.plan, now: now) }
        case .pictureLossIndication(_, let media): wantKeyFrame(media)
        case .fullIntraRequest(let request): for index in 0..<request.count { wantKeyFrame(request[index].ssrc) }
        case .transportFeedback(var feedback):
            while let status = feedback.next() {
                if status.arrival != nil {
                    counts.packetsAcknowledged &+= 1
                } else {
                    counts.packetsUnacknowledged &+= 1
                }
            }
        case .extendedReport(var report):
            while let item = report.next() {
                guard case .delay(let delay) = item, delay.ssrc == reporter else { continue }
                setRoundTrip(delay, now: now)
            }
        case .sourceDescription, .goodbye, .receiverEstimate, .other: break
        }
    }

    private func take(_ blocks: RTCPReportBlocks, now: Instant) {
        let ntp = wall.ntp(at: now)
        for index in 0..<blocks.count {
            let block = blocks[index]
            outgoing[block.ssrc]?.receive(block, ntp: ntp)
        }
    }

    private func setRoundTrip(_ delay: RTCPDelaySinceReference, now: Instant) {
        guard let units = delay.roundTrip(at: wall.ntp(at: now).compact) else { return }
        let measured = Duration.nanoseconds(Int64(units) * 1_000_000_000 / 65_536)
        roundTrip = measured
        for stream in subscriptions.values { stream.stream.setRoundTrip(measured) }
    }

    private func wantKeyFrame(_ ssrc: UInt32) {
        guard let stream = outgoing[ssrc] else { return }
        stream.wantsKeyFrame = true
        stream.statistics.keyFrameRequests &+= 1
    }

    private func publication(of stream: OutgoingStream) -> OutgoingMediaStreams? {
        publications.values.first { media in media.streams.contains { $0 === stream } }
    }

    // MARK: Telling the sender

    /// Asks for what is missing.
    func repair(now: Instant) {
        nextRepair = nil
        guard let one = links[TransportSide.receiving.rawValue] else { return }
        for stream in subscriptions.values {
            if let due = stream.nextDeadline, due <= now {
                var nacks: [UInt16] = []
                stream.advance(to: now, nacks: &nacks)
                if !nacks.isEmpty { ask(for: nacks, of: stream, by: one, now: now) }
                askForKeyFrame(stream, by: one, now: now)
            }
            nextRepair = earliest(nextRepair, stream.nextDeadline)
        }
    }

    private func ask(for nacks: [UInt16], of stream: IncomingStream, by one: SessionLink, now: Instant) {
        var first = 0
        while first < nacks.count {
            var used = 0
            let rest = nacks.span.extracting(first..<nacks.count)
            sendRTCP(by: one, now: now) { bytes, room in
                let written = RTCPWriter.genericNACK(
                    senderSSRC: reporter,
                    mediaSSRC: stream.plan.ssrc,
                    sequences: rest,
                    into: &bytes,
                    in: room
                )
                used = written?.used ?? 0
                return written?.length
            }
            guard used > 0 else { return }
            first += used
        }
    }

    private func askForKeyFrame(_ stream: IncomingStream, by one: SessionLink, now: Instant) {
        guard stream.takeKeyFrameRequest(now: now) else { return }
        sendRTCP(by: one, now: now) { bytes, room in
            RTCPWriter.pictureLossIndication(
                senderSSRC: reporter,
                mediaSSRC: stream.plan.ssrc,
                into: &bytes,
                in: room
            )
        }
    }

    /// Tells when packets came.
    func sendFeedback(_ one: SessionLink, now: Instant) {
        while true {
            let isSent = sendRTCP(by: one, now: now) { bytes, room in
                one.feedback.poll(now: now, into: &bytes, in: room)
            }
            guard isSent else { break }
            one.feedback.confirmSent()
        }
    }

    /// Reports on everything sent and received.
    func report(now: Instant) {
        if let one = links[TransportSide.sending.rawValue] { reportSent(by: one, now: now) }
        guard let one = links[TransportSide.receiving.rawValue], !subscriptions.isEmpty else { return }
        var blocks: [RTCPReportBlock] = []
        for stream in subscriptions.values {
            askForKeyFrame(stream, by: one, now: now)
            if let block = stream.stream.report(now: now) { blocks.append(block) }
            if let block = stream.stream.retransmissionReport(now: now) { blocks.append(block) }
        }
        var first = 0
        while first < blocks.count {
            let end = min(first + RTCPReportBlock.maximumPerReport, blocks.count)
            let part = blocks.span.extracting(first..<end)
            sendRTCP(by: one, now: now) { bytes, room in
                RTCPWriter.receiverReport(ssrc: reporter, blocks: part, into: &bytes, in: room)
            }
            first = end
        }
        let ntp = wall.ntp(at: now)
        sendRTCP(by: one, now: now) { bytes, room in
            RTCPWriter.receiverReferenceTime(ssrc: reporter, ntp: ntp, into: &bytes, in: room)
        }
    }
}
