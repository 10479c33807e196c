// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletStreams
import SwiftletWire

/// The two ends of a stream, which remember what arrived and what was sent.
enum RepairTargets {
    /// No packet is accepted twice, what is asked for and kept is bounded, and the store gives back what it was given.
    static func receiveStream(_ bytes: [UInt8]) throws(BrokenRule) {
        var input = FuzzInput(bytes)
        let stream = ReceiveStream(
            .init(
                kind: .video,
                ssrc: 1,
                payloadType: 96,
                clockRate: 90_000,
                usesNack: true,
                watchesInactivity: true
            ),
            pool: PacketPool(capacity: 64 * PacketPool.chunkSize)
        )
        stream.rtxSSRC = 2
        var (sequence, rtxSequence, now) = (input.word(), input.word(), Instant(nanoseconds: 1_000_000_000))
        var accepted: Set<Int64> = []
        while !input.isEmpty {
            let step = input.byte()
            now = now + .milliseconds(Int(input.byte()))
            switch step % 16 {
            case 0: sequence = input.word()
            case 1: sequence &-= UInt16(input.byte())
            case 2: rtxSequence = input.word()
            case 3: stream.pause()
            case 4: stream.resume()
            case 5: report(stream, &input, now: now)
            case 6...8:
                let payload = input.take(Int(input.byte() & 7))
                let packet = ReceiveStream.Packet(sequence: rtxSequence, timestamp: 0, size: 20, arrival: now)
                rtxSequence &+= 1
                let reception = stream.receiveRetransmission(packet, payload: payload.span)
                try keep(reception, payload: payload, in: stream, &accepted, now: now)
            default:
                let packet = ReceiveStream.Packet(
                    sequence: sequence,
                    timestamp: UInt32(truncatingIfNeeded: now.nanoseconds / 11_111),
                    size: 100,
                    isKeyFrame: step & 0x80 != 0,
                    arrival: now
                )
                sequence &+= 1 + UInt16(step >> 4 & 3)
                try keep(stream.receive(packet), payload: [step], in: stream, &accepted, now: now)
            }
            try advance(stream, now: now)
        }
    }

    private static func keep(
        _ reception: ReceiveStream.Reception,
        payload: [UInt8],
        in stream: ReceiveStream,
        _ accepted: inout Set<Int64>,
        now: Instant
    ) throws(BrokenRule) {
        guard case .accepted(let acceptance) = reception else { return }
        try require(accepted.insert(acceptance.sequence).inserted, "no packet is accepted twice")
        let header = PacketHeader(
            sequence: acceptance.sequence,
            timestamp: 0,
            payloadType: 96,
            marker: false,
            arrival: now
        )
        let kept = stream.store.append(header, payload: payload.span, extensions: Span())
        guard let kept else { return }
        try require(stream.store.find(sequence: acceptance.sequence) == kept, "a kept packet is found by its number")
        guard let packet = stream.store.packet(kept) else { throw BrokenRule(description: "a kept packet is there") }
        try require(copy(of: packet, in: stream.store) == payload, "a kept packet is as it was")
        try require(stream.store.count <= stream.store.limits.packets, "what is kept is bounded")
    }

    private static func copy(of packet: StoredPacket, in store: PacketStore) -> [UInt8] {
        let kept = store.payload(of: packet)
        return kept.copied()
    }

    private static func advance(_ stream: ReceiveStream, now: Instant) throws(BrokenRule) {
        guard let deadline = stream.nextDeadline, deadline <= now else { return }
        var nacks: [UInt16] = []
        stream.advance(to: now, nacks: &nacks)
        try require(nacks.count <= NackGenerator.batchLimit, "what is asked for at once is bounded")
        try require(Set(nacks).count == nacks.count, "a packet is asked for once at a time")
        try require(stream.nextDeadline.map { $0 > now } ?? true, "what is due has been done")
    }

    private static func report(_ stream: ReceiveStream, _ input: inout FuzzInput, now: Instant) {
        let ntp = NTPTime(rawValue: UInt64(input.long()) << 32)
        let info = RTCPSenderInfo(ntp: ntp, rtpTimestamp: input.long(), packetCount: 1, octetCount: 1)
        stream.receive(senderReport: info, now: now)
        stream.receive(
            delaySinceReference: RTCPDelaySinceReference(ssrc: 1, lastReport: input.long(), delay: input.long()),
            ntp: ntp
        )
        _ = (stream.report(now: now), stream.retransmissionReport(now: now), stream.bitrate(now: now))
        _ = (stream.score, stream.takeScoreChange(), stream.packetsLost, stream.jitter)
    }

