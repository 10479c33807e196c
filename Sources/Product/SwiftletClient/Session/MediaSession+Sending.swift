// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletORTC
import SwiftletPeerLink
import SwiftletRTP
import SwiftletSRTP
import SwiftletWire

/// Frames, retransmissions and reports about what is sent.
extension MediaSession {
    /// Sends the frames that are due.
    func sendFrames(now: Instant) {
        for media in publications.values where !media.isPaused {
            for stream in media.streams {
                while let due = stream.nextFrame, due <= now {
                    let lag = now - due
                    media.worstLag = max(media.worstLag, lag)
                    if lag > Self.longestLag {
                        media.framesSkipped &+= 1
                        stream.skip(to: now)
                    }
                    guard let taken = stream.takeFrame(capture: wall.unixNanoseconds(at: due)) else { break }
                    for packet in taken.frame.packets {
                        send(packet, timestamp: taken.timestamp, of: stream, media.plan, now: now)
                    }
                }
            }
        }
        updateNextFrame()
    }

    private func send(
        _ packet: SourcePacket,
        timestamp: UInt32,
        of stream: OutgoingStream,
        _ plan: PublicationPlan,
        now: Instant
    ) {
        let index = stream.take(packet, timestamp: timestamp)
        let header = RTPHeader(
            payloadType: stream.plan.payloadType,
            marker: packet.marker,
            sequenceNumber: UInt16(truncatingIfNeeded: index),
            timestamp: timestamp,
            ssrc: stream.plan.ssrc
        )
        sendRTP(header, index: index, prefix: [], packet, of: stream, plan, isRepair: false, now: now)
    }

    /// Answers a request for a packet.
    func resend(_ sequence: UInt16, of stream: OutgoingStream, _ plan: PublicationPlan, now: Instant) {
        guard let rtx = stream.plan.rtx, let (sent, index) = stream.takeRetransmission(of: sequence) else { return }
        let header = RTPHeader(
            payloadType: rtx.payloadType,
            marker: sent.packet.marker,
            sequenceNumber: UInt16(truncatingIfNeeded: index),
            timestamp: sent.timestamp,
            ssrc: rtx.ssrc
        )
        let prefix = [UInt8(sequence >> 8), UInt8(sequence & 0xFF)]
        sendRTP(header, index: index, prefix: prefix, sent.packet, of: stream, plan, isRepair: true, now: now)
    }

    private func sendRTP(
        _ header: RTPHeader,
        index: UInt64,
        prefix: [UInt8],
        _ packet: SourcePacket,
        of stream: OutgoingStream,
        _ plan: PublicationPlan,
        isRepair: Bool,
        now: Instant
    ) {
        guard let one = links[TransportSide.sending.rawValue], one.link.isReady, let sender = one.link.sender,
            let tuple = one.link.selectedTuple
        else { return }
        let ids = plan.extensions
        var block = RTPExtensionBlock()
        // An id of 0, for what was not negotiated, adds nothing.
        block.appendTransportSequenceNumber(id: ids[.transportSequenceNumber])
        block.appendAbsoluteSendTime(id: ids[.absoluteSendTime])
        block.append(id: ids[.mid], identifier: plan.mid)
        if let rid = stream.plan.rid { block.append(id: isRepair ? ids[.repairedRID] : ids[.rid], identifier: rid) }
        if plan.kind == .audio {
            block.append(id: ids[.audioLevel], audioLevel: AudioLevel(voiceActivity: true, attenuation: 30))
        }
        if !packet.descriptor.isEmpty {
            block.append(id: ids[.dependencyDescriptor], copying: 0..<packet.descriptor.count)
        }
        let length = 12 + block.encodedLength + prefix.count + packet.payload.count + sender.overhead
        guard length <= DatagramQueue.datagramRoom else { return }
        let (transportSequence, sendTime) = (one.transportSequence, wall.ntp(at: now).absoluteSendTime)
        one.transportSequence &+= 1
        let written = outbox.append(to: tuple) { bytes, offset in
            guard
                let layout = RTPHeaderWriter.write(
                    header,
                    extensions: block,
                    copyingFrom: packet.descriptor.span,
                    into: &bytes,
                    at: offset
                )
            else { return 0 }
            layout.setTransportSequenceNumber(transportSequence, in: &bytes, at: offset)
            layout.setAbsoluteSendTime(sendTime, in: &bytes, at: offset)
            return sender.seal(
                into: &bytes,
                at: offset,
                headerLength: layout.headerLength,
                prefix: prefix.span,
                body: packet.payload.span,
                padding: 0,
                ssrc: header.ssrc,
                index: index
            )
        }
        // What found the queue full is counted there, and the datagram before it is none of the profile's again.
        guard written != nil else { return }
        if shape(now: now), !isRepair { stream.statistics.packetsSwallowed &+= 1 }
    }

    /// Seals and sends one RTCP packet by a link.
    ///
    /// - Returns: Whether there was one and it left.
    @discardableResult
    func sendRTCP(
        by one: SessionLink,
        now: Instant,
        _ write: (inout MutableSpan<UInt8>, Range<Int>) -> Int?
    ) -> Bool {
        guard one.link.isReady, let sender = one.link.sender, let tuple = one.link.selectedTuple else { return false }
        let written = outbox.append(to: tuple) { bytes, offset in
            guard let length = write(&bytes, offset..<offset + Self.rtcpRoom), length > 0 else { return 0 }
            return sender.sealRTCP(into: &bytes, at: offset, length: length)
        }
        guard written != nil else { return false }
        shape(now: now)
        return true
    }

    /// Bytes of one RTCP packet before sealing, at most.
    private static let rtcpRoom = 1200

    func reportSent(by one: SessionLink, now: Instant) {
        let ntp = wall.ntp(at: now)
        for stream in outgoing.values {
            guard let info = stream.senderInfo(now: now, ntp: ntp) else { continue }
            let ssrc = stream.plan.ssrc
            sendRTCP(by: one, now: now) { bytes, room in
                RTCPWriter.senderReport(ssrc: ssrc, info: info, into: &bytes, in: room)
            }
        }
    }

    // MARK: Path

    /// Does to the newest datagram of the outbox what the profile says.
    ///
    /// - Returns: Whether it is lost.
    @discardableResult
    func shape(now: Instant) -> Bool {
        let path = profile.up
        guard !path.isClear else { return false }
        guard let entry = outbox.entries.last else { return false }
        let bytes = outbox.removeLast()
        if path.loss > 0, Double.random(in: 0..<1, using: &random) < path.loss { return true }
        heldUp.push(bytes, .sending, entry.tuple, due: now + delay(path))
        return false
    }

    func delay(_ path: NetworkProfile.Path) -> Duration {
        guard path.jitter > .zero else { return path.delay }
        return path.delay + .nanoseconds(Int64.random(in: 0...path.jitter.wholeNanoseconds, using: &random))
    }
}