    /// What was sent under some number.
    private struct Sent {
        var source: Int64
        var encoding: UInt8
        var patch: PacketPatch
    }

    /// What is asked for again is the packet that was sent under that number, with all that was changed in it.
    static func sendStream(_ bytes: [UInt8]) throws(BrokenRule) {
        var input = FuzzInput(bytes)
        var random = SeededRandom(seed: UInt64(input.byte()))
        let stream = SendStream(
            .init(
                kind: .video,
                ssrc: 1,
                payloadType: 96,
                clockRate: 90_000,
                rtxSSRC: 2,
                rtxPayloadType: 97,
                usesNack: true
            ),
            using: &random
        )
        var now = Instant(nanoseconds: 1_000_000_000)
        var (source, encoding) = (Int64(input.word()), UInt8(0))
        var sent: [Int64: Sent] = [:]
        while !input.isEmpty {
            let step = input.byte()
            now = now + .milliseconds(Int(step >> 4))
            switch step % 16 {
            case 0:
                (source, encoding) = (Int64(input.word()), encoding &+ 1 & 3)
                stream.synchronize(to: source, gap: Int64(step >> 4 & 1), encoding: encoding)
            case 1: stream.synchronize(timestamp: input.long(), to: input.long())
            case 2: for _ in 0..<Int(input.byte()) * 16 { drop(stream, &source) }
            case 3...4: drop(stream, &source)
            case 5: source &+= Int64(input.byte())
            case 6...8:
                let sequence = UInt16(truncatingIfNeeded: stream.newestOutput &- Int64(input.byte()))
                try resend(stream, sequence, sent: sent, now: now)
            case 9: try resend(stream, input.word(), sent: sent, now: now)
            case 10: report(stream, &input, now: now)
            default:
                let late = step % 16 == 15 ? Int64(input.byte()) : 0
                place(stream, source &- late, encoding: encoding, patch: input.byte(), sent: &sent, now: now)
                if late == 0 { source &+= 1 }
            }
        }
        try require(stream.mapCapacity <= 2048, "what is remembered is bounded")
    }

    private static func drop(_ stream: SendStream, _ source: inout Int64) {
        stream.drop(source)
        source &+= 1
    }

    private static func place(
        _ stream: SendStream,
        _ source: Int64,
        encoding: UInt8,
        patch: UInt8,
        sent: inout [Int64: Sent],
        now: Instant
    ) {
        let value = PacketPatch(value: UInt32(patch) * 0x01_01_01, flags: PacketPatch.Flags(rawValue: patch & 7))
        guard let placement = stream.place(source, timestamp: 7, patch: value, now: now) else { return }
        sent[placement.output] = Sent(source: source, encoding: encoding, patch: value)
    }

    private static func resend(
        _ stream: SendStream,
        _ sequence: UInt16,
        sent: [Int64: Sent],
        now: Instant
    ) throws(BrokenRule) {
        guard case .packet(let packet) = stream.resend(sequence, now: now) else { return }
        try require(UInt16(truncatingIfNeeded: packet.output) == sequence, "what is resent has the number asked for")
        try require(1...SendStream.resendLimit ~= packet.resends, "a packet is resent a few times only")
        guard let original = sent[packet.output] else { throw BrokenRule(description: "what is resent was sent") }
        try require(packet.source == original.source && packet.encoding == original.encoding, "it is the same packet")
        try require(packet.patch == original.patch, "it is changed as it was")
        stream.countResent(packet, size: 100, now: now)
    }

    private static func report(_ stream: SendStream, _ input: inout FuzzInput, now: Instant) {
        let block = RTCPReportBlock(
            ssrc: 1,
            fractionLost: input.byte(),
            cumulativeLost: Int32(bitPattern: input.long()) >> 8,
            extendedHighestSequence: input.long(),
            jitter: input.long(),
            lastSenderReport: input.long(),
            delaySinceLastSenderReport: input.long()
        )
        let ntp = NTPTime(rawValue: UInt64(input.long()) << 32)
        _ = stream.receive(block, ntp: ntp)
        stream.receive(referenceTime: ntp, now: now)
        _ = (stream.senderInfo(now: now, ntp: ntp), stream.delaySinceReference(to: 5, now: now), stream.score)
    }
}
